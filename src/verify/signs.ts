// All signs of failure of one object, read from it, its new pods, and the events about them. Whether they count
// is for thresholds.ts.

import type { Sign } from '../model/health.ts';
import { gvkOf, type KubeObject } from '../model/object.ts';
import { at, listAt, timeIn } from './fields.ts';
import { type RelatedIndex, newPods, newReplicaSet } from './owners.ts';
import { isReady } from './pod.ts';
import { healthSign, replicaFailureSign, unschedulableSign } from './signs/conditions.ts';
import { containerSigns } from './signs/containers.ts';
import type { SignContext } from './signs/context.ts';
import { viewEvent } from './signs/event-view.ts';
import { nodeLostSign } from './signs/node.ts';
import { createSigns, isScalingUp, mountSigns } from './signs/events.ts';

/** A pod that turned unready this long after its start was Ready before: a pod starts as unready. ms */
const WAS_READY_AFTER_MS = 300_000;

/** Signs at the object, one per signal and place. An object that is as desired shows none: ready beats failed. */
export function signsOf(object: KubeObject, index: RelatedIndex, context: SignContext): Sign[] {
  if (context.health.status === 'Current' || context.health.status === 'Suspended') return [];
  return distinct([
    ...present(healthSign(object, context.health, context.now)),
    ...ownerSigns(object, index, context),
    ...newPods(object, index).flatMap((pod) => podSigns(pod, object, index, context)),
  ]);
}

/** Of what creates the pods: a Deployment's new ReplicaSet, or the object itself. */
function ownerSigns(object: KubeObject, index: RelatedIndex, context: SignContext): Sign[] {
  const owner = podCreator(object, index);
  if (owner === undefined) return [];
  const events = index.eventsOf(owner.metadata.uid).map(viewEvent);
  return [
    ...present(owner.kind === 'ReplicaSet' ? replicaFailureSign(owner, context.now) : undefined),
    ...createSigns(owner, events, context.oldEvents, context.now),
  ];
}

function podCreator(object: KubeObject, index: RelatedIndex): KubeObject | undefined {
  const { group, kind } = gvkOf(object);
  switch (`${kind}.${group}`) {
    case 'Deployment.apps':
      return newReplicaSet(object, index);
    case 'ReplicaSet.apps':
    case 'StatefulSet.apps':
    case 'DaemonSet.apps':
    case 'Job.batch':
      return object;
    default:
      return undefined;
  }
}

function podSigns(pod: KubeObject, owner: KubeObject, index: RelatedIndex, context: SignContext): Sign[] {
  if (isReady(pod)) return [];
  const { uid, name } = pod.metadata;
  const events = index.eventsOf(uid).map(viewEvent);
  const place = `Pod/${name}`;
  const wasReady = uid !== undefined && context.seenReady.has(uid);
  return [
    ...present(isScalingUp(events, context.now) ? undefined : unschedulableSign(pod, context.now)),
    ...present(nodeLostSign(pod, context.now)),
    ...mountSigns(pod, events, context),
    ...containerSigns(pod, {
      at: place,
      sinceMs: timeIn(at(pod, 'status'), 'startTime') ?? context.now,
      events,
      isJob: owner.kind === 'Job',
      wasReady,
      isOld: !wasReady && turnedUnreadyLate(pod),
      wasNotFound: context.notFoundAt.has(place),
      imagesBefore: context.imagesBefore,
      isMadeByOperator: context.isMadeByOperator,
    }),
  ];
}

/** By the server's own times alone, so that no clock of ours matters. */
function turnedUnreadyLate(pod: KubeObject): boolean {
  const ready = listAt(pod, 'status', 'conditions').find((condition) => condition.type === 'Ready');
  const unreadyMs = ready === undefined ? undefined : timeIn(ready, 'lastTransitionTime');
  const startMs = timeIn(at(pod, 'status'), 'startTime');
  return unreadyMs !== undefined && startMs !== undefined && unreadyMs - startMs > WAS_READY_AFTER_MS;
}

function present(sign: Sign | undefined): Sign[] {
  return sign === undefined ? [] : [sign];
}

/** One per signal, blame and place, with the highest count. */
function distinct(signs: readonly Sign[]): Sign[] {
  const found = new Map<string, Sign>();
  for (const sign of signs) {
    const key = `${sign.at}/${sign.signal}/${sign.blames}`;
    const other = found.get(key);
    if (other === undefined || other.count < sign.count) found.set(key, sign);
  }
  return [...found.values()];
}
