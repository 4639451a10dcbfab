// Flagger. Canary: `status.phase`. The Deployment it watches over is scaled to zero between two analyses, and so is
// ready at once; whether its new template is any good is the Canary's word. The Canary does not say which generation
// it speaks of, but a hash of the template that it took up last (delivery.ts).

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { type HealthContext, current, failed, inProgress, suspended } from './answers.ts';
import { isNotTakenUp, isOldNews } from './delivery.ts';
import { at, conditionOf, textIn, word } from './fields.ts';

export function canaryHealth(object: KubeObject, context: HealthContext): Health {
  if (at(object, 'spec').suspend === true) return suspended('its analysis is suspended');
  const status = at(object, 'status');
  const phase = textIn(status, 'phase');
  if (phase === '' || isNotTakenUp(object, context)) {
    return inProgress('NotObserved', 'Flagger has not seen the change yet');
  }
  const message = conditionOf(object, 'Promoted')?.message ?? '';
  switch (phase) {
    case 'Initialized':
    case 'Succeeded':
      return current(message || 'promoted');
    case 'Failed':
      // Given its former template back, Flagger analyses nothing and leaves the phase as it was.
      return isOldNews(object, context) && textIn(status, 'lastPromotedSpec') !== ''
        ? current('rolled back to what was promoted last', 'RolledBack')
        : failed('CanaryFailed', message || 'its analysis has failed');
    case 'Waiting':
    case 'WaitingPromotion':
      return inProgress('AwaitingPromotion', message || 'waits until somebody approves it');
    default:
      return inProgress(word(phase, 'Progressing'), message || 'is being analysed');
  }
}
