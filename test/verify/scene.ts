// A small cluster in memory for the tests of judging: a Deployment with its ReplicaSets and pods, and how each
// of them stands. Only plain data, as a control plane would show it.

import type { Manifest } from '../../src/model/manifest.ts';
import { gvkOf, idOf, type KubeObject, keyOf } from '../../src/model/object.ts';
import { SIGNALS, type SignalName } from '../../src/model/signal.ts';
import type { Threshold } from '../../src/model/settings.ts';
import { type Judged, type JudgeInput, judge } from '../../src/verify/judge.ts';
import type { RelatedObjects } from '../../src/verify/owners.ts';
import type { Watched } from '../../src/verify/watched.ts';

export const NOW = Date.parse('2026-11-01T10:01:00Z');
const CREATED = '2026-11-01T10:00:00Z';
const THRESHOLDS: Record<SignalName, Threshold> = SIGNALS;

export const settings: JudgeInput['settings'] = { timeoutMs: 300_000, soakMs: 0, thresholds: THRESHOLDS };

export function manifestOf(object: KubeObject, hash = 'h'): Manifest {
  const id = idOf(object);
  return {
    id,
    key: keyOf(id),
    gvk: gvkOf(object),
    object,
    origin: { file: 'deploy/app.yaml', document: 1, line: 1 },
    hash,
    stage: 0,
    policy: { prune: 'Default', rollback: 'Default', recreate: false, ignoreFields: [] },
  };
}

export function watch(live: KubeObject, more: Partial<Watched> = {}): Watched {
  return { manifest: manifestOf(live), live, changed: true, ...more };
}

function template(image: string, hash?: string) {
  const labels = hash === undefined ? { app: 'web' } : { app: 'web', 'pod-template-hash': hash };
  return { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } };
}

/** A Deployment in the middle of a rollout, unless `ready` says that all of its pods are. */
export function deployment(
  has: {
    name?: string;
    image?: string;
    replicas?: number;
    ready?: number;
    updated?: number;
    old?: number;
  } = {},
): KubeObject {
  const { name = 'web', image = 'web:2', replicas = 3, ready = 0, updated = replicas, old = 0 } = has;
  const isDone = ready >= replicas && updated >= replicas && old === 0;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, generation: 2 },
    spec: { replicas, progressDeadlineSeconds: 600, template: template(image) },
    status: {
      observedGeneration: 2,
      replicas: updated + old,
      updatedReplicas: updated,
      readyReplicas: ready,
      availableReplicas: ready,
      conditions: [
        { type: 'Available', status: isDone ? 'True' : 'False', reason: 'Test' },
        {
          type: 'Progressing',
          status: 'True',
          reason: isDone ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
          lastUpdateTime: CREATED,
        },
      ],
    },
  };
}

export function replicaSet(
  name: string,
  has: { of?: string; image?: string; created?: string; replicas?: number; conditions?: object[] } = {},
): KubeObject {
  const { of = 'web', image = 'web:2', created = CREATED, replicas = 3, conditions = [] } = has;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      generation: 1,
      creationTimestamp: created,
      ownerReferences: [owner('apps/v1', 'Deployment', of)],
    },
    spec: { replicas: 3, template: template(image, name) },
    status: { observedGeneration: 1, replicas, conditions },
  };
}

export function owner(apiVersion: string, kind: string, name: string) {
  return { apiVersion, kind, name, uid: `uid-${name}`, controller: true };
}

/** A copy of `like` (a pod of a fixture) under another name and owner. */
export function podLike(
  like: KubeObject,
  name: string,
  of: string,
  labels: Record<string, string> = {},
): KubeObject {
  return {
    ...like,
    metadata: {
      ...like.metadata,
      name,
      uid: `uid-${name}`,
      labels,
      ownerReferences: [owner('apps/v1', 'ReplicaSet', of)],
    },
  };
}

export function readyPod(name: string, of: string, image = 'web:2'): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      creationTimestamp: CREATED,
      ownerReferences: [owner('apps/v1', 'ReplicaSet', of)],
    },
    spec: { containers: [{ name: 'web', image }] },
    status: {
      phase: 'Running',
      startTime: CREATED,
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: CREATED }],
      containerStatuses: [
        { name: 'web', ready: true, restartCount: 0, state: { running: { startedAt: CREATED } } },
      ],
    },
  };
}

export function eventOn(uid: string, reason: string, message: string, count = 1): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${uid}-${reason}`, namespace: 'shop', uid: `event-${uid}-${reason}-${message}` },
    involvedObject: { uid },
    type: 'Warning',
    reason,
    message,
    count,
  };
}

export const nothing: RelatedObjects = { pods: [], replicaSets: [], events: [] };

/** What is there to see, from some second on. */
export interface Moment {
  atMs: number;
  objects: readonly Watched[];
  related?: Partial<RelatedObjects>;
  checks?: JudgeInput['checks'];
  hooks?: JudgeInput['hooks'];
}

/** Judges one moment after the other, as long as the judgement is to wait; the last judgement is the answer. */
export function watchAll(
  moments: readonly Moment[],
  more: Partial<JudgeInput['settings']> = {},
): Judged & { atMs: number } {
  let memory: JudgeInput['memory'];
  let last: (Judged & { atMs: number }) | undefined;
  for (const { atMs, objects, related, checks, hooks } of moments) {
    const judged = judge({
      objects,
      related: { ...nothing, ...related },
      checks,
      hooks,
      settings: { ...settings, ...more },
      elapsedMs: atMs,
      memory,
      now: NOW + atMs,
    });
    memory = judged.memory;
    last = { ...judged, atMs };
    if (judged.judgement.kind !== 'waiting') break;
  }
  if (last === undefined) throw new Error('there was nothing to judge');
  return last;
}
