// A workload's rollout, pod by pod, from objects that were read. Pure. A pod belongs to whoever its controller
// reference names, by UID; names and selectors prove nothing.

import type { KubeObject } from '../model/object.ts';

export interface PodRow {
  name: string;
  /** Containers that are ready, of all. */
  ready: number;
  containers: number;
  restarts: number;
  /** Whether it is of the revision that is being rolled out. */
  revision: 'new' | 'old';
  /** One word where something is to be said, such as `CrashLoopBackOff`; else empty. */
  reason: string;
}

export interface Rollout {
  /** `Deployment/web`, with its namespace where that is not the App's. */
  workload: string;
  desired: number;
  updated: number;
  ready: number;
  done: boolean;
  /** New ones first, and those that are not ready before those that are. */
  pods: PodRow[];
}

export interface RolloutInput {
  workload: KubeObject;
  /** ReplicaSets of a Deployment, ControllerRevisions of the others. */
  revisions: readonly KubeObject[];
  pods: readonly KubeObject[];
}

interface Counts {
  desired: number;
  updated: number;
  ready: number;
  total: number;
}

export function rolloutOf(input: RolloutInput, appNamespace: string): Rollout {
  const { workload, pods } = input;
  const counts = countsOf(workload);
  const owners = ownersOf(input);
  const rows = pods
    .filter((pod) => owners.has(controllerOf(pod)))
    .map((pod) => podRow(pod, isNew(pod, input)))
    .sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  const { namespace, name } = workload.metadata;
  const place = namespace === appNamespace ? '' : `${namespace}/`;
  const { desired, updated, ready } = counts;
  return {
    workload: `${place}${workload.kind}/${name}`,
    desired,
    updated,
    ready,
    done: isDone(workload),
    pods: rows,
  };
}

/** Whether every pod is there, new and ready, and nothing old is left. */
export function isDone(workload: KubeObject): boolean {
  const { desired, updated, ready, total } = countsOf(workload);
  const status = fields(workload.status);
  const isObserved = num(status.observedGeneration, 0) >= num(workload.metadata.generation, 0);
  return isObserved && updated >= desired && ready >= desired && total <= desired;
}

function countsOf(workload: KubeObject): Counts {
  const status = fields(workload.status);
  if (workload.kind === 'DaemonSet') {
    const desired = num(status.desiredNumberScheduled, 0);
    const total = num(status.currentNumberScheduled, 0);
    return {
      desired,
      updated: num(status.updatedNumberScheduled, 0),
      ready: num(status.numberReady, 0),
      total,
    };
  }
  const desired = num(fields(workload.spec).replicas, 1);
  const ready = num(status.readyReplicas, 0);
  const total = num(status.replicas, 0);
  // A StatefulSet that is up to date stops counting updated pods.
  const isSettled = workload.kind === 'StatefulSet' && status.updateRevision === status.currentRevision;
  return { desired, updated: isSettled ? total : num(status.updatedReplicas, 0), ready, total };
}

function ownersOf({ workload, revisions }: RolloutInput): Set<string> {
  const uid = workload.metadata.uid ?? '';
  if (workload.kind !== 'Deployment') return new Set([uid]);
  return new Set(revisions.filter((set) => controllerOf(set) === uid).map((set) => set.metadata.uid ?? ''));
}

function isNew(pod: KubeObject, { workload, revisions }: RolloutInput): boolean {
  const own = revisions.filter((revision) => controllerOf(revision) === workload.metadata.uid);
  if (workload.kind === 'Deployment') {
    const template = templateText(workload);
    const same = own.filter((set) => templateText(set) === template).sort(byAge)[0];
    return same !== undefined && controllerOf(pod) === same.metadata.uid;
  }
  const hash = pod.metadata.labels?.['controller-revision-hash'] ?? '';
  const updated = fields(workload.status).updateRevision;
  if (typeof updated === 'string') return hash === updated;
  const newest = own.reduce((most, revision) => Math.max(most, num(revision.revision, 0)), 0);
  const current = own.find((revision) => num(revision.revision, 0) === newest);
  return current?.metadata.labels?.['controller-revision-hash'] === hash;
}

function byAge(a: KubeObject, b: KubeObject): number {
  return (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1;
}

/** The pod template without the label that the controller adds; the server writes keys in one order. */
function templateText(object: KubeObject): string {
  const template = fields(fields(object.spec).template);
  const metadata = fields(template.metadata);
  const { 'pod-template-hash': _hash, ...labels } = fields(metadata.labels);
  return JSON.stringify([template.spec, labels, metadata.annotations ?? {}]);
}

function podRow(pod: KubeObject, isNewPod: boolean): PodRow {
  const { containerStatuses, initContainerStatuses } = fields(pod.status);
  const mains = list(containerStatuses);
  const ready = mains.filter((status) => status.ready === true).length;
  const all = [...list(initContainerStatuses), ...mains];
  return {
    name: pod.metadata.name,
    ready,
    containers: list(fields(pod.spec).containers).length,
    restarts: all.reduce((sum, status) => sum + num(status.restartCount, 0), 0),
    revision: isNewPod ? 'new' : 'old',
    reason: reasonOf(pod, ready),
  };
}

function reasonOf(pod: KubeObject, ready: number): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const status = fields(pod.status);
  if (typeof status.reason === 'string' && status.reason !== '') return status.reason;
  for (const container of [...list(status.initContainerStatuses), ...list(status.containerStatuses)]) {
    const { waiting, terminated } = fields(container.state);
    const waits = fields(waiting).reason;
    // Containers wait for init containers, whose own reason tells more.
    if (typeof waits === 'string' && waits !== 'PodInitializing') return waits;
    const ended = fields(terminated);
    if (typeof ended.reason === 'string' && ended.reason !== 'Completed') return ended.reason;
  }
  const scheduled = list(status.conditions).find((condition) => condition.type === 'PodScheduled');
  if (scheduled?.status === 'False') return text(scheduled.reason);
  const phase = text(status.phase);
  if (phase !== 'Running') return phase;
  return ready < list(fields(pod.spec).containers).length ? 'NotReady' : '';
}

function rank(row: PodRow): number {
  return (row.revision === 'new' ? 0 : 2) + (row.ready < row.containers ? 0 : 1);
}

export function controllerOf(object: KubeObject): string {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true)?.uid ?? '';
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(fields) : [];
}

function num(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
