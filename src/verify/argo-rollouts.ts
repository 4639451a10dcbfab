// Argo Rollouts. Rollout: `status.phase`, which its controller keeps; the observed generation is a text there, and
// was a hash before 1.0. A Rollout that stands at a step until somebody promotes it is in progress, not ready: what
// it has not rolled out yet has not been proved. Before 1.1 there is no phase, and nothing to go by.

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { type HealthContext, current, failed, inProgress, suspended } from './answers.ts';
import { isNotTakenUp, isOldNews } from './delivery.ts';
import { at, conditionOf, textIn, word } from './fields.ts';

export function rolloutHealth(object: KubeObject, context: HealthContext): Health {
  const status = at(object, 'status');
  if (at(object, 'spec').paused === true) return suspended('its rollout is paused');
  const phase = textIn(status, 'phase');
  if (phase === '' || !isObserved(object) || isNotTakenUp(object, context)) {
    return inProgress('NotObserved', 'its controller has not seen the change yet');
  }
  const message = textIn(status, 'message');
  const invalid = conditionOf(object, 'InvalidSpec');
  if (invalid?.status === 'True') return failed('InvalidSpec', invalid.message);
  switch (phase) {
    case 'Healthy':
      return current('rolled out');
    case 'Degraded':
      return isOldNews(object, context)
        ? inProgress('NotObserved', 'its controller has not seen the change yet')
        : failed(reasonOf(object), message || 'is degraded');
    case 'Paused':
      return inProgress('AwaitingPromotion', message || 'stands at a step until somebody promotes it');
    default:
      return inProgress('Progressing', message || 'is being rolled out');
  }
}

/** Numbers are compared as such; a hash, or a number above any generation, is of an old version and proves nothing. */
function isObserved(object: KubeObject): boolean {
  const observed = textIn(at(object, 'status'), 'observedGeneration');
  const { generation } = object.metadata;
  if (generation === undefined || !/^\d{1,15}$/.test(observed)) return true;
  return Number(observed) >= generation;
}

function reasonOf(object: KubeObject): string {
  if (at(object, 'status').abort === true) return 'RolloutAborted';
  return word(conditionOf(object, 'Progressing')?.reason ?? '', 'Degraded');
}
