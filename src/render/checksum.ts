// The checksum of a workload's configuration: with it in the pod template, a change of a ConfigMap or Secret
// is a rollout like any other, watched and revertible. It is put there by plan/, which knows the live object.
//
// 1. It covers the App's own ConfigMaps and Secrets that the pods use; what others own may change unseen.
// 2. It is keyed (HMAC), as templates are readable by more people than Secrets are.
// 3. Deployments, StatefulSets and DaemonSets only. A Job's template cannot be changed; the pods of a CronJob
//    are new each time and read the configuration of their day; bare Pods and ReplicaSets replace no pod.

import type { KubeObject } from '../model/object.ts';
import { isMapping } from './compose.ts';
import { keyedHash } from './hash.ts';
import { isRolling, podSpecOf, podTemplateOf } from './pod.ts';

/** A ConfigMap or Secret of the App that a workload uses. */
export interface Used {
  /** `kind/namespace/name`. */
  key: string;
  object: KubeObject;
}

/** The configuration that the pods of a workload name (`kind/namespace/name`), sorted; none where it has no checksum. */
export function configurationUsed(object: KubeObject): string[] {
  if (!isRolling(object)) return [];
  const keys = usedBy(podSpecOf(object) ?? {}).map(
    ({ kind, name }) => `${kind}/${object.metadata.namespace}/${name}`,
  );
  return [...new Set(keys)].sort();
}

/** Undefined where the workload uses no configuration of the App, or asks to be left out. */
export function checksumOf(
  object: KubeObject,
  used: readonly Used[],
  hmacKey: Uint8Array,
): { config: string; adoption: string } | undefined {
  if (used.length === 0) return undefined;
  const contents = used.map(({ key, object: { data, binaryData } }) => [key, [data ?? {}, binaryData ?? {}]]);
  const config = keyedHash(hmacKey, ['configuration', contents]);
  return { config, adoption: keyedHash(hmacKey, ['adoption', contents, podTemplateOf(object)]) };
}

interface Use {
  kind: 'ConfigMap' | 'Secret';
  name: string;
}

/** Mounted, or read into the environment. Not imagePullSecrets: pods that run need no new image. */
function usedBy(pod: Record<string, unknown>): Use[] {
  const containers = [...list(pod.initContainers), ...list(pod.containers), ...list(pod.ephemeralContainers)];
  const env = containers.flatMap((container) => [
    ...list(container.envFrom).flatMap((source) => refs(source.configMapRef, source.secretRef)),
    ...list(container.env).flatMap(({ valueFrom }) =>
      isMapping(valueFrom) ? refs(valueFrom.configMapKeyRef, valueFrom.secretKeyRef) : [],
    ),
  ]);
  const volumes = list(pod.volumes).flatMap((volume) => [
    ...refs(volume.configMap, volume.secret),
    ...list(isMapping(volume.projected) ? volume.projected.sources : []).flatMap((source) =>
      refs(source.configMap, source.secret),
    ),
  ]);
  return [...env, ...volumes];
}

function refs(configMap: unknown, secret: unknown): Use[] {
  return [...ref('ConfigMap', configMap), ...ref('Secret', secret)];
}

function ref(kind: Use['kind'], source: unknown): Use[] {
  if (!isMapping(source)) return [];
  // Volumes of Secrets alone say secretName.
  const name = source.name ?? source.secretName;
  return typeof name === 'string' ? [{ kind, name }] : [];
}

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isMapping) : [];
}
