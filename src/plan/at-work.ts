// Whether a Job is at work: what it has begun must not be ended half way. Pure.
// 1. A Job's counts do not tell: `ready` is 0 while a container of a pod's preparation runs, and for the first moments
//    of every pod. Its pods do.
// 2. At work is a pod of which a container runs, or has ended and the pod goes on: between two of its containers it
//    is half through. One that waits to be started for the first time, or to be started again after a failure, is not:
//    a misspelt image would block its own correction.
// 3. What cannot be known counts as work: a pod on a node that has not said a word of it, a pod that was not read.

import { conditionIs } from '../model/conditions.ts';
import type { KubeObject } from '../model/object.ts';

/** Undefined: not read yet. */
export type PodsRead = readonly KubeObject[] | 'unreadable' | undefined;

export function isAtWork(job: KubeObject, pods: PodsRead): boolean {
  if (conditionIs(job, 'Complete', 'True') || conditionIs(job, 'Failed', 'True')) return false;
  if (pods === undefined) return true;
  const { active } = (job.status ?? {}) as { active?: unknown };
  const alive = typeof active === 'number' ? active : 0;
  if (pods === 'unreadable') return alive > 0;
  const own = pods.filter((pod) => isOf(pod, job) && !hasEnded(pod));
  return own.length < alive || own.some(isPodAtWork);
}

/** Which pods to read: those that the Job itself selects, which the server sees to. */
export function podSelector(job: KubeObject): string | undefined {
  const { selector } = (job.spec ?? {}) as { selector?: { matchLabels?: Record<string, unknown> } };
  const pairs = Object.entries(selector?.matchLabels ?? {}).map(
    ([name, value]) => `${name}=${String(value)}`,
  );
  return pairs.length === 0 ? undefined : pairs.join(',');
}

function isOf({ metadata }: KubeObject, job: KubeObject): boolean {
  return (
    metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === job.metadata.uid) ?? false
  );
}

interface PodStatus {
  phase?: unknown;
  initContainerStatuses?: unknown;
  containerStatuses?: unknown;
}

function hasEnded(pod: KubeObject): boolean {
  const { phase } = (pod.status ?? {}) as PodStatus;
  return phase === 'Succeeded' || phase === 'Failed';
}

function isPodAtWork(pod: KubeObject): boolean {
  const { initContainerStatuses, containerStatuses } = (pod.status ?? {}) as PodStatus;
  const told = [...statuses(initContainerStatuses), ...statuses(containerStatuses)];
  const { nodeName } = (pod.spec ?? {}) as { nodeName?: unknown };
  if (told.length === 0) return typeof nodeName === 'string' && nodeName !== '';
  return told.some(({ state }) => state?.running !== undefined || state?.terminated !== undefined);
}

interface ContainerStatus {
  state?: { running?: object; terminated?: object };
}

function statuses(list: unknown): ContainerStatus[] {
  return Array.isArray(list)
    ? list.filter((one): one is ContainerStatus => typeof one === 'object' && one !== null)
    : [];
}
