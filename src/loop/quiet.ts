// No new judgement is asked for: a process that has just started, or an App that is held. What was applied is
// kept as it was applied; whatever differs was changed by another hand while nobody looked. Where nothing
// differs, nothing is written.
//
// What cannot be set back now holds up nothing else: all of it is looked after from here on, and it is tried again.

import type { Rendered } from '../model/manifest.ts';
import { keyOf, showId } from '../model/object.ts';
import { isWritten, type Change, type PlanItem, type Refusal } from '../model/plan.ts';
import { applyStages } from './applying.ts';
import { managerOf } from '../plan/fields.ts';
import { driftOf } from '../plan/known.ts';
import { type Run, statusOf, tell } from './context.ts';
import { withoutDone } from './done.ts';
import { isReached, reached } from './reached.ts';
import { desiredAt, isRendered } from './desired.ts';
import { isHealthyApplied } from './healthy.ts';
import { resumePostHooks } from './post-hooks.ts';
import { pruneMembers } from './pruning.ts';
import type { Ended } from './release.ts';
import { planFor } from './planning.ts';
import { letGo } from './rollout.ts';
import { isVerdict, rollUp } from './rollup.ts';
import { sourceOf, type Target } from './source.ts';

export async function quietly(run: Run, target: Target): Promise<Ended> {
  const { applied, healthy } = statusOf(run);
  // What was applied from another source cannot be rendered from this one: the same commit says something else here.
  const isOfSource = applied !== undefined && (applied.source ?? sourceOf(run)) === sourceOf(run);
  const desired = isOfSource ? await appliedAt(run, target, applied.commit) : undefined;
  if (desired === undefined) return { kind: 'settled', head: target.head };
  const plan = await planFor(run, desired, undefined);
  const stages = reached(plan.stages, applied);
  const changed = stages.flat().filter((item) => item.action !== 'unchanged');
  letGo(run, plan);
  // What another App or tool holds is not ours to look after.
  const owned = new Set(plan.refusals.filter(({ kind }) => kind === 'Owned').map(({ id }) => keyOf(id)));
  const kept = new Map(
    withoutDone(desired.manifests, run)
      .filter((manifest) => isReached(manifest, applied))
      .map((manifest) => [manifest.key, manifest]),
  );
  run.session.desired = new Map([...kept].filter(([key]) => !owned.has(key)));
  const refusals = plan.refusals.filter(({ id }) => kept.has(keyOf(id)));
  // What runs is kept, so nothing is begun that others would hold up.
  run.ctx.neighbours.planned(run.applySet, refusals.length === 0 ? 'taken' : 'refused');
  if (run.settings.drift === 'Report') {
    // Looked after from here on, though not set back.
    for (const item of changed) report(run, item, false);
  } else {
    const done = await applyEach(run, stages);
    refusals.push(...done.refusals);
    const written = new Set(done.changes.filter(isWritten).map(({ key }) => key));
    for (const item of changed) report(run, item, written.has(item.manifest.key));
  }
  const [first] = refusals;
  run.session.isKept = first === undefined;
  if (first !== undefined) {
    const message = `${showId(first.id)}: ${first.message}`;
    tell(run, { type: 'problem', code: `Refused${first.kind}`, message });
    return { kind: 'undecided' };
  }
  // I4, I5: only the very render that was found healthy says what may go.
  const isHealthy = isHealthyApplied(statusOf(run)) && healthy?.renderHash === desired.renderHash;
  if (isHealthy && plan.prune.length > 0) await pruneMembers(run, desired, plan.prune);
  if (isHealthy) run.ctx.neighbours.rests(run.applySet);
  // A new process does not know which problem a former one met: what the status says of one is over by now.
  await rollUp(run, { force: !isVerdict(statusOf(run)) });
  const interrupted = isHealthy ? await resumePostHooks(run, target, desired) : undefined;
  return interrupted ?? { kind: 'settled', head: target.head };
}

/** No release is made: what one stage cannot have keeps no other stage from being as it was. */
async function applyEach(
  run: Run,
  stages: readonly (readonly PlanItem[])[],
): Promise<{ changes: Change[]; refusals: Refusal[] }> {
  const changes: Change[] = [];
  const refusals: Refusal[] = [];
  for (let rest = stages; rest.length > 0; ) {
    const done = await applyStages(run, rest);
    changes.push(...done.changes);
    refusals.push(...done.refusals);
    const { stoppedAt } = done;
    rest = stoppedAt === undefined ? [] : rest.slice(rest.indexOf(stoppedAt) + 1);
  }
  return { changes, refusals };
}

/** The applied revision may be older than what the clone holds: then its history is fetched. */
async function appliedAt(run: Run, target: Target, applied: string): Promise<Rendered | undefined> {
  const { git } = run.ctx;
  if (!(await git.has(run.repository, applied)))
    await git.fetch(run.repository, { head: target.head, back: applied }, run.signal);
  if (!(await git.has(run.repository, applied))) return undefined;
  const desired = await desiredAt(run, applied);
  return isRendered(desired) ? desired : undefined;
}

function report(run: Run, item: PlanItem, corrected: boolean): void {
  const { live, manifest } = item;
  const known = run.session.memory.get(manifest.key);
  const fields = known === undefined || live === undefined ? [] : driftOf(known, live);
  const manager = live === undefined ? 'unknown' : managerOf(live, fields[0]?.path);
  tell(run, { type: 'drift', object: manifest.id, manager, fields, deleted: live === undefined, corrected });
}
