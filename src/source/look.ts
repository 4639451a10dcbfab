// Whether an advertised head is to be believed. Replicas of a git host lag: one that is behind advertises a
// commit that was the head a moment ago, which looks like a branch set back. So (DESIGN, step 1):
// L1 A head that is an ancestor of the last one counts only when two looks, 30 s apart or more, agree.
// L2 After our own push no such head counts until our commit has been seen in the branch.
// Anything else is news, and believed at once.

const AGREE_AFTER_MS = 30_000;

/** What is remembered between looks. Plain data; losing it costs a second look, nothing else. */
export interface LookMemory {
  /** The head last believed. */
  head: string;
  /** An older head that was advertised instead, and since when (monotonic, ms), with nothing else between. */
  doubt?: { head: string; sinceMs: number };
  /** A commit of ours that was pushed and has not been seen on the host yet. */
  unseenPush?: string;
}

export type Belief = 'unchanged' | 'moved' | 'wait';

export interface Look {
  advertised: string;
  /** Whether the advertised head is known to be an ancestor of the last one. */
  isAncestorOfLast: boolean;
}

/** `nowMs`: monotonic. The memory that is returned replaces the one handed in. */
export function believe(
  memory: LookMemory | undefined,
  look: Look,
  nowMs: number,
): { belief: Belief; memory: LookMemory } {
  const { advertised } = look;
  if (memory === undefined) return { belief: 'moved', memory: { head: advertised } };
  if (advertised === memory.head) return { belief: 'unchanged', memory: { head: advertised } };
  if (!look.isAncestorOfLast) return { belief: 'moved', memory: { head: advertised } };
  if (memory.unseenPush !== undefined) return { belief: 'wait', memory: { ...memory, doubt: undefined } };
  const { doubt } = memory;
  if (doubt === undefined || doubt.head !== advertised) {
    return { belief: 'wait', memory: { ...memory, doubt: { head: advertised, sinceMs: nowMs } } };
  }
  if (nowMs - doubt.sinceMs < AGREE_AFTER_MS) return { belief: 'wait', memory };
  return { belief: 'moved', memory: { head: advertised } };
}

/** After a push of ours that the host took: `oid` is the head, whatever a lagging replica says (L2). */
export function afterOwnPush(oid: string): LookMemory {
  return { head: oid, unseenPush: oid };
}
