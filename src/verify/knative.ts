// Knative (Service, Configuration, Revision, Route of serving.knative.dev). `Ready` is True, Unknown while it may
// still become so, and False once it has failed; `observedGeneration` says of which generation it speaks. Conditions
// of severity Info or Warning have no part in it.

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { current, failed, inProgress } from './answers.ts';
import { at, conditionOf, numberIn, word } from './fields.ts';

export function knativeHealth(object: KubeObject): Health {
  const ready = conditionOf(object, 'Ready');
  if (ready === undefined || numberIn(at(object, 'status'), 'observedGeneration') === undefined) {
    return inProgress('NotObserved', 'its controller has not seen it yet');
  }
  switch (ready.status) {
    case 'True':
      return current(ready.message || 'ready');
    case 'False':
      return failed(word(ready.reason, 'NotReady'), ready.message || 'says that it has failed');
    default:
      return inProgress(word(ready.reason, 'NotReady'), ready.message || 'is not ready yet');
  }
}
