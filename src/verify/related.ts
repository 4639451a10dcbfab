// Pods, ReplicaSets and events of what a release changes, mirrored for as long as it is in flight.
// Thin: what they mean is for owners.ts and signs/.

import type { Gvk, KubeObject } from '../model/object.ts';
import type { Cluster, ListQuery, Mirror } from '../ports.ts';
import { at, listAt } from './fields.ts';
import type { RelatedObjects } from './owners.ts';
import type { Scope } from './scopes.ts';

const POD: Gvk = { group: '', version: 'v1', kind: 'Pod' };
const REPLICA_SET: Gvk = { group: 'apps', version: 'v1', kind: 'ReplicaSet' };
const EVENT: Gvk = { group: '', version: 'v1', kind: 'Event' };

/** Scale-ups are told by events of type Normal; the rest that matters here are warnings. */
const EVENT_SELECTORS = ['type=Warning', 'reason=TriggeredScaleUp'];

export interface Related {
  /** Resolves when all lists are in; rejects with the ApiError of one that will not come. */
  ready(signal: AbortSignal): Promise<void>;
  read(): RelatedObjects;
  stop(): void;
}

/** Read as Pawl itself, which may look at pods and events everywhere. `onChange` says only that something did. */
export function followRelated(cluster: Cluster, scopes: readonly Scope[], onChange: () => void): Related {
  const started: Mirror[] = [];
  const follow = (gvk: Gvk, namespace: string, selector: Partial<ListQuery>): Mirror => {
    const keep = gvk === POD ? keptOfPod : undefined;
    const mirror = cluster.follow({ gvk, namespace, ...selector, onChange, keep });
    started.push(mirror);
    return mirror;
  };
  const mirrors = scopes.map(({ namespace, selectors }) => {
    const labels = selectors?.map((labelSelector) => ({ labelSelector })) ?? [{}];
    return {
      pods: labels.map((label) => follow(POD, namespace, label)),
      replicaSets: labels.map((label) => follow(REPLICA_SET, namespace, label)),
      events: EVENT_SELECTORS.map((fieldSelector) => follow(EVENT, namespace, { fieldSelector })),
    };
  });
  return {
    async ready(signal) {
      await Promise.all(started.map((mirror) => mirror.ready(signal)));
    },
    read: () => ({
      pods: whole(mirrors.flatMap((of) => of.pods)),
      replicaSets: whole(mirrors.flatMap((of) => of.replicaSets)),
      events: whole(mirrors.flatMap((of) => of.events)),
    }),
    stop() {
      for (const mirror of started) mirror.stop();
    },
  };
}

/** Of each container; there may be thousands of pods, and these are the most of them. */
const UNREAD = [
  'args',
  'command',
  'env',
  'envFrom',
  'lifecycle',
  'livenessProbe',
  'ports',
  'readinessProbe',
  'resources',
  'securityContext',
  'startupProbe',
  'volumeMounts',
];

/** A pod without managedFields and without what is read of no pod (of a template it may well be). */
export function keptOfPod(pod: KubeObject): KubeObject {
  const { managedFields: _m, ...metadata } = pod.metadata;
  const { tolerations: _t, volumes: _v, affinity: _a, ...spec } = at(pod, 'spec');
  const kept: Record<string, unknown> = spec;
  for (const list of ['containers', 'initContainers', 'ephemeralContainers'])
    if (list in spec) kept[list] = listAt(spec, list).map((container) => without(container, UNREAD));
  return { ...pod, metadata, spec: kept };
}

function without(fields: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

/** Two selectors may choose the same object. */
function whole(mirrors: readonly Mirror[]): KubeObject[] {
  const all = mirrors.flatMap((mirror) => mirror.all());
  if (mirrors.length < 2) return all;
  return [...new Map(all.map((object) => [object.metadata.uid, object])).values()];
}
