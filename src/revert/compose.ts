// Makes a revert's commit in the clone, and makes the very same one again from a stored intent (after a
// restart, or in another process). Nothing is pushed here.

import type { RevertIntent } from '../model/app.ts';
import type { Commit, Person } from '../model/commit.ts';
import { PawlError } from '../model/errors.ts';
import type { TreeFile } from '../model/manifest.ts';
import type { Failure } from '../model/verdict.ts';
import type { Git, Repository } from '../ports.ts';
import { commonDirectory, type Edits, restoreEdits } from './edits.ts';
import { revertMessage } from './message.ts';

/** The read set at a commit; for one whose render failed, everything under the App's path. */
export type FilesAt = (oid: string) => Promise<readonly TreeFile[]>;

export interface RevertRequest {
  /** The head that was decided on: the new commit's parent. */
  head: string;
  healthy: string;
  /** What is undone, newest first; at least one. */
  commits: readonly Commit[];
  filesAt: FilesAt;
  failures: readonly Failure[];
  /** One word, for the status: `CrashLoopBackOff`, `Requested`, … */
  reason: string;
  by?: string;
  appRef: string;
  alsoReleased?: readonly string[];
  author: Person;
  /** Wall clock, ms; the commit carries whole seconds. */
  at: number;
}

export interface Revert {
  /** To be stored before the push (I2). */
  intent: RevertIntent;
  message: string;
  edits: Edits;
  /** What changes, sorted. */
  paths: string[];
}

/** Undefined where the head holds the healthy content already: there is nothing to revert. */
export async function composeRevert(
  git: Git,
  repository: Repository,
  request: RevertRequest,
): Promise<Revert | undefined> {
  const { head, healthy, commits, filesAt, author } = request;
  const oids = commits.map((commit) => commit.oid);
  const edits = await editsFor(git, repository, { head, healthy, commits: oids, filesAt });
  if (edits.size === 0) return undefined;
  const message = revertMessage({ ...request, restores: healthy });
  const at = Math.floor(request.at / 1000);
  const made = await git.compose(repository, { onto: head, edits, message, author, at });
  const intent: RevertIntent = {
    commits: oids,
    restores: healthy,
    onto: head,
    reason: request.reason,
    commit: made.oid,
    bytes: Buffer.from(made.bytes).toString('base64'),
    at: new Date(at * 1000).toISOString(),
    ...(request.by !== undefined && { by: request.by }),
  };
  return { intent, message, edits, paths: [...edits.keys()] };
}

/**
 * Puts an intent's commit into the clone again. The clone must hold `intent.onto` and the history down to
 * `intent.restores`. Throws PawlError `RevertIntentUnusable` where the bytes do not give the intent's commit.
 */
export async function restoreIntent(
  git: Git,
  repository: Repository,
  intent: RevertIntent,
  filesAt: FilesAt,
): Promise<void> {
  const { onto, restores, commits } = intent;
  const edits = await editsFor(git, repository, { head: onto, healthy: restores, commits, filesAt });
  const unused = { message: '', author: { name: '', email: '' }, at: 0 }; // the bytes hold them
  const bytes = Buffer.from(intent.bytes, 'base64');
  const oid = await git.restore(repository, { onto, edits, ...unused }, bytes).catch((error: unknown) => {
    if (error instanceof PawlError && error.code === 'GitBadCommit') return 'something else';
    throw error;
  });
  if (oid === intent.commit) return;
  throw new PawlError({
    code: 'RevertIntentUnusable',
    message: `the stored revert does not give commit ${intent.commit}, but ${oid}`,
    hint: 'Somebody changed the status of the App. The revert is decided anew.',
  });
}

async function editsFor(
  git: Git,
  repository: Repository,
  span: { head: string; healthy: string; commits: readonly string[]; filesAt: FilesAt },
): Promise<Edits> {
  const { head, healthy, commits, filesAt } = span;
  const paths = new Set<string>();
  for (const oid of new Set([healthy, ...commits, head])) {
    for (const file of await filesAt(oid)) paths.add(file.path);
  }
  const directory = commonDirectory(paths);
  const [before, now] = await Promise.all([
    git.files(repository, healthy, directory),
    git.files(repository, head, directory),
  ]);
  return restoreEdits(paths, before, now);
}
