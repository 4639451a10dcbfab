// How the App's objects are between releases. Nothing is reverted for it: a verdict stands once it is given.

import { type AppStatus, type Baseline, revision } from '../model/app.ts';
import { oldNewsOf } from '../model/baseline.ts';
import type { Health } from '../model/health.ts';
import { ruleFor } from '../model/kind-rules.ts';
import { gvkOf, type KubeObject, showId } from '../model/object.ts';
import { readyCondition, type State, withState } from '../record/conditions.ts';
import type { HealthContext } from '../verify/answers.ts';
import { takeBaseline } from '../verify/baseline.ts';
import { NEXT_PASS_MS, newEffort } from '../verify/custom-kind.ts';
import { healthOf } from '../verify/health.ts';
import { contestedNow } from './contested.ts';
import { type Run, save, statusOf } from './context.ts';
import { withoutDone } from './done.ts';
import { isHealthyApplied } from './healthy.ts';

export interface Counts {
  total: number;
  ready: number;
  /** The first that is not ready, in words. */
  first: string | undefined;
}

/** Passes of {@link askedInTurn}: objects that change faster than they can be asked about end it. */
const MAX_PASSES = 200;

/**
 * Asks the App's own expressions about all its objects, a part at a time. What was answered is remembered: counting
 * and taking a baseline, which do not wait, find all answers.
 */
export async function askedInTurn(run: Run): Promise<void> {
  const now = run.ctx.clock.now();
  const { kinds } = run.settings.health;
  if (kinds.length === 0) return;
  for (let passes = 0; passes < MAX_PASSES; passes++) {
    const effort = newEffort();
    for (const object of run.ctx.members.of(run.applySet))
      if (ruleFor(kinds, gvkOf(object)) !== undefined) healthOf(object, { now, kinds, effort });
    if (!effort.isSpent) return;
    await run.ctx.clock.delay(NEXT_PASS_MS, run.signal);
  }
}

export function countReady(run: Run): Counts {
  const { session, ctx } = run;
  const now = ctx.clock.now();
  const { kinds } = run.settings.health;
  const { baseline } = statusOf(run);
  const effort = newEffort();
  let ready = 0;
  let first: string | undefined;
  const awaited = withoutDone([...session.desired.values()], run);
  for (const { id, key } of awaited) {
    const live = ctx.members.get(id);
    const health = healthNow(run, live, { now, stalledSince: oldNewsOf(baseline, key), kinds, effort });
    if (health.status === 'Current' || health.status === 'Suspended') ready += 1;
    else first ??= `${showId(id)} ${health.message}`;
  }
  return { total: awaited.length, ready, first };
}

/** What is ill already, to be blamed on nobody. */
export function baselineNow(run: Run): Baseline {
  const { kinds } = run.settings.health;
  const now = run.ctx.clock.now();
  return takeBaseline(
    run.ctx.members.of(run.applySet),
    now,
    { kinds, effort: newEffort() },
    (object, context) => healthNow(run, object, context),
  );
}

/** What has not changed is not judged again: of thousands of objects a storm changes a few at a time. */
function healthNow(run: Run, live: KubeObject | undefined, context: HealthContext): Health {
  if (live === undefined) return healthOf(live, context);
  const { healths } = run.session;
  const by = `${run.settings.generation} ${context.stalledSince ?? ''}`;
  const before = healths.get(live);
  if (before?.by === by) return before.health;
  const health = healthOf(live, context);
  // Kept by the rule itself, once it has been asked.
  if (health.reason !== 'RuleNotEvaluated') healths.set(live, { health, by });
  return health;
}

/** Reasons of Ready that this file gives and may replace; `force` replaces any other (of a problem that is over). */
const OWN_REASONS: ReadonlySet<string> = new Set(['Healthy', 'Degraded', 'DriftContested', 'Suspended']);

/** Brings Ready and the counts up to date where they have changed; the status is not written otherwise. */
export async function rollUp(run: Run, options: { force?: boolean } = {}): Promise<void> {
  const status = statusOf(run);
  if (status.release !== undefined) return;
  const said = readyCondition(status);
  await askedInTurn(run);
  const isForced = options.force === true || status.observedGeneration !== run.settings.generation;
  if (!isForced && !OWN_REASONS.has(said?.reason ?? '')) return;
  const resting = heldState(status, run.settings.generation) ?? readyState(run);
  if (resting === undefined) return;
  const { state, objects } = resting;
  const isSaid = said?.status === state.ready && said.reason === state.reason && !isForced;
  if (isSaid && status.objects?.ready === objects?.ready && status.objects?.total === objects?.total) return;
  await save(run, withState({ ...status, objects }, state, run.settings.generation, run.ctx.clock.now()));
}

/** Whether Ready speaks of a verdict, and not of a problem on the way to one. */
export function isVerdict(status: AppStatus): boolean {
  return ['Healthy', 'Degraded', 'DriftContested', 'Held', 'Failed'].includes(
    readyCondition(status)?.reason ?? '',
  );
}

interface Resting {
  state: State;
  objects: AppStatus['objects'];
}

/** A verdict that waits for a person outlives what has been said meanwhile. */
function heldState(status: AppStatus, generation: number): Resting | undefined {
  const last = status.history?.[0];
  if (last === undefined || last.commit !== status.head?.commit) return undefined;
  if (last.outcome !== 'Held' && last.outcome !== 'Failed') return undefined;
  // Held under another path or branch, and put right again since.
  const isRefused = said(status) === generation && status.objects?.outcomes.some(isRefusal) === true;
  if (status.head.commit === status.healthy?.commit && isHealthyApplied(status) && !isRefused)
    return undefined;
  const state = { ready: 'False' as const, reason: last.outcome, message: last.reason, stalled: true };
  return { state, objects: status.objects };
}

/** The generation that Ready speaks of. */
function said(status: AppStatus): number | undefined {
  return readyCondition(status)?.observedGeneration;
}

function isRefusal({ outcome }: { outcome: string }): boolean {
  return outcome === 'refused';
}

function readyState(run: Run): Resting | undefined {
  const status = statusOf(run);
  const { healthy } = status;
  if (healthy === undefined || !isHealthyApplied(status) || run.session.desired.size === 0) return undefined;
  const { total, ready, first } = countReady(run);
  const name = revision(run.settings.source.branch, healthy.commit);
  const objects = { total, ready, outcomes: status.objects?.outcomes ?? [] };
  const count = `${ready} of ${total} objects ready`;
  const contested = contestedNow(run.session);
  if (contested !== undefined) {
    // What runs is not what the commit says, and stays so.
    const message = `${contested}; ${count}`;
    return { state: { ready: 'False', reason: 'DriftContested', message }, objects };
  }
  const state: State =
    ready === total
      ? { ready: 'True', reason: 'Healthy', message: `${name} is healthy: ${count}` }
      : { ready: 'False', reason: 'Degraded', message: `${count}: ${first ?? ''}` };
  return { state, objects };
}
