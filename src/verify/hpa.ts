// HorizontalPodAutoscaler: what it cannot do at the moment is said, not waited for: without metrics it never
// could, and its target runs all the same.

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { current } from './answers.ts';
import { conditionOf, word } from './fields.ts';

export function hpaHealth(object: KubeObject): Health {
  for (const type of ['AbleToScale', 'ScalingActive']) {
    const condition = conditionOf(object, type);
    if (condition?.status === 'False') {
      return current(`${type} is False: ${condition.message}`, word(condition.reason, 'Degraded'));
    }
  }
  return current();
}
