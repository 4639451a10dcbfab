// What this App no longer renders and does not delete all the same: what comes to another App, and what was there before
// this App had it (plan/taken.ts), which is let go.

import { keyOf, type ObjectId, showId } from '../model/object.ts';
import type { Change } from '../model/plan.ts';
import { letGo } from '../apply/let-go.ts';
import { isTaken, recordOf, undoneSince, wasThereBefore } from '../plan/taken.ts';
import { type Run, save, statusOf, tell } from './context.ts';
import { isOurs } from './facts.ts';
import { type Coming, comingToOthers, leftTo } from './moving.ts';

export type Staying = { kind: 'coming'; coming: Coming } | { kind: 'taken' };

/** Object key → why it is not deleted. `commit`: what is released; undefined: not known yet. */
export async function staying(
  run: Run,
  objects: readonly ObjectId[],
  commit: string | undefined,
): Promise<ReadonlyMap<string, Staying>> {
  const coming = await comingToOthers(run, objects);
  const { takenOver, history } = statusOf(run);
  const since = commit !== undefined && isOurs(run, commit) ? undoneSince(history, commit) : undefined;
  const stays = new Map<string, Staying>();
  for (const id of objects) {
    const key = keyOf(id);
    const theirs = coming.get(key);
    const live = run.ctx.members.get(id);
    const isOlder = since !== undefined && live !== undefined && wasThereBefore(live, since);
    if (theirs !== undefined) stays.set(key, { kind: 'coming', coming: theirs });
    else if (isOlder || isTaken(takenOver, key)) stays.set(key, { kind: 'taken' });
  }
  return stays;
}

/** Leaves to others what is theirs, lets go of what was taken, and says so. */
export async function leave(
  run: Run,
  objects: readonly ObjectId[],
  stays: ReadonlyMap<string, Staying>,
): Promise<Change[]> {
  const changes: Change[] = [];
  const taken: ObjectId[] = [];
  for (const id of objects) {
    const why = stays.get(keyOf(id));
    if (why?.kind === 'coming') changes.push(leftTo(id, why.coming));
    else if (why?.kind === 'taken') taken.push(id);
  }
  if (taken.length === 0) return changes;
  const reason = 'it was there before this App had it: it stays as it is, and is no member any more';
  const gvkOf = async ({ group, kind }: ObjectId) =>
    (await run.ctx.cluster.preferred(group, kind, run.signal))?.gvk;
  const done = await letGo(taken, { api: run.api, applySet: run.applySet, gvkOf, reason }, run.signal);
  if (done.freed.length > 0) {
    const [first] = done.freed;
    const more = done.freed.length === 1 ? '' : ` and ${done.freed.length - 1} more`;
    tell(run, {
      type: 'problem',
      code: 'LeftBehind',
      message: `${first === undefined ? '' : showId(first)}${more}: ${done.freed.length === 1 ? reason : 'there before this App had them: they stay as they are, and are no members any more'}`,
      hint: 'Put its file back where it came from, and that App takes it back; or delete it by hand.',
    });
  }
  // What could not be let go yet is not this App's either: no later release may delete it.
  const kept = done.changes.filter(({ outcome }) => outcome === 'refused').map(({ key }) => key);
  const { takenOver = [] } = statusOf(run);
  if (kept.some((key) => !isTaken(takenOver, key)))
    await save(run, { ...statusOf(run), takenOver: recordOf([...new Set([...takenOver, ...kept])]) });
  return [...changes, ...done.changes];
}
