// plan → apply → verify for one release, up to a verdict or an interruption. The first write to an App's
// object comes after everything has been dry-run and the release stands in the status.

import { type Baseline, type Phase, revision } from '../model/app.ts';
import type { Rendered } from '../model/manifest.ts';
import { idOf, keyOf, showId } from '../model/object.ts';
import type { Change, Plan, Refusal } from '../model/plan.ts';
import type { Verdict } from '../model/verdict.ts';
import type { ChangeSet } from '../apply/apply.ts';
import { reasonOf, verdictOfRefusals } from '../decide/refusals.ts';
import { changeCauseOf } from '../plan/finalise.ts';
import { stagesOf } from '../plan/pair.ts';
import { summary } from '../plan/plan.ts';
import { withTaken } from '../plan/taken.ts';
import { withState } from '../record/conditions.ts';
import { orderOf } from '../render/order.ts';
import { NO_STAGE, nameOfStage } from './reached.ts';
import { oldNews } from '../verify/baseline.ts';
import { newEffort } from '../verify/custom-kind.ts';
import { checksRefused } from '../verify/checks/refusal.ts';
import { applyStages, type Gate } from './applying.ts';
import type { ChecksBefore } from '../verify/checks/before.ts';
import { askBefore, askChecks } from './checks.ts';
import { type Run, save, statusOf, tell } from './context.ts';
import { recordDone } from './done.ts';
import { healthyRender, isHealthyApplied } from './healthy.ts';
import { hooksOf, planHook, withoutHooks } from './hooks.ts';
import type { Interruption } from './interruption.ts';
import { findWay, makeWay, type WithWay } from './making-way.ts';
import type { Release } from './release.ts';
import { askedInTurn, baselineNow } from './rollup.ts';
import { sourceOf } from './source.ts';
import { staying } from './staying.ts';
import { planFor } from './planning.ts';
import { massDeletion } from './mass-deletion.ts';
import { openGate, sayWaiting } from './staging.ts';
import { termsOf } from './terms.ts';
import { openVigil, type Verified, type Vigil } from './verifying.ts';

export type RollOut =
  /** `untouched`: nothing was applied. */
  | { kind: 'verdict'; verdict: Verdict; changes: Change[]; untouched?: boolean }
  | ({ kind: 'interrupted' } & Interruption)
  | { kind: 'held'; reason: string; message: string };

export async function rollOut(run: Run, started: Release, desired: Rendered): Promise<RollOut> {
  const { commit } = started.target;
  const refused = checksRefused(run.settings.health.checks, desired.manifests, {
    hasPrometheus: run.ctx.prometheus !== undefined,
  });
  if (refused !== undefined)
    return { kind: 'verdict', verdict: { kind: 'unknown', ...refused }, changes: [], untouched: true };
  const changeCause = changeCauseOf(commit.oid, started.subject);
  const whole = await planFor(run, desired, changeCause);
  const found = await wayFor(run, commit.oid, whole, desired, changeCause);
  const plan = await withHooks(run, started, desired, found.plan);
  notePlanned(run, plan.refusals);
  tell(run, { type: 'planned', commit: commit.oid, ...summary(plan) });
  if (plan.refusals.length > 0) {
    const changes = refusedPlan(plan);
    started.done = { changes };
    return { kind: 'verdict', verdict: verdictOfRefusals(plan.refusals), changes, untouched: true };
  }
  const unconfirmed = await massDeletion(run, started, plan, desired);
  if (unconfirmed !== undefined) return unconfirmed;

  await enter(run, started, 'Applying', isQuiet(run) ? await askBefore(run) : {}, plan);
  letGo(run, plan);
  const way = await makeWay(run, found.first);
  if (way.refusals.length > 0) {
    started.done = { changes: way.changes, through: NO_STAGE };
    return { kind: 'verdict', verdict: verdictOfRefusals(way.refusals), changes: way.changes };
  }
  const vigil = openVigil(run, started, desired, plan.stages.flat());
  try {
    return await carryOut(run, started, desired, { ...plan, pruned: way.changes }, vigil);
  } finally {
    vigil.close();
  }
}

