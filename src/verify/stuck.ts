// Pods that hold up their StatefulSet though its template was replaced (kubernetes#67250): its controller waits for
// the pod to become ready before it replaces it, and the pod, of the template that was replaced, never will.

import { gvkOf, type KubeObject } from '../model/object.ts';
import { at, listAt, numberIn, textIn, timeIn } from './fields.ts';
import { isObserved, type RelatedIndex } from './owners.ts';
import { isReady } from './pod.ts';

/** A kubelet says within a moment of a pod's start that it is not ready; a later "not ready" followed a "ready". ms */
const SAYS_UNREADY_WITHIN_MS = 5_000;

/** A pod that shows no sign of failure is given this long from its making: nearly all are ready by then. ms */
const LEAST_AGE_MS = 15_000;

export interface StuckPod {
  pod: KubeObject;
  /** When it may be deleted, if it stays as it is; 0: now. */
  inMs: number;
}

/**
 * Those that the set's own update would replace next, if it did not wait for them: of another revision than the one
 * it updates to, not kept back by a partition, and never ready. Of the revision that was rolled out last, which has
 * been ready once, only those that show that they fail: any other may be at work, as a database that reads its log
 * after it was moved. Only of sets that go pod by pod (OrderedReady). `now`: wall clock, ms.
 */
export function stuckPods(object: KubeObject | undefined, index: RelatedIndex, now: number): StuckPod[] {
  if (object === undefined || !goesPodByPod(object) || !isObserved(object)) return [];
  const { updateRevision, currentRevision } = revisionsOf(object);
  if (updateRevision === '' || object.metadata.deletionTimestamp !== undefined) return [];
  const partition = numberIn(at(object, 'spec', 'updateStrategy', 'rollingUpdate'), 'partition') ?? 0;
  return index.podsOf(object.metadata.uid).flatMap((pod) => {
    const isHeldUp =
      pod.metadata.deletionTimestamp === undefined &&
      ordinalOf(pod, object) >= partition &&
      isOfAnother(pod, updateRevision) &&
      hasNeverBeenReady(pod);
    if (!isHeldUp) return [];
    if (cannotStart(pod)) return [{ pod, inMs: 0 }];
    const madeMs = timeIn(at(pod, 'metadata'), 'creationTimestamp');
    if (madeMs === undefined || currentRevision === '' || revisionOf(pod) === currentRevision) return [];
    return [{ pod, inMs: Math.max(madeMs + LEAST_AGE_MS - now, 0) }];
  });
}

function revisionsOf(object: KubeObject): { updateRevision: string; currentRevision: string } {
  const status = at(object, 'status');
  return {
    updateRevision: textIn(status, 'updateRevision'),
    currentRevision: textIn(status, 'currentRevision'),
  };
}

/** What a container that fails waits with (kubelet), pulls and configuration included. */
const FAILING: ReadonlySet<string> = new Set([
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'ErrImageNeverPull',
  'ErrImagePull',
  'ImageInspectError',
  'ImagePullBackOff',
  'InvalidImageName',
  'RegistryUnavailable',
  'RunContainerError',
  'SignatureValidationFailed',
]);

/** Nothing of it runs: a container fails, or no node has taken it. */
function cannotStart(pod: KubeObject): boolean {
  const status = at(pod, 'status');
  const containers = [...listAt(status, 'initContainerStatuses'), ...listAt(status, 'containerStatuses')];
  if (containers.some((container) => FAILING.has(textIn(at(container, 'state', 'waiting'), 'reason'))))
    return true;
  return textIn(at(pod, 'spec'), 'nodeName') === '' && containers.length === 0;
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
