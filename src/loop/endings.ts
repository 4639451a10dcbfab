// How a release ends in the status: healthy, superseded, undecided or held. (A revert is in reverting.ts.)

import { type AppStatus, type HistoryEntry, type Outcome, revision } from '../model/app.ts';
import type { Rendered } from '../model/manifest.ts';
import { idOf, keyOf } from '../model/object.ts';
import type { Change } from '../model/plan.ts';
import type { Failure } from '../model/verdict.ts';
import { readyCondition, withState } from '../record/conditions.ts';
import { withHistory } from '../record/history.ts';
import { withOutcomes } from '../record/outcomes.ts';
import { toPrune } from '../plan/pair.ts';
import { recordOf, stillTaken } from '../plan/taken.ts';
import { withoutHealthy } from '../decide/content.ts';
import { withBadContent } from './content.ts';
import { type Run, save, statusOf, tell } from './context.ts';
import type { RenderFailure } from './desired.ts';
import { completedBy, withCompleted } from './done.ts';
import { pruneMembers } from './pruning.ts';
import type { Ended, Release } from './release.ts';
import { baselineNow, countReady } from './rollup.ts';
import { sourceOf } from './source.ts';

const LONGEST_REASON = 400;

/** Whether a verdict that waits for a person stands on the commit. */
export function isJudged(status: AppStatus, commit: string): boolean {
  const last = status.history?.find((entry) => entry.commit === commit);
  return last?.outcome === 'Held' || last?.outcome === 'Failed';
}

export async function recordHealthy(
  run: Run,
  started: Release,
  desired: Rendered,
  changes: readonly Change[],
): Promise<Ended> {
  const { oid } = started.target.commit;
  const now = run.ctx.clock.now();
  const at = new Date(now).toISOString();
  const counts = countReady(run);
  let status: AppStatus = {
    ...ended(run, started),
    applied: { commit: oid, at: statusOf(run).applied?.at ?? at, source: sourceOf(run) },
    healthy: { commit: oid, at, source: sourceOf(run), renderHash: desired.renderHash },
    rejected: withoutHealthy(statusOf(run).rejected, desired.manifests),
    baseline: baselineNow(run),
  };
  // Once our commit runs and is healthy, the intent has served.
  if (status.revert?.seen === true) status = { ...status, revert: undefined };
  const keys = new Set(desired.manifests.map(({ key }) => key));
  const members = run.ctx.members.of(run.applySet);
  const rest = members.map((live) => keyOf(idOf(live))).filter((key) => !keys.has(key));
  status = { ...status, takenOver: stillTaken(status.takenOver, rest) };
  status = withCompleted(status, completedBy(run, desired.manifests), desired.manifests);
  const notes = started.notes.join('; ');
  status = withHistory(status, entry(run, started, 'Healthy', notes));
  status = withOutcomes(status, changes, counts);
  const name = revision(run.settings.source.branch, oid);
  const message = `${name} "${started.subject}" is healthy: ${counts.ready} of ${counts.total} objects ready${notes === '' ? '' : `; ${notes}`}`;
  await save(
    run,
    withState(status, { ready: 'True', reason: 'Healthy', message }, run.settings.generation, now),
  );
  tell(run, {
    type: 'released',
    commit: oid,
    outcome: 'Healthy',
    reason: notes,
    durationMs: duration(run, started),
  });
  const leaving = toPrune(run.ctx.members.of(run.applySet), keys, run.applySet);
  const pruned = await pruneMembers(run, desired, leaving);
  if (pruned.length > 0) {
    for (const change of pruned) run.session.memory.delete(change.key);
    await save(run, withOutcomes(statusOf(run), [...changes, ...pruned], countReady(run)));
  }
  // Not before what others wait for has been left to them.
  run.ctx.neighbours.rests(run.applySet);
  return { kind: 'settled', head: started.target.head };
}

export async function recordSuperseded(run: Run, started: Release): Promise<void> {
  const status = withHistory(ended(run, started), entry(run, started, 'Superseded', 'a newer commit came'));
  await save(run, status);
  const { oid } = started.target.commit;
  const durationMs = duration(run, started);
  tell(run, {
    type: 'released',
    commit: oid,
    outcome: 'Superseded',
    reason: 'a newer commit came',
    durationMs,
  });
}

