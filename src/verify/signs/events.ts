// Signs that only events tell of. Events outlive their cause by an hour, so each rule also asks whether the
// cause can still be there.

import type { Sign } from '../../model/health.ts';
import type { KubeObject } from '../../model/object.ts';
import { at, countIn, listAt, numberIn } from '../fields.ts';
import { type EventView, sum } from './event-view.ts';
import { type Meaning, createMeaning, missingSecret, mountMeaning } from './messages.ts';

/** How long an autoscaler that said it is adding a node is given, ms. */
const SCALE_UP_MS = 600_000;

/** Pods that the owner (a ReplicaSet, StatefulSet, DaemonSet or Job) could not create. */
export function createSigns(
  owner: KubeObject,
  events: readonly EventView[],
  old: Readonly<Record<string, number>>,
  now: number,
): Sign[] {
  if (hasItsPods(owner)) return [];
  const fresh = events.filter(
    (event) => event.reason === 'FailedCreate' && event.count > (old[event.uid] ?? 0),
  );
  return byMeaning(fresh, (event) => createMeaning(event.message)).map(({ meaning, found }) => ({
    signal: meaning.signal,
    reason: 'FailedCreate',
    evidence: `FailedCreate, ${meaning.words}`,
    blames: meaning.blames,
    at: `${owner.kind}/${owner.metadata.name}`,
    sinceMs: sinceOf(found, now),
    count: sum(found),
  }));
}

function hasItsPods(owner: KubeObject): boolean {
  const spec = at(owner, 'spec');
  const status = at(owner, 'status');
  switch (owner.kind) {
    case 'DaemonSet':
      return countIn(status, 'currentNumberScheduled') >= countIn(status, 'desiredNumberScheduled');
    case 'Job':
      return countIn(status, 'active') > 0;
    default:
      return countIn(status, 'replicas') >= (numberIn(spec, 'replicas') ?? 1);
  }
}

/** Volumes that could not be mounted, while none of the pod's containers has started. */
export function mountSigns(
  pod: KubeObject,
  events: readonly EventView[],
  context: { now: number; isMadeByOperator: (secret: string) => boolean },
): Sign[] {
  if (hasStarted(pod)) return [];
  const failures = events.filter((event) => /^Failed(Mount|AttachVolume)$/.test(event.reason));
  const meaningOf = (event: EventView): Meaning | undefined => {
    const meaning = mountMeaning(event.message);
    const secret = missingSecret(event.message);
    const isAwaited = secret !== undefined && context.isMadeByOperator(secret);
    return meaning !== undefined && isAwaited ? { ...meaning, signal: 'SecretPending' } : meaning;
  };
  return byMeaning(failures, meaningOf).map(({ meaning, found }) => ({
    signal: meaning.signal,
    reason: 'FailedMount',
    evidence: `FailedMount, ${meaning.words}, ${sum(found)} times`,
    blames: meaning.blames,
    at: `Pod/${pod.metadata.name}`,
    sinceMs: sinceOf(found, context.now),
    count: sum(found),
  }));
}

function hasStarted(pod: KubeObject): boolean {
  const statuses = [
    ...listAt(pod, 'status', 'initContainerStatuses'),
    ...listAt(pod, 'status', 'containerStatuses'),
  ];
  return statuses.some((status) => {
    const state = at(status, 'state');
    return (
      Object.hasOwn(state, 'running') ||
      Object.hasOwn(state, 'terminated') ||
      countIn(status, 'restartCount') > 0
    );
  });
}

/** An autoscaler is adding a node for this pod. */
export function isScalingUp(events: readonly EventView[], now: number): boolean {
  return events.some(
    (event) => event.reason === 'TriggeredScaleUp' && now - (event.lastMs ?? now) < SCALE_UP_MS,
  );
}

/** That a readiness probe fails is shown; the deadline decides. */
export function failsReadiness(events: readonly EventView[]): boolean {
  return events.some((event) => event.reason === 'Unhealthy' && /^readiness probe/i.test(event.message));
}

function byMeaning(
  events: readonly EventView[],
  meaningOf: (event: EventView) => Meaning | undefined,
): { meaning: Meaning; found: EventView[] }[] {
  const groups = new Map<string, { meaning: Meaning; found: EventView[] }>();
  for (const event of events) {
    const meaning = meaningOf(event);
    if (meaning === undefined) continue;
    const key = `${meaning.signal}/${meaning.blames}/${meaning.words}`;
    const group = groups.get(key) ?? { meaning, found: [] };
    group.found.push(event);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function sinceOf(events: readonly EventView[], now: number): number {
  return Math.min(now, ...events.map((event) => event.firstMs ?? now));
}
