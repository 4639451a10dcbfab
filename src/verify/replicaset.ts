// ReplicaSet (one that a repository holds itself). ReplicaFailure is no verdict at once: quota and webhooks
// come back, so the thresholds of the signs decide.

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { current, inProgress } from './answers.ts';
import { at, conditionOf, countIn, numberIn } from './fields.ts';

export function replicaSetHealth(object: KubeObject): Health {
  const status = at(object, 'status');
  if (numberIn(status, 'observedGeneration') === undefined) {
    return inProgress('NotObserved', 'its controller has not seen it yet');
  }
  const wanted = numberIn(at(object, 'spec'), 'replicas') ?? 1;
  const total = countIn(status, 'replicas');
  const ready = countIn(status, 'readyReplicas');
  const summary = `${ready} of ${wanted} pods ready`;
  if (conditionOf(object, 'ReplicaFailure')?.status === 'True') return inProgress('ReplicaFailure', summary);
  if (total > wanted) return inProgress('OldPodsRemain', `${summary}, ${total - wanted} to go`);
  if (ready < wanted) return inProgress('PodsNotReady', summary);
  if (countIn(status, 'availableReplicas') < wanted) return inProgress('PodsNotAvailable', summary);
  return current(summary);
}
