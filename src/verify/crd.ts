// CustomResourceDefinition: the server serves its kind. Names that another definition holds are not accepted,
// and will not be by waiting.

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { current, failed, inProgress } from './answers.ts';
import { conditionOf } from './fields.ts';

export function crdHealth(object: KubeObject): Health {
  const names = conditionOf(object, 'NamesAccepted');
  if (names?.status === 'False') return failed('NamesNotAccepted', names.message);
  return conditionOf(object, 'Established')?.status === 'True'
    ? current('established')
    : inProgress('NotEstablished', 'the API server does not serve it yet');
}
