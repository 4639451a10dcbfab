// PodDisruptionBudget: observed is enough; that it allows no disruption now is said, not waited for.

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { current } from './answers.ts';
import { conditionOf, word } from './fields.ts';

export function pdbHealth(object: KubeObject): Health {
  const allowed = conditionOf(object, 'DisruptionAllowed');
  if (allowed?.status === 'False') {
    return current('allows no disruption at the moment', word(allowed.reason, 'NoDisruptionAllowed'));
  }
  return current();
}
