// Job: it has completed, or it has failed. kstatus calls it Current as soon as it starts.

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { current, failed, inProgress, suspended } from './answers.ts';
import { at, conditionOf, countIn, word } from './fields.ts';

export function jobHealth(object: KubeObject): Health {
  if (conditionOf(object, 'Complete')?.status === 'True') return current('has completed');
  const failure = conditionOf(object, 'Failed');
  if (failure?.status === 'True') return failed(word(failure.reason, 'JobFailed'), failure.message);
  if (at(object, 'spec').suspend === true) return suspended('is suspended');
  const status = at(object, 'status');
  return inProgress(
    'JobRunning',
    `${countIn(status, 'active')} pods active, ${countIn(status, 'succeeded')} succeeded, ${countIn(status, 'failed')} failed`,
  );
}