/** What stays whatever this release says stands in nobody's way: asked only where something would go first. */
async function wayFor(
  run: Run,
  commit: string,
  whole: Plan,
  desired: Rendered,
  changeCause: string,
): Promise<WithWay> {
  const found = findWay(run, whole, desired, changeCause);
  if (found.first.length === 0) return found;
  const stays = await staying(run, found.first.map(idOf), commit);
  return stays.size === 0 ? found : findWay(run, whole, desired, changeCause, new Set(stays.keys()));
}

/** Tells the other Apps how it ended, so that what they wait for is theirs or not. */
function notePlanned({ ctx, applySet }: Run, refusals: readonly Refusal[]): void {
  const isBlocked = refusals.every(({ kind }) => kind === 'Owned');
  ctx.neighbours.planned(applySet, refusals.length === 0 ? 'taken' : isBlocked ? 'blocked' : 'refused');
}

/** Hooks that run before services have a place in the plan; of the others it is only asked whether they would be taken. */
async function withHooks(run: Run, started: Release, desired: Rendered, plan: Plan): Promise<Plan> {
  const hooks = hooksOf(desired.manifests, 'pre', 'verify', 'post');
  if (hooks.length === 0) return plan;
  const planned = await Promise.all(hooks.map((hook) => planHook(run, started, hook, desired.manifests)));
  // One may turn out to have completed while nobody looked: written before what needs it is applied.
  const before = await healthyRender(run, started.target);
  await recordDone(run, [...desired.manifests, ...(before?.manifests ?? [])]);
  const items = planned.flatMap((one) => (one.kind === 'item' ? [one.item] : []));
  const refusals = planned.flatMap((one) => (one.kind === 'refused' ? [one.refusal] : []));
  const pre = items.filter(({ manifest }) => manifest.policy.hook?.when === 'pre');
  return {
    ...plan,
    stages: stagesOf([...plan.stages.flat(), ...pre], ({ manifest }) => orderOf(manifest)),
    refusals: [...plan.refusals, ...refusals],
  };
}

/** Stage after stage, each when the one before is ready; then everything together. */
async function carryOut(
  run: Run,
  started: Release,
  desired: Rendered,
  plan: Plan & { pruned: readonly Change[] },
  vigil: Vigil,
): Promise<RollOut> {
  const { commit } = started.target;
  const startedMono = run.ctx.clock.monotonic();
  const gate = await openGate(run, started, desired, vigil);
  const done = withReasons(await applyAll(run, plan, gate.pass));
  done.changes.push(...plan.pruned);
  started.done = { changes: done.changes, through: nameOfStage(done.stoppedAt) };
  const count = (...outcomes: Change['outcome'][]) =>
    done.changes.filter((change) => outcomes.includes(change.outcome)).length;
  const durationMs = run.ctx.clock.monotonic() - startedMono;
  tell(run, {
    type: 'applied',
    commit: commit.oid,
    created: count('created', 'recreated'),
    configured: count('configured'),
    durationMs,
  });
  if (done.refusals.length > 0)
    return { kind: 'verdict', verdict: verdictOfRefusals(done.refusals), changes: done.changes };
  const stopped = gate.stoppedBy();
  if (stopped !== undefined) return withChanges(stopped, done.changes);

  const asking = askChecks(run, started, desired, vigil.ring);
  try {
    const verified = await vigil.wait({
      manifests: withoutHooks(desired.manifests),
      changes: done.changes,
      soak: true,
      asking,
      begin: () => enter(run, started, 'Verifying'),
      // The rollout shows in the pods; where a check stands, only here.
      onWaiting:
        asking === undefined ? undefined : (message) => sayWaiting(run, started, `verifying %: ${message}`),
    });
    return withChanges(verified, done.changes);
  } finally {
    await asking?.close();
  }
}

/** Nothing is applied where anything was refused. */
function refusedPlan({ refusals, stages }: Plan): Change[] {
  const refused = refusals.map(
    (refusal): Change => ({
      id: refusal.id,
      key: keyOf(refusal.id),
      outcome: 'refused',
      reason: reasonOf(refusal),
    }),
  );
  const first = refusals[0] === undefined ? '' : showId(refusals[0].id);
  const skipped = stages
    .flat()
    .filter(({ action }) => action !== 'unchanged')
    .map(
      ({ manifest: { id, key } }): Change => ({
        id,
        key,
        outcome: 'skipped',
        reason: `nothing is applied, as ${first} was refused`,
      }),
    );
  return [...refused, ...skipped];
}

