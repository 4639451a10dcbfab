// In which order kinds are applied, so that what others need is there before them.

import type { Manifest } from '../model/manifest.ts';
import type { Gvk } from '../model/object.ts';

const CLASSES: readonly (readonly string[])[] = [
  ['/Namespace'],
  ['apiextensions.k8s.io/CustomResourceDefinition'],
  [
    '/ServiceAccount',
    'rbac.authorization.k8s.io/ClusterRole',
    'rbac.authorization.k8s.io/Role',
    'rbac.authorization.k8s.io/ClusterRoleBinding',
    'rbac.authorization.k8s.io/RoleBinding',
    // Limits that pods are held to must stand before the pods.
    '/ResourceQuota',
    '/LimitRange',
    'networking.k8s.io/NetworkPolicy',
    'policy.networking.k8s.io/',
    'cilium.io/CiliumNetworkPolicy',
    'cilium.io/CiliumClusterwideNetworkPolicy',
    'crd.projectcalico.org/NetworkPolicy',
    'crd.projectcalico.org/GlobalNetworkPolicy',
    'projectcalico.org/NetworkPolicy',
    'projectcalico.org/GlobalNetworkPolicy',
    'policy/PodDisruptionBudget',
  ],
  [
    'scheduling.k8s.io/PriorityClass',
    'storage.k8s.io/StorageClass',
    'storage.k8s.io/CSIDriver',
    'snapshot.storage.k8s.io/VolumeSnapshotClass',
    'networking.k8s.io/IngressClass',
    'gateway.networking.k8s.io/GatewayClass',
    'node.k8s.io/RuntimeClass',
    'resource.k8s.io/DeviceClass',
  ],
  // Kinds that are not Kubernetes' own, too, where pods cannot start without them and nothing has to be awaited of them.
  [
    '/ConfigMap',
    '/Secret',
    'secrets-store.csi.x-k8s.io/SecretProviderClass',
    'k8s.cni.cncf.io/NetworkAttachmentDefinition',
  ],
  [
    '/PersistentVolume',
    '/PersistentVolumeClaim',
    'resource.k8s.io/ResourceClaim',
    'resource.k8s.io/ResourceClaimTemplate',
  ],
  // Jobs that are to be through before anything runs have this place; no kind has it by itself.
  [],
  ['/Service', '/Endpoints', 'discovery.k8s.io/EndpointSlice'],
  [
    'apps/Deployment',
    'apps/StatefulSet',
    'apps/DaemonSet',
    'apps/ReplicaSet',
    'batch/Job',
    'batch/CronJob',
    '/Pod',
    '/ReplicationController',
  ],
  [
    'networking.k8s.io/Ingress',
    'gateway.networking.k8s.io/',
    'autoscaling/HorizontalPodAutoscaler',
    'keda.sh/',
  ],
];
const CUSTOM = CLASSES.length;
const WEBHOOKS = CLASSES.length + 1;

const CLASS_OF = new Map(CLASSES.flatMap((kinds, index) => kinds.map((kind) => [kind, index] as const)));

/** Between storage and services. */
export const BEFORE_SERVICES = 6;

/** Where an object has its place within its `pawl.dev/stage`. */
export function orderOf(manifest: Pick<Manifest, 'gvk' | 'policy'>): number {
  return manifest.policy.hook?.when === 'pre' ? BEFORE_SERVICES : applyClass(manifest.gvk);
}

/**
 * 0 namespaces, 1 definitions, 2 identities and limits, 3 classes, 4 configuration, 5 storage, 6 {@link
 * BEFORE_SERVICES}, 7 services, 8 workloads, 9 routes and autoscalers, 10 everything else, 11 webhooks and
 * aggregated APIs.
 */
export function applyClass(gvk: Gvk): number {
  if (standsInTheWay(gvk)) return WEBHOOKS;
  return CLASS_OF.get(`${gvk.group}/${gvk.kind}`) ?? CLASS_OF.get(`${gvk.group}/`) ?? CUSTOM;
}

/** Webhooks and aggregated APIs: other writes wait for whatever answers them. */
export function standsInTheWay({ group }: Pick<Gvk, 'group'>): boolean {
  return group === 'admissionregistration.k8s.io' || group === 'apiregistration.k8s.io';
}
