// PersistentVolumeClaim: Bound, unless its class binds only when a pod comes: then waiting for it before the
// pod is there would wait for ever. Where the class is unknown the claim is not waited for either: a pod that
// cannot get its volume is not ready, and tells.

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { type HealthContext, current, failed, inProgress } from './answers.ts';
import { at, textIn } from './fields.ts';

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

export function pvcHealth(object: KubeObject, context: HealthContext): Health {
  switch (textIn(at(object, 'status'), 'phase')) {
    case 'Bound':
      return current('bound');
    case 'Lost':
      return failed('VolumeLost', 'its volume is lost');
    default:
      return bindsAtOnce(object, context)
        ? inProgress('VolumePending', 'no volume is bound to it yet')
        : current('binds when a pod uses it', 'WaitForFirstConsumer');
  }
}

function bindsAtOnce(object: KubeObject, context: HealthContext): boolean {
  const name =
    textIn(at(object, 'spec'), 'storageClassName') || (object.metadata.annotations?.[CLASS_ANNOTATION] ?? '');
  return context.bindingModes?.get(name) === 'Immediate';
}
