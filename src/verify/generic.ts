// Kinds that Pawl knows nothing special about: they are ready when they say so, or say nothing.

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { current, inProgress } from './answers.ts';
import { conditionOf, word } from './fields.ts';

/** `Ready` decides where there is one; what keeps no such condition is ready once it exists. */
export function genericHealth(object: KubeObject): Health {
  const ready = conditionOf(object, 'Ready');
  if (ready === undefined) return current();
  const { generation } = object.metadata;
  const isOld =
    ready.observedGeneration !== undefined &&
    generation !== undefined &&
    ready.observedGeneration < generation;
  if (isOld) return inProgress('NotObserved', 'its Ready condition is about an older generation');
  if (ready.status === 'True') return current();
  return inProgress(word(ready.reason, 'NotReady'), ready.message || 'says that it is not ready');
}

/** What a schedule starts is judged by itself, when it runs. */
export function cronJobHealth(): Health {
  return current();
}

/** Some controllers never write an address, so there is nothing to wait for. */
export function ingressHealth(): Health {
  return current();
}
