// Pod (one that a repository holds itself). One that ended in failure has failed; kstatus calls it Current.

import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { current, failed, inProgress } from './answers.ts';
import { at, conditionOf, textIn } from './fields.ts';

export function podHealth(pod: KubeObject): Health {
  switch (textIn(at(pod, 'status'), 'phase')) {
    case 'Succeeded':
      return current('has completed');
    case 'Failed':
      // Evicted and the like: the cluster took it away, which says nothing about what it would have done.
      return isDisrupted(pod)
        ? inProgress('Evicted', 'was taken off its node')
        : failed('PodFailed', 'has ended in failure');
    default:
      return isReady(pod) ? current('ready') : inProgress('PodsNotReady', 'not ready');
  }
}

export function isReady(pod: KubeObject): boolean {
  return conditionOf(pod, 'Ready')?.status === 'True';
}

const DISRUPTED: ReadonlySet<string> = new Set([
  'Evicted',
  'Preempting',
  'NodeLost',
  'NodeAffinity',
  'NodeShutdown',
  'Shutdown',
  'Terminated',
  'UnexpectedAdmissionError',
]);

/** The cluster ended it: evicted, preempted, its node gone, or refused by the node it was sent to. */
export function isDisrupted(pod: KubeObject): boolean {
  const reason = textIn(at(pod, 'status'), 'reason');
  return (
    DISRUPTED.has(reason) ||
    reason.startsWith('OutOf') ||
    conditionOf(pod, 'DisruptionTarget')?.status === 'True'
  );
}
