// Namespace: active.

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { current, inProgress, terminating } from './answers.ts';
import { at, textIn } from './fields.ts';

export function namespaceHealth(object: KubeObject): Health {
  switch (textIn(at(object, 'status'), 'phase')) {
    case 'Active':
      return current('active');
    case 'Terminating':
      return terminating('is being deleted');
    default:
      return inProgress('NotActive', 'not active yet');
  }
}
