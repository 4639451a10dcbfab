// Service: a LoadBalancer needs an address; all others are ready at once.

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { current, inProgress } from './answers.ts';
import { at, listAt, textIn } from './fields.ts';

export function serviceHealth(object: KubeObject): Health {
  if (textIn(at(object, 'spec'), 'type') !== 'LoadBalancer') return current();
  return listAt(object, 'status', 'loadBalancer', 'ingress').length > 0
    ? current('has an address')
    : inProgress('AddressPending', 'its load balancer has no address yet');
}
