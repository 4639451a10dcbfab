// StatefulSet: every pod that its strategy updates is of the new revision and ready.

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { current, inProgress } from './answers.ts';
import { at, countIn, numberIn, textIn } from './fields.ts';

export function statefulSetHealth(object: KubeObject): Health {
  const spec = at(object, 'spec');
  const status = at(object, 'status');
  if (numberIn(status, 'observedGeneration') === undefined) {
    return inProgress('NotObserved', 'its controller has not seen it yet');
  }
  const wanted = numberIn(spec, 'replicas') ?? 1;
  const total = countIn(status, 'replicas');
  const updated = countIn(status, 'updatedReplicas');
  const ready = countIn(status, 'readyReplicas');
  const summary = `${updated} of ${wanted} pods updated, ${ready} ready`;
  if (total > wanted) return inProgress('OldPodsRemain', `${summary}, ${total - wanted} to go`);
  if (ready < wanted) return inProgress('PodsNotReady', summary);
  if (countIn(spec, 'minReadySeconds') > 0 && countIn(status, 'availableReplicas') < wanted) {
    return inProgress('PodsNotAvailable', summary);
  }
  // People delete the pods themselves, when they choose to.
  if (textIn(at(spec, 'updateStrategy'), 'type') === 'OnDelete') return current(`${wanted} pods ready`);
  const partition = countIn(at(spec, 'updateStrategy', 'rollingUpdate'), 'partition');
  if (partition > 0) {
    if (updated < wanted - partition) return inProgress('PodsNotUpdated', summary);
    return current(`${updated} of ${wanted} pods updated, as its partition says`);
  }
  if (textIn(status, 'currentRevision') !== textIn(status, 'updateRevision')) {
    return inProgress('PodsNotUpdated', summary);
  }
  return current(`${wanted} of ${wanted} pods ready`);
}