function withReasons(done: ChangeSet): ChangeSet {
  const reasons = new Map(done.refusals.map((refusal) => [keyOf(refusal.id), reasonOf(refusal)]));
  const changes = done.changes.map((change) =>
    change.outcome === 'refused' ? { ...change, reason: reasons.get(change.key) } : change,
  );
  return { ...done, changes };
}

function withChanges(verified: Verified, changes: Change[]): RollOut {
  return verified.kind === 'interrupted' ? verified : { ...verified, changes };
}

/** Applies a plan; from here on its manifests are what drift is corrected to, each from its stage on. */
export async function applyAll(run: Run, plan: Plan, gate?: Gate): Promise<ChangeSet> {
  letGo(run, plan);
  return applyStages(run, plan.stages, gate);
}

/** What is to go is looked after no longer. */
export function letGo({ session }: Run, plan: Pick<Plan, 'stages' | 'prune'>): void {
  const stays = new Set(plan.stages.flat().map((item) => item.manifest.key));
  for (const key of session.desired.keys()) if (!stays.has(key)) session.desired.delete(key);
  for (const key of plan.prune.map(keyOf)) session.memory.delete(key);
}

/** Writes how far the release is; the first of these writes says what the cluster is told from now on. */
async function enter(
  run: Run,
  started: Release,
  phase: Phase,
  before: ChecksBefore = {},
  plan?: Plan,
): Promise<void> {
  if (phase === 'Applying') await askedInTurn(run);
  const { commit } = started.target;
  const now = run.ctx.clock.now();
  const status = statusOf(run);
  const at = new Date(now).toISOString();
  const former = status.release?.commit === commit.oid ? status.release : undefined;
  const source = sourceOf(run);
  tell(run, { type: 'phase', commit: commit.oid, phase });
  const next = {
    ...status,
    head: status.head?.commit === commit.oid ? status.head : { commit: commit.oid, at },
    applied:
      status.applied?.commit === commit.oid && status.applied.source === source
        ? { ...status.applied, through: undefined }
        : { commit: commit.oid, at, source },
    takenOver: withTaken(
      [...(status.takenOver ?? []), ...run.session.taken],
      plan?.stages.flat() ?? [],
      run.applySet,
    ),
    baseline: phase === 'Applying' ? baselineFor(run, commit.oid, before) : status.baseline,
    release: {
      commit: commit.oid,
      phase,
      startedAt: new Date(started.startedAt).toISOString(),
      elapsed: former?.elapsed ?? 0,
      soaking: former?.soaking,
      attempt: started.attempt,
      cause: started.cause,
      terms: former?.terms ?? termsOf(run.settings, run.opened.spec.health),
    },
  };
  const message = `${phase.toLowerCase()} ${revision(run.settings.source.branch, commit.oid)} "${started.subject}"`;
  const state = { ready: 'Unknown' as const, reason: 'Progressing', message, reconciling: true };
  // Fenced where the baseline is taken: another process that has begun the release meanwhile may have made ill
  // what it is taken from.
  await save(run, withState(next, state, run.settings.generation, now), { fenced: phase === 'Applying' });
}

/**
 * What was unhealthy already. Taken anew only while what is applied is healthy and nothing is in flight, else
 * carried; what is old news is read anew for each release, as each makes it old.
 */
function baselineFor(run: Run, commit: string, before: ChecksBefore): Baseline {
  const status = statusOf(run);
  const objects = run.ctx.members.of(run.applySet);
  if (isQuiet(run) || status.baseline === undefined) return { ...baselineNow(run), ...before };
  // What a release goes on with has been applied already: what is told now may be news of it.
  if (status.release?.commit === commit) return status.baseline;
  const { kinds } = run.settings.health;
  return { ...status.baseline, ...oldNews(objects, run.ctx.clock.now(), { kinds, effort: newEffort() }) };
}

/** What is applied is healthy, and nothing is in flight. */
function isQuiet(run: Run): boolean {
  const status = statusOf(run);
  // A branch that was set back to the healthy revision and went on before that was verified.
  const isInterrupted = status.history?.[0]?.outcome === 'Superseded';
  return status.release === undefined && !isInterrupted && isHealthyApplied(status);
}