/** The surroundings are to blame: nothing is reverted, and it is judged again. */
export async function recordUndecided(
  run: Run,
  started: Release,
  why: { reason: string; message: string },
  retryAfterMs: number | undefined,
): Promise<Ended> {
  const { oid } = started.target.commit;
  const now = run.ctx.clock.now();
  const before = statusOf(run);
  const said = readyCondition(before);
  const release = {
    commit: oid,
    phase: 'Deciding' as const,
    startedAt: new Date(started.startedAt).toISOString(),
    elapsed: 0,
    attempt: started.attempt,
    cause: started.cause,
  };
  const message = `${why.message}; it is judged again`;
  const status = withHistory(
    { ...ended(run, started), release },
    entry(run, started, 'Unknown', `${why.reason}: ${why.message}`),
  );
  await save(
    run,
    withState(
      status,
      { ready: 'False', reason: why.reason, message, stalled: true },
      run.settings.generation,
      now,
    ),
  );
  if (said?.reason !== why.reason) {
    const durationMs = duration(run, started);
    tell(run, { type: 'released', commit: oid, outcome: 'Unknown', reason: message, durationMs });
  }
  return { kind: 'undecided', retryAfterMs };
}

/** No further release until a new commit concerns the App or a person asks. */
export async function hold(
  run: Run,
  started: Release,
  why: { outcome: Outcome; reason: string; message: string },
  desired?: Rendered | RenderFailure,
  failures: readonly Failure[] = [],
): Promise<Ended> {
  const { oid } = started.target.commit;
  const now = run.ctx.clock.now();
  const runs = statusOf(run).applied?.commit;
  const message = `${why.message}; ${runs === undefined ? 'nothing is applied' : `${runs} is applied`}`;
  const told = `${why.reason}: ${message}`;
  let status = withHistory(ended(run, started), entry(run, started, why.outcome, told));
  const through = started.done?.through;
  if (through !== undefined && status.applied?.commit === oid)
    status = { ...status, applied: { ...status.applied, through } };
  if (desired !== undefined) status = withBadContent(status, desired, failures, oid, now);
  await save(
    run,
    withState(
      status,
      { ready: 'False', reason: why.outcome === 'Failed' ? 'Failed' : 'Held', message: told, stalled: true },
      run.settings.generation,
      now,
    ),
  );
  tell(run, { type: 'held', reason: why.reason, message });
  tell(run, {
    type: 'released',
    commit: oid,
    outcome: why.outcome,
    reason: message,
    durationMs: duration(run, started),
  });
  // What runs is still looked after: the next pass finds the verdict and corrects drift to what is applied.
  return { kind: 'again', head: started.target.head };
}

/** The status without the release in flight, with what it did and the request answered. */
export function ended(run: Run, started: Release): AppStatus {
  const { release: _release, ...before } = statusOf(run);
  const { done } = started;
  before.takenOver = recordOf([...new Set([...(before.takenOver ?? []), ...run.session.taken])]);
  run.session.taken.clear();
  const status = done === undefined ? before : withOutcomes(before, done.changes, countReady(run));
  const { oid } = started.target.commit;
  const head =
    status.head?.commit === oid
      ? status.head
      : { commit: oid, at: new Date(run.ctx.clock.now()).toISOString() };
  return { ...status, head, ...(started.request !== undefined && { lastHandledRequest: started.request }) };
}

export function entry(run: Run, started: Release, outcome: Outcome, reason: string): HistoryEntry {
  const { commit } = started.target;
  return {
    commit: commit.oid,
    subject: started.subject,
    author: commit.author.name.slice(0, 100),
    startedAt: new Date(started.startedAt).toISOString(),
    finishedAt: new Date(run.ctx.clock.now()).toISOString(),
    outcome,
    reason: reason.slice(0, LONGEST_REASON),
  };
}

export function duration(run: Run, started: Release): number {
  return run.ctx.clock.monotonic() - started.startedMono;
}
