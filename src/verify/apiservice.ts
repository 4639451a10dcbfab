// APIService: the server behind it answers.

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { current, inProgress } from './answers.ts';
import { conditionOf } from './fields.ts';

export function apiServiceHealth(object: KubeObject): Health {
  const available = conditionOf(object, 'Available');
  return available?.status === 'True'
    ? current('available')
    : inProgress('NotAvailable', available?.message || 'the server behind it has not answered yet');
}
