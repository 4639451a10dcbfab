// A pod whose node has gone quiet. That shows in the pod itself, so nodes need not be read.

import type { Sign } from '../../model/health.ts';
import type { KubeObject } from '../../model/object.ts';
import { at, conditionOf, listAt, textIn, timeIn } from '../fields.ts';

/** A kubelet takes a pod within seconds; after this long there is none, ms. */
const TAKEN_AFTER_MS = 60_000;

export function nodeLostSign(pod: KubeObject, now: number): Sign | undefined {
  if (!wasGivenUp(pod) && !isNotTaken(pod, now)) return undefined;
  return {
    signal: 'NodeLost',
    reason: 'NodeLost',
    evidence: 'NodeLost',
    blames: 'surroundings',
    at: `Pod/${pod.metadata.name}`,
    sinceMs: now,
    count: 1,
  };
}

/**
 * The node controller sets `Ready` of such pods to False and leaves the rest as the kubelet last wrote it: all
 * containers ready, all gates open, and yet not ready.
 */
function wasGivenUp(pod: KubeObject): boolean {
  if (conditionOf(pod, 'Ready')?.status !== 'False') return false;
  if (conditionOf(pod, 'ContainersReady')?.status !== 'True') return false;
  const gates = listAt(pod, 'spec', 'readinessGates').map((gate) => textIn(gate, 'conditionType'));
  return gates.every((gate) => conditionOf(pod, gate)?.status === 'True');
}

/** Scheduled, and no kubelet has begun with it. Our clock is compared with the server's, but blames no commit. */
function isNotTaken(pod: KubeObject, now: number): boolean {
  if (textIn(at(pod, 'spec'), 'nodeName') === '') return false;
  if (timeIn(at(pod, 'status'), 'startTime') !== undefined) return false;
  const scheduled = listAt(pod, 'status', 'conditions').find(
    (condition) => condition.type === 'PodScheduled' && condition.status === 'True',
  );
  const sinceMs = scheduled === undefined ? undefined : timeIn(scheduled, 'lastTransitionTime');
  return sinceMs !== undefined && now - sinceMs > TAKEN_AFTER_MS;
}
