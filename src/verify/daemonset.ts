// DaemonSet: on every node that it wants, a pod of the new template that is available. With OnDelete, ready is
// enough: kstatus would wait for ever for pods that only people replace.

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { current, inProgress } from './answers.ts';
import { at, countIn, numberIn, textIn } from './fields.ts';

export function daemonSetHealth(object: KubeObject): Health {
  const status = at(object, 'status');
  const wanted = numberIn(status, 'desiredNumberScheduled');
  if (numberIn(status, 'observedGeneration') === undefined || wanted === undefined) {
    return inProgress('NotObserved', 'its controller has not seen it yet');
  }
  const updated = countIn(status, 'updatedNumberScheduled');
  const ready = countIn(status, 'numberReady');
  const summary = `${updated} of ${wanted} pods updated, ${ready} ready`;
  const onDelete = textIn(at(object, 'spec', 'updateStrategy'), 'type') === 'OnDelete';
  if (countIn(status, 'currentNumberScheduled') < wanted) return inProgress('PodsNotScheduled', summary);
  if (!onDelete && updated < wanted) return inProgress('PodsNotUpdated', summary);
  if (ready < wanted) return inProgress('PodsNotReady', summary);
  if (countIn(status, 'numberAvailable') < wanted) return inProgress('PodsNotAvailable', summary);
  return current(`${wanted} of ${wanted} pods ready`);
}
