// cert-manager. A Certificate that could not be issued is tried again by its controller, after an hour at first; why
// it could not is mostly a matter of DNS, limits and authorities, so no commit is blamed for that. A request that was
// denied, or is invalid, will not be taken by waiting. (Issuers follow the generic rule.)

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { current, failed, inProgress } from './answers.ts';
import { type ConditionView, conditionOf } from './fields.ts';

export function certificateHealth(object: KubeObject): Health {
  const issuing = conditionOf(object, 'Issuing');
  if (issuing?.status === 'True') return inProgress('Issuing', issuing.message || 'is being issued');
  const ready = conditionOf(object, 'Ready');
  if (ready === undefined || isOld(ready, object)) {
    return inProgress('NotObserved', 'its controller has not seen it yet');
  }
  if (ready.status === 'True') return current(ready.message || 'issued');
  if (issuing?.status === 'False' && issuing.reason === 'Failed') {
    return failed('IssuanceFailed', issuing.message || 'could not be issued');
  }
  return inProgress('NotIssued', ready.message || 'is not issued yet');
}

export function certificateRequestHealth(object: KubeObject): Health {
  if (conditionOf(object, 'Denied')?.status === 'True') {
    return failed('RequestDenied', conditionOf(object, 'Denied')?.message || 'was denied');
  }
  if (conditionOf(object, 'InvalidRequest')?.status === 'True') {
    return failed('InvalidRequest', conditionOf(object, 'InvalidRequest')?.message || 'is invalid');
  }
  const ready = conditionOf(object, 'Ready');
  if (ready?.status === 'True') return current(ready.message || 'issued');
  return ready?.reason === 'Failed'
    ? failed('IssuanceFailed', ready.message)
    : inProgress('NotIssued', ready?.message || 'is not issued yet');
}

function isOld(condition: ConditionView, { metadata: { generation } }: KubeObject): boolean {
  const { observedGeneration } = condition;
  return observedGeneration !== undefined && generation !== undefined && observedGeneration < generation;
}
