// The branch → what is to be released: its head, and the newest commit of it that concerns the App.

import type { Commit } from '../model/commit.ts';
import { subjectOf } from '../model/commit.ts';
import { credentialsIn } from '../model/credentials.ts';
import { PawlError } from '../model/errors.ts';
import type { Credentials } from '../ports.ts';
import { sourceKey } from '../model/resolve.ts';
import { believe } from '../source/look.ts';
import { concerning } from '../source/concerns.ts';
import { readSetAt } from './desired.ts';
import { type Run, statusOf, tell } from './context.ts';

export interface Target {
  /** The branch's head: what a revert is made on. */
  head: string;
  /** The newest commit that concerns the App: what is released. */
  commit: Commit;
  /** All commits after the healthy revision that concern the App, newest first: what a revert undoes. */
  pending: Commit[];
  /** Whether the healthy revision is an ancestor of the head. */
  healthyIsAncestor: boolean;
}

/** The head as believed; undefined where it is in doubt, as a lagging replica's would be. */
export async function look(run: Run): Promise<{ head: string } | undefined> {
  const { ctx, session } = run;
  const advertised = await advertisedHead(run);
  await rememberHead(run, advertised);
  const last = session.look?.head;
  const isOld = last !== undefined && advertised !== last && (await isBehind(run, advertised, last));
  const { belief, memory } = believe(
    session.look,
    { advertised, isAncestorOfLast: isOld },
    ctx.clock.monotonic(),
  );
  session.look = memory;
  if (belief === 'wait') return undefined;
  return { head: advertised };
}

/** Where `last` is not held (it was seen by a former process), what is held came before it or was put in its place. */
async function isBehind(run: Run, advertised: string, last: string): Promise<boolean> {
  const { git } = run.ctx;
  if (!(await git.has(run.repository, advertised))) return false;
  return !(await git.has(run.repository, last)) || git.isAncestor(run.repository, advertised, last);
}

/** A process that begins knows from the status what was seen last: replicas lag for it as for any other. */
async function rememberHead(run: Run, advertised: string): Promise<void> {
  const { head, applied } = statusOf(run);
  if (run.session.look !== undefined || head === undefined || applied?.source !== sourceOf(run)) return;
  await run.ctx.git.fetch(run.repository, { head: advertised, back: head.commit }, run.signal);
  if (!(await reaches(run, head.commit, advertised))) run.session.look = { head: head.commit };
}

async function advertisedHead(run: Run): Promise<string> {
  try {
    return await ask(run);
  } catch (error) {
    // The Secret may have changed since it was read: once more with what it holds now.
    if (!(error instanceof PawlError) || error.code !== 'GitAuth' || run.session.credentials === undefined)
      throw error;
    run.session.credentials = undefined;
    run.repository = { ...run.repository, credentials: await credentialsOf(run) };
    return await ask(run);
  }
}

async function ask(run: Run): Promise<string> {
  const head = await run.ctx.git.head(run.repository, run.signal);
  if (head !== undefined) return head;
  const { branch } = run.settings.source;
  throw new PawlError({
    code: 'BranchNotFound',
    message: `the repository has no branch ${branch}`,
    hint: 'Push the branch, or correct spec.source.branch. Pawl never makes a branch.',
    retry: 'later',
  });
}

/** The Secret of `source.secretRef`, read as the App's service account. */
export async function credentialsOf(run: Run): Promise<Credentials | undefined> {
  const { secretName } = run.settings.source;
  if (secretName === undefined) return undefined;
  if (run.session.credentials?.secretName === secretName) return run.session.credentials.value;
  const { namespace } = run.settings;
  const ref = { gvk: { group: '', version: 'v1', kind: 'Secret' }, namespace, name: secretName };
  const value = credentialsIn(await run.api.get(ref, run.signal), `${namespace}/${secretName}`);
  run.session.credentials = { secretName, value };
  return value;
}

/** Fetches the head and finds what of it concerns the App. */
export async function targetAt(run: Run, wanted: string): Promise<Target> {
  const { ctx, repository, signal } = run;
  const status = statusOf(run);
  const healthy = status.healthy?.source === sourceOf(run) ? status.healthy.commit : undefined;
  const head = await ctx.git.fetch(repository, { head: wanted, back: healthy }, signal);
  const readHash = async (oid: string) => (await readSetAt(run, oid)).hash;
  const healthyIsAncestor = healthy !== undefined && (await reaches(run, healthy, head));
  const pending = healthyIsAncestor
    ? await concerning(await ctx.git.between(repository, healthy, head), readHash)
    : [];
  const commit = pending[0] ?? (healthyIsAncestor ? await ctx.git.commit(repository, healthy) : undefined);
  const target = {
    head,
    commit: commit ?? (await lastConcerning(run, head, readHash)),
    pending,
    healthyIsAncestor,
  };
  if (target.commit.oid !== status.head?.commit) {
    const { oid, author } = target.commit;
    tell(run, {
      type: 'head-moved',
      commit: oid,
      subject: subjectOf(target.commit),
      author: author.name,
      concerns: true,
    });
  }
  return target;
}

async function reaches(run: Run, older: string, newer: string): Promise<boolean> {
  return (
    (await run.ctx.git.has(run.repository, older)) && run.ctx.git.isAncestor(run.repository, older, newer)
  );
}

/** Without a healthy revision: what was seen last, if nothing since concerns the App, else the head. */
async function lastConcerning(
  run: Run,
  head: string,
  readHash: (oid: string) => Promise<string>,
): Promise<Commit> {
  const { git } = run.ctx;
  const last = statusOf(run).head?.commit;
  if (
    last !== undefined &&
    (await reaches(run, last, head)) &&
    (await readHash(last)) === (await readHash(head))
  )
    return git.commit(run.repository, last);
  return git.commit(run.repository, head);
}

/** Identity of what is followed: a healthy revision counts only for the same url, branch, path and namespace. */
export function sourceOf(run: Run): string {
  return sourceKey(run.settings);
}
