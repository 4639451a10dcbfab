// Jobs run once per content: neither drift (a TTL that removed it) nor a revert to former content runs one
// again. What has run is kept in the status, by object and hash.
//
// 1. A completion is taken in as soon as it is seen, from the watch itself: a time to live may remove the Job in the
//    next moment. It is written before anything is built upon it.
// 2. What the repository holds, now or at the healthy revision, is never forgotten.

import type { AppStatus } from '../model/app.ts';
import { conditionIs } from '../model/conditions.ts';
import { isHook, isJob, noteOf, runOf } from '../model/hook.ts';
import type { Manifest } from '../model/manifest.ts';
import type { KubeObject } from '../model/object.ts';
import { type Run, save, statusOf } from './context.ts';
import type { Release } from './release.ts';

export type Done = NonNullable<AppStatus['completed']>[number];

/** Of contents that the repository no longer holds: enough for an undo, and a bound for the status. */
const KEPT_FORMER = 100;

/** Neither hooks nor the Jobs that have run with this very content and are gone since. */
export function withoutDone(manifests: readonly Manifest[], run: Run): Manifest[] {
  const { members } = run.ctx;
  return manifests.filter(
    (manifest) =>
      !isJob(manifest) ||
      (!isHook(manifest) && (members.get(manifest.id) !== undefined || !hasRun(run, manifest))),
  );
}

/** The Jobs, hooks among them, of those given that have not run in this release and gone. */
export function stillAwaited(run: Run, jobs: readonly Manifest[], release: string): Manifest[] {
  return jobs.filter((job) => run.ctx.members.get(job.id) !== undefined || !hasRun(run, job, release));
}

/** Names a release, the same for whoever takes it up again. */
export function releaseName({ target, startedAt }: Pick<Release, 'target' | 'startedAt'>): string {
  return `${target.commit.oid} ${new Date(startedAt).toISOString()}`;
}

/** `release`: the one that is asked for, of a hook that runs with every release. */
export function hasRun(run: Run, manifest: Manifest, release = ''): boolean {
  const hash = noteOf(manifest, release);
  const isIt = (one: Done) => one.object === manifest.key && one.hash === hash;
  return (statusOf(run).completed ?? []).some(isIt) || run.session.done.some(isIt);
}

/** Takes in that a Job has completed, if this is its run of the manifest's content. */
export function seeDone(run: Run, manifest: Manifest, live: KubeObject): void {
  if (!isJob(manifest) || !conditionIs(live, 'Complete', 'True')) return;
  const made = runOf(live);
  const known = run.session.memory.get(manifest.key);
  const isIts = isHook(manifest)
    ? made?.hash === manifest.hash
    : known?.hash === manifest.hash && known.uid === live.metadata.uid;
  if (isIts) noteDone(run, manifest, made?.release);
}

export function noteDone(run: Run, manifest: Manifest, release = ''): void {
  if (hasRun(run, manifest, release)) return;
  run.session.done.push({ object: manifest.key, hash: noteOf(manifest, release) });
}

/** Writes what has been seen to complete and is not in the status yet. `held`: all that must not be forgotten. */
export async function recordDone(run: Run, held: readonly Manifest[]): Promise<void> {
  const { session } = run;
  const noted = [...session.done];
  if (noted.length === 0) return;
  await save(run, withCompleted(statusOf(run), noted, held));
  session.done = session.done.filter((one) => !noted.includes(one));
}

/** After a healthy release every plain Job of it has run. */
export function completedBy(run: Run, manifests: readonly Manifest[]): Done[] {
  const jobs = manifests.filter((manifest) => isJob(manifest) && !isHook(manifest));
  return [...run.session.done, ...jobs.map(({ key, hash }) => ({ object: key, hash }))];
}

/** The newest first. */
export function withCompleted(
  status: AppStatus,
  done: readonly Done[],
  held: readonly Manifest[],
): AppStatus {
  if (done.length === 0) return status;
  const all = new Map([...done, ...(status.completed ?? [])].map((one) => [nameOf(one), one]));
  const isHeld = new Set(held.filter(isJob).map(({ key, hash }) => `${key} ${hash}`));
  const latest = new Set<string>();
  let former = 0;
  const completed = [...all.values()].filter((one) => {
    const content = nameOf({ ...one, hash: one.hash.split(' ', 1)[0] ?? '' });
    // Of one that runs always, the last run tells everything.
    if (one.hash.includes(' ')) {
      if (latest.has(content)) return false;
      latest.add(content);
    }
    if (isHeld.has(content)) return true;
    former += 1;
    return former <= KEPT_FORMER;
  });
  return { ...status, completed };
}

function nameOf({ object, hash }: Done): string {
  return `${object} ${hash}`;
}
