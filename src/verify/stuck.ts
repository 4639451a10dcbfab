// Pods that hold up their StatefulSet though its template was replaced (kubernetes#67250): its controller waits for
// the pod to become ready before it replaces it, and the pod, of the template that was replaced, never will.

import { gvkOf, type KubeObject } from '../model/object.ts';
import { at, listAt, numberIn, textIn, timeIn } from './fields.ts';
import { isObserved, type RelatedIndex } from './owners.ts';
import { isReady } from './pod.ts';

/** A kubelet says within a moment of a pod's start that it is not ready; a later "not ready" followed a "ready". ms */
const SAYS_UNREADY_WITHIN_MS = 5_000;

/**
 * Those that the set's own update would replace next, if it did not wait for them: of another revision than the one
 * it updates to, not kept back by a partition, never ready, and not merely slow. Only of sets that go pod by pod (OrderedReady).
 */
export function stuckPods(object: KubeObject | undefined, index: RelatedIndex): KubeObject[] {
  if (object === undefined || !goesPodByPod(object) || !isObserved(object)) return [];
  const updateRevision = textIn(at(object, 'status'), 'updateRevision');
  if (updateRevision === '' || object.metadata.deletionTimestamp !== undefined) return [];
  const pods = index.podsOf(object.metadata.uid);
  const proved = provedRevision(object, pods);
  const partition = numberIn(at(object, 'spec', 'updateStrategy', 'rollingUpdate'), 'partition') ?? 0;
  return pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      ordinalOf(pod, object) >= partition &&
      isOfAnother(pod, updateRevision) &&
      revisionOf(pod) !== proved &&
      hasNeverBeenReady(pod),
  );
}

/** The revision that was rolled out last, if a pod of it is ready: another pod of it is slow, and not broken. */
function provedRevision(object: KubeObject, pods: readonly KubeObject[]): string | undefined {
  const currentRevision = textIn(at(object, 'status'), 'currentRevision');
  return pods.some((pod) => revisionOf(pod) === currentRevision && isReady(pod))
    ? currentRevision
    : undefined;
}

function goesPodByPod(object: KubeObject): boolean {
  const { kind, group } = gvkOf(object);
  if (kind !== 'StatefulSet' || group !== 'apps') return false;
  const strategy = textIn(at(object, 'spec', 'updateStrategy'), 'type') || 'RollingUpdate';
  const policy = textIn(at(object, 'spec'), 'podManagementPolicy') || 'OrderedReady';
  return strategy === 'RollingUpdate' && policy === 'OrderedReady';
}

function isOfAnother(pod: KubeObject, revision: string): boolean {
  const own = revisionOf(pod);
  return own !== '' && own !== revision;
}

function revisionOf(pod: KubeObject): string {
  return pod.metadata.labels?.['controller-revision-hash'] ?? '';
}

/** -1 for a name that no StatefulSet gives: such a pod is left alone. */
function ordinalOf(pod: KubeObject, object: KubeObject): number {
  const { name } = object.metadata;
  const rest = pod.metadata.name.startsWith(`${name}-`) ? pod.metadata.name.slice(name.length + 1) : '';
  return /^\d{1,9}$/.test(rest) ? Number(rest) : -1;
}

/** By the server's own times; a pod that nobody has started was never ready either. */
function hasNeverBeenReady(pod: KubeObject): boolean {
  if (isReady(pod)) return false;
  const ready = listAt(pod, 'status', 'conditions').find(({ type }) => type === 'Ready');
  const startMs = timeIn(at(pod, 'status'), 'startTime');
  if (ready === undefined) return true;
  const unreadyMs = timeIn(ready, 'lastTransitionTime');
  if (startMs === undefined || unreadyMs === undefined) return startMs === undefined;
  return unreadyMs - startMs <= SAYS_UNREADY_WITHIN_MS;
}
