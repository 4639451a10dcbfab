// Carrying out hooks: Jobs that run at a place of their own in a release. What is to be done with one is decided by
// plan/hooks.ts; they are made by the apply stage like all else, but are no part of what drift is corrected to.

import { ApiError } from '../model/errors.ts';
import { type HookRun, type HookWhen, isHook, runOf, withRun } from '../model/hook.ts';
import type { Manifest } from '../model/manifest.ts';
import { APPLYSET } from '../model/app.ts';
import type { Gvk, KubeObject } from '../model/object.ts';
import type { Change, PlanItem, Refusal } from '../model/plan.ts';
import { finalise } from '../plan/finalise.ts';
import { type PodsRead, podSelector } from '../plan/at-work.ts';
import { type HookFacts, hookStep, underOtherName } from '../plan/hooks.ts';
import { refusalOf } from '../plan/refusal.ts';
import { applyStages } from './applying.ts';
import type { Run } from './context.ts';
import { hasRun, noteDone, releaseName } from './done.ts';
import type { Release } from './release.ts';

export function withoutHooks(manifests: readonly Manifest[]): Manifest[] {
  return manifests.filter((manifest) => !isHook(manifest));
}

export function hooksOf(manifests: readonly Manifest[], ...when: HookWhen[]): Manifest[] {
  return manifests.filter(({ policy }) => policy.hook !== undefined && when.includes(policy.hook.when));
}

const POD: Gvk = { group: '', version: 'v1', kind: 'Pod' };
/** Whether a former run has ended, ms. */
const LOOK_AGAIN_MS = 5_000;

export type PlannedHook =
  | { kind: 'done' }
  | { kind: 'item'; item: PlanItem }
  | { kind: 'refused'; refusal: Refusal };

/** By whose release a hook is run. */
export type HookRelease = Pick<Release, 'target' | 'startedAt'>;

/** What would be done with a hook now; dry-run, and nothing written. */
export async function planHook(
  run: Run,
  started: HookRelease,
  manifest: Manifest,
  desired: readonly Manifest[],
): Promise<PlannedHook> {
  const release = releaseName(started);
  const restMs = restOfWaitMs(started.startedAt, run.ctx.clock.now(), run.settings.health.timeoutMs);
  if (hasRun(run, manifest, release)) return { kind: 'done' };
  const { id, gvk } = manifest;
  const now: HookRun = { hash: manifest.hash, release };
  const object = withRun(finalise(manifest, undefined), now);
  try {
    const ref = { gvk, namespace: id.namespace, name: id.name };
    const live = await run.api.get(ref, run.signal);
    const owner = live?.metadata.labels?.[APPLYSET.partOf];
    if (owner !== undefined && owner !== run.applySet)
      return refuse(manifest, 'Owned', 'the Job is a member of another ApplySet');
    const facts: HookFacts = {
      hasRun: false,
      run: now,
      isMember: owner === run.applySet,
      always: manifest.policy.hook?.always === true,
      isOverdue: restMs === 0,
      isSameSpec: live !== undefined && runOf(live) === undefined && (await isSameSpec(run, object, live)),
    };
    let step = hookStep(live, facts);
    if (step.do === 'hold' && live !== undefined)
      step = hookStep(live, { ...facts, pods: await podsOf(run, live) });
    const item = (action: PlanItem['action'], dryRun: PlanItem['dryRun'] = 'passed'): PlannedHook => ({
      kind: 'item',
      item: { manifest, object, live, action, dryRun },
    });
    switch (step.do) {
      case 'nothing':
        return { kind: 'done' };
      case 'note':
        noteDone(run, manifest, release);
        return { kind: 'done' };
      case 'wait':
        if (live !== undefined) run.ctx.members.observe(live);
        return item('unchanged');
      case 'adopt':
        return item('configure');
      case 'hold':
        return refuse(
          manifest,
          'HookRunning',
          `a former run of it is still at work; in ${Math.ceil(restMs / 1000)} s it is ended, and the hook made anew`,
          Math.min(LOOK_AGAIN_MS, restMs),
        );
      case 'leave':
        return refuse(
          manifest,
          'Owned',
          'a Job of this name is there that Pawl did not make, with other content; delete it, or give the hook another name',
        );
      case 'create':
        if (comesWith(manifest, desired, run)) return item('create', 'deferred');
        await run.api.apply(object, { dryRun: true }, run.signal);
        return item('create');
      case 'replace':
        // A Job that is there can only be told apart from another one by its name.
        await run.api.apply(underOtherName(object), { dryRun: true }, run.signal);
        return item('recreate');
    }
  } catch (error) {
    if (error instanceof ApiError) return { kind: 'refused', refusal: refusalOf(id, error) };
    throw error;
  }
}

/** As Pawl, who looks at pods while a release is in flight. */
async function podsOf(run: Run, job: KubeObject): Promise<PodsRead> {
  const query = { gvk: POD, namespace: job.metadata.namespace, labelSelector: podSelector(job) };
  try {
    return await run.ctx.cluster.as(undefined).list(query, run.signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return 'unreadable';
    throw error;
  }
}

/** Makes it, where there is something to make. What it returns is to be waited for. */
export async function startHook(
  run: Run,
  started: HookRelease,
  manifest: Manifest,
  desired: readonly Manifest[],
): Promise<{ kind: 'done' } | { kind: 'started'; change: Change } | { kind: 'refused'; refusal: Refusal }> {
  const planned = await planHook(run, started, manifest, desired);
  if (planned.kind !== 'item') return planned;
  const { changes, refusals } = await applyStages(run, [[planned.item]]);
  const [refusal] = refusals;
  if (refusal !== undefined) return { kind: 'refused', refusal };
  const [change] = changes;
  if (change === undefined) throw new Error('a hook was applied and nothing came of it');
  return { kind: 'started', change };
}

/**
 * For how long a former run may still hold the release up, ms: all in all for as long as a release may take that it
 * would have been a part of. Counted from when the release that meets it was begun first, whoever takes that up again.
 */
export function restOfWaitMs(startedAt: number, now: number, timeoutMs: number): number {
  return Math.min(Math.max(startedAt + timeoutMs - now, 0), timeoutMs);
}

function refuse(
  { id }: Manifest,
  kind: Refusal['kind'],
  message: string,
  retryAfterMs?: number,
): PlannedHook {
  return { kind: 'refused', refusal: { id, kind, message, retryAfterMs } };
}

/** Its namespace is made by this very commit, so that the server cannot judge it yet. */
function comesWith({ id }: Manifest, desired: readonly Manifest[], run: Run): boolean {
  const namespace = desired.find(
    (one) => one.id.group === '' && one.id.kind === 'Namespace' && one.id.name === id.namespace,
  );
  return namespace !== undefined && run.ctx.members.get(namespace.id) === undefined;
}

async function isSameSpec(run: Run, object: KubeObject, live: KubeObject): Promise<boolean> {
  try {
    const answer = await run.api.apply(object, { dryRun: true }, run.signal);
    return JSON.stringify(answer.spec) === JSON.stringify(live.spec);
  } catch (error) {
    // Refused for a field that cannot be changed, or for any other reason, which the next dry-run tells.
    if (error instanceof ApiError && error.status < 500 && error.status > 0) return false;
    throw error;
  }
}
