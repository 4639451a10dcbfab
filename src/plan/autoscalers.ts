// Which objects an autoscaler scales: any object with `spec.scaleTargetRef` (HorizontalPodAutoscaler of every
// version, KEDA's ScaledObject, custom ones). Those of the App are known without a request; others of the namespace
// are asked for only where a workload that states replicas is not settled.

import { ApiError } from '../model/errors.ts';
import type { Manifest } from '../model/manifest.ts';
import type { Gvk, KubeObject, ObjectId } from '../model/object.ts';
import type { Scaler } from '../model/plan.ts';
import type { ClusterApi } from '../ports.ts';

export interface Autoscalers {
  /** Known without a request. */
  isOurs(id: ObjectId): boolean;
  of(id: ObjectId, signal: AbortSignal): Promise<Scaler>;
}

/** Of others; of those that the App holds any kind counts. */
const LISTED: readonly Gvk[] = [
  { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler' },
  { group: 'keda.sh', version: 'v1alpha1', kind: 'ScaledObject' },
];

export interface AutoscalersInput {
  manifests: Iterable<Manifest>;
  /** The App's live members: an autoscaler that is to be pruned scales until it is gone. */
  members: readonly KubeObject[];
  /** As the App's service account; what it may not list does not count. */
  api: Pick<ClusterApi, 'list'>;
}

export function makeAutoscalers({ manifests, members, api }: AutoscalersInput): Autoscalers {
  const ours = new Set<string>();
  for (const { object } of manifests) addTarget(ours, object);
  for (const live of members) addTarget(ours, live);
  const others = new Map<string, Promise<ReadonlySet<string>>>();

  async function listed(namespace: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const targets = new Set<string>();
    for (const gvk of LISTED) {
      const found = await api.list({ gvk, namespace }, signal).catch(nothingThere);
      for (const object of found) addTarget(targets, object);
    }
    return targets;
  }

  return {
    isOurs: (id) => ours.has(keyOf(id)),
    async of(id, signal) {
      if (ours.has(keyOf(id))) return 'ours';
      if (id.namespace === '') return 'none';
      let targets = others.get(id.namespace);
      if (targets === undefined) {
        targets = listed(id.namespace, signal);
        others.set(id.namespace, targets);
      }
      return (await targets).has(keyOf(id)) ? 'others' : 'none';
    },
  };
}

/** Forbidden, or a kind that the server does not serve. */
function nothingThere(error: unknown): KubeObject[] {
  if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return [];
  throw error;
}

function addTarget(targets: Set<string>, object: KubeObject): void {
  const target = scaleTargetOf(object);
  if (target !== undefined) targets.add(keyOf(target));
}

/** By kind and name: the versions and groups that a kind is, or was, served under are the same objects. */
type Target = Pick<ObjectId, 'kind' | 'namespace' | 'name'>;

/** What an autoscaler scales; undefined for an object that is none. */
export function scaleTargetOf(object: KubeObject): Target | undefined {
  const ref = (object.spec as { scaleTargetRef?: { kind?: unknown; name?: unknown } } | null | undefined)
    ?.scaleTargetRef;
  if (ref === null || typeof ref !== 'object' || typeof ref.name !== 'string') return undefined;
  // KEDA's may leave out the kind.
  const kind = typeof ref.kind === 'string' && ref.kind !== '' ? ref.kind : 'Deployment';
  return { kind, namespace: object.metadata.namespace ?? '', name: ref.name };
}

export function isScaleTarget(id: ObjectId, target: Target): boolean {
  return keyOf(id) === keyOf(target);
}

function keyOf({ kind, namespace, name }: Target): string {
  return `${namespace}/${kind}/${name}`;
}

const SCALABLE: ReadonlySet<string> = new Set([
  'Deployment',
  'StatefulSet',
  'ReplicaSet',
  'ReplicationController',
]);

/** Whether it may have `spec.replicas`; of other kinds only those that state it. */
export function hasReplicas({ gvk, object }: Manifest): boolean {
  return SCALABLE.has(gvk.kind) || statesReplicas(object);
}

export function statesReplicas(object: KubeObject): boolean {
  const { spec } = object;
  return (
    typeof spec === 'object' && spec !== null && (spec as Record<string, unknown>).replicas !== undefined
  );
}
