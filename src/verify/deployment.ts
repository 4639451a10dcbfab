// Deployment: all pods are of the new template, none of an old one is left, and they are available.

import type { Health } from '../model/health.ts';
import { NOT_KNOWN } from '../model/baseline.ts';
import { gvkOf, type KubeObject } from '../model/object.ts';
import { type HealthContext, current, failed, inProgress, suspended } from './answers.ts';
import { at, conditionOf, countIn, numberIn } from './fields.ts';

/** The value that stands for "no deadline", by which the controller writes no Progressing condition. */
const NO_DEADLINE = 2_147_483_647;

export function deploymentHealth(object: KubeObject, context: HealthContext): Health {
  const spec = at(object, 'spec');
  const status = at(object, 'status');
  if (spec.paused === true) return suspended('its rollout is paused');
  if (numberIn(status, 'observedGeneration') === undefined) {
    return inProgress('NotObserved', 'its controller has not seen it yet');
  }
  const wanted = numberIn(spec, 'replicas') ?? 1;
  const rollout = rolloutOf(object, wanted);
  // Ready beats failed: with all pods there, the condition only lags.
  if (rollout !== undefined && rollout.reason !== 'NotComplete' && isStalled(object, context)) {
    return failed('ProgressDeadlineExceeded', `no progress before its deadline: ${rollout.message}`);
  }
  return rollout ?? current(`${wanted} of ${wanted} pods ready`);
}

/** What is missing, undefined once nothing is. */
function rolloutOf(object: KubeObject, wanted: number): Health | undefined {
  const status = at(object, 'status');
  const total = countIn(status, 'replicas');
  const updated = countIn(status, 'updatedReplicas');
  const ready = countIn(status, 'readyReplicas');
  const available = countIn(status, 'availableReplicas');
  const old = Math.max(total - updated, 0);
  const summary =
    `${updated} of ${wanted} pods updated, ${ready} ready` + (old > 0 ? `, ${old} old to be replaced` : '');
  if (updated < wanted) return inProgress('PodsNotUpdated', summary);
  if (total > wanted) return inProgress('OldPodsRemain', summary);
  if (ready < wanted) return inProgress('PodsNotReady', summary);
  if (available < updated) return inProgress('PodsNotAvailable', `${summary}, ${available} available`);
  if (hasDeadline(object) && conditionOf(object, 'Progressing')?.reason !== 'NewReplicaSetAvailable') {
    return inProgress('NotComplete', `${summary}, its controller has not called it complete yet`);
  }
  if (conditionOf(object, 'Available')?.status !== 'True') {
    return inProgress('MinimumReplicasUnavailable', summary);
  }
  return undefined;
}

function hasDeadline(object: KubeObject): boolean {
  const deadline = numberIn(at(object, 'spec'), 'progressDeadlineSeconds');
  return deadline !== undefined && deadline !== NO_DEADLINE;
}

/**
 * A revert that gives the Deployment its former template leaves `Progressing` as it was until replicas move,
 * with observedGeneration already current: with the update time it had before the apply, it is old news.
 */
function isStalled(object: KubeObject, context: HealthContext): boolean {
  const since = stalledSinceOf(object);
  return since !== undefined && since !== context.stalledSince && context.stalledSince !== NOT_KNOWN;
}

/** `lastUpdateTime` of Progressing where it says ProgressDeadlineExceeded. */
export function stalledSinceOf(object: KubeObject): string | undefined {
  const { group, kind } = gvkOf(object);
  if (kind !== 'Deployment' || group !== 'apps') return undefined;
  const progressing = conditionOf(object, 'Progressing');
  return progressing?.reason === 'ProgressDeadlineExceeded' ? progressing.lastUpdateTime : undefined;
}
