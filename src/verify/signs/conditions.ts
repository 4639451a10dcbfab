// Signs in the conditions of the object itself, of its new ReplicaSet, and of its pods.

import type { Health, Sign } from '../../model/health.ts';
import { gvkOf, type KubeObject } from '../../model/object.ts';
import { SIGNALS, type SignalName } from '../../model/signal.ts';
import { conditionOf, timeIn, at, listAt } from '../fields.ts';
import { createMeaning, failureMeaning, type Meaning } from './messages.ts';

/** Health reasons that are signs by their own name; every other failure an object tells of is `Stalled`. */
const OWN_NAME: ReadonlySet<string> = new Set([
  'ProgressDeadlineExceeded',
  'NamesNotAccepted',
  'PodFailed',
  'VolumeLost',
  'IssuanceFailed',
]);

/** Waited for, and nothing a commit could do about it. */
const PENDING: ReadonlySet<string> = new Set([
  'AddressPending',
  'VolumePending',
  'AwaitingPromotion',
  'RuleNotEvaluated',
]);

/** Failures that the surroundings are to blame for. */
const OF_SURROUNDINGS: ReadonlySet<string> = new Set(['VolumeLost', 'IssuanceFailed']);

/** The failure (or the endless waiting) that the object's own status tells of. */
export function healthSign(object: KubeObject, health: Health, now: number): Sign | undefined {
  const where = `${object.kind}/${object.metadata.name}`;
  const base = { reason: health.reason, at: where, sinceMs: now, count: 1 };
  if (health.status === 'InProgress' && PENDING.has(health.reason)) {
    const signal = health.reason as SignalName;
    return { ...base, signal, evidence: health.reason, blames: 'surroundings' };
  }
  if (health.status !== 'Failed') return undefined;
  const told = toldMeaning(object, health);
  if (told !== undefined) {
    const { signal, blames, words } = told;
    const evidence = words === '' ? health.reason : `${health.reason}, ${words}`;
    // The controller has tried before it said so.
    return { ...base, signal, evidence, blames, count: SIGNALS[signal].count };
  }
  const signal = signalOf(object, health);
  const evidence =
    signal === 'JobFailed' && health.reason !== signal ? `JobFailed, ${health.reason}` : health.reason;
  return {
    ...base,
    signal,
    evidence,
    blames: OF_SURROUNDINGS.has(health.reason) ? 'surroundings' : 'commit',
  };
}

/** Of those that pass on, as a failure of their own, whatever befell what they have made. */
function toldMeaning(object: KubeObject, { reason, message }: Health): Meaning | undefined {
  const { group, kind } = gvkOf(object);
  // By a rule of the App, or of its own: no words to read.
  if (reason === 'Stalled' || reason === 'InvalidSpec') return undefined;
  if (group === 'serving.knative.dev') return failureMeaning(message);
  if (group !== 'argoproj.io' || kind !== 'Rollout') return undefined;
  const meaning = failureMeaning(message);
  return meaning.blames === 'surroundings' || reason === 'Degraded' ? meaning : undefined;
}

function signalOf(object: KubeObject, health: Health): SignalName {
  if (object.kind === 'Job' && object.apiVersion.startsWith('batch/')) return 'JobFailed';
  return OWN_NAME.has(health.reason) && Object.hasOwn(SIGNALS, health.reason)
    ? (health.reason as SignalName)
    : 'Stalled';
}

/** Read on the new ReplicaSet: the Deployment's own condition may come from an old one. */
export function replicaFailureSign(replicaSet: KubeObject, now: number): Sign | undefined {
  const condition = conditionOf(replicaSet, 'ReplicaFailure');
  if (condition?.status !== 'True') return undefined;
  const meaning = createMeaning(condition.message);
  return {
    signal: meaning.signal,
    reason: 'FailedCreate',
    evidence: `FailedCreate, ${meaning.words}`,
    blames: meaning.blames,
    at: `ReplicaSet/${replicaSet.metadata.name}`,
    sinceMs: now,
    count: 1,
  };
}

/** No node takes the pod. Capacity is the cluster's, so no commit is blamed. */
export function unschedulableSign(pod: KubeObject, now: number): Sign | undefined {
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined;
  const found = listAt(at(pod, 'status'), 'conditions').find(
    (condition) => condition.type === 'PodScheduled',
  );
  return {
    signal: 'Unschedulable',
    reason: 'Unschedulable',
    evidence: 'Unschedulable',
    blames: 'surroundings',
    at: `Pod/${pod.metadata.name}`,
    sinceMs: (found === undefined ? undefined : timeIn(found, 'lastTransitionTime')) ?? now,
    count: 1,
  };
}
