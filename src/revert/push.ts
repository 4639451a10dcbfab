// Pushes an intent and tells what the world looks like afterwards. Only a clean answer is taken as it is:
// after any other the branch is read again, because "rejected", "not found" and a broken connection all mean
// that the outcome is not known. A commit of ours that is in the branch has landed, whatever the answer was.

import type { RevertIntent } from '../model/app.ts';
import { PawlError } from '../model/errors.ts';
import type { Git, Repository } from '../ports.ts';

export type PushOutcome =
  /** Our commit is the head. */
  | { kind: 'landed' }
  /** Somebody else moved the branch (undefined: removed it): decide again. `containsOurs`: on top of ours. */
  | { kind: 'moved'; head: string | undefined; containsOurs: boolean }
  /** The host said no and will say so again. */
  | { kind: 'refused'; message: string }
  /** The branch is where it was, or cannot be read: ask again later, with the same intent. */
  | { kind: 'unknown'; message: string };

/** The intent's commit must be in the clone. Throws what the port's `push` throws before anything is sent. */
export async function pushIntent(
  git: Git,
  repository: Repository,
  intent: Pick<RevertIntent, 'onto' | 'commit'>,
  signal: AbortSignal,
): Promise<PushOutcome> {
  const { onto, commit } = intent;
  const answer = await git.push(repository, { onto, oid: commit }, signal);
  if (answer.kind === 'pushed') return { kind: 'landed' };
  const message = answer.kind === 'moved' ? 'the branch moved' : answer.message;
  try {
    const head = await git.head(repository, signal);
    if (head === commit) return { kind: 'landed' };
    if (head === undefined) return { kind: 'moved', head, containsOurs: false };
    if (head === onto) return answer.kind === 'refused' ? answer : { kind: 'unknown', message };
    const fetched = await git.fetch(repository, { head, back: onto }, signal);
    return { kind: 'moved', head: fetched, containsOurs: await git.isAncestor(repository, commit, fetched) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PawlError)) throw error;
    return { kind: 'unknown', message: `${message}; ${error.message}` };
  }
}
