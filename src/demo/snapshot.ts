// What is true at one moment, read anew from the repository and from the API server: what the checks are made of.

import type { AppStatus } from '../model/app.ts';
import { ANNOTATION } from '../model/app.ts';
import type { Commit } from '../model/commit.ts';
import { conditionIs } from '../model/conditions.ts';
import type { KubeObject } from '../model/object.ts';

export interface PodFacts {
  name: string;
  image: string;
  isReady: boolean;
  /** Why its container waits, such as CrashLoopBackOff; undefined where it does not. */
  waits: string | undefined;
}

export interface Snapshot {
  /** Newest first. */
  branch: readonly Commit[];
  status: AppStatus;
  isReady: boolean;
  /** Undefined where there is no Deployment. */
  web: WebFacts | undefined;
  /** Without those that are being deleted. */
  pods: readonly PodFacts[];
  banner: unknown;
  hasService: boolean;
}

export interface WebFacts {
  resourceVersion: string;
  image: string;
  checksum: string | undefined;
  /** Whether as many are updated and ready as there should be, and no other is left. */
  rolledOut: boolean;
  ready: number;
  historyLimit: unknown;
  changeCause: string | undefined;
}

export interface LiveObjects {
  app: KubeObject | undefined;
  deployment: KubeObject | undefined;
  pods: readonly KubeObject[];
  config: KubeObject | undefined;
  service: KubeObject | undefined;
}

export function snapshotOf(branch: readonly Commit[], live: LiveObjects): Snapshot {
  return {
    branch,
    status: live.app?.status ?? {},
    isReady: live.app !== undefined && conditionIs(live.app, 'Ready', 'True'),
    web: live.deployment && webFacts(live.deployment),
    pods: live.pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(podFacts),
    banner: (live.config?.data as { banner?: string } | undefined)?.banner,
    hasService: live.service !== undefined,
  };
}

interface PodSpec {
  containers: { image: string }[];
}

export function webFacts(deployment: KubeObject): WebFacts {
  const spec = deployment.spec as {
    replicas: number;
    revisionHistoryLimit: number;
    template: { metadata?: { annotations?: Record<string, string> }; spec: PodSpec };
  };
  const status = (deployment.status ?? {}) as Record<string, number | undefined>;
  const counts = [status.replicas, status.updatedReplicas, status.readyReplicas, status.availableReplicas];
  const isSeen = (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0);
  return {
    resourceVersion: deployment.metadata.resourceVersion ?? '',
    image: spec.template.spec.containers[0]?.image ?? '',
    checksum: spec.template.metadata?.annotations?.[ANNOTATION.checksum],
    rolledOut: isSeen && counts.every((count) => count === spec.replicas),
    ready: status.readyReplicas ?? 0,
    historyLimit: spec.revisionHistoryLimit,
    changeCause: deployment.metadata.annotations?.[ANNOTATION.changeCause],
  };
}

export function podFacts(pod: KubeObject): PodFacts {
  const { containers } = pod.spec as PodSpec;
  const statuses = (pod.status as { containerStatuses?: ContainerStatus[] } | undefined)?.containerStatuses;
  return {
    name: pod.metadata.name,
    image: containers[0]?.image ?? '',
    isReady: conditionIs(pod, 'Ready', 'True'),
    waits: statuses?.[0]?.state?.waiting?.reason,
  };
}

interface ContainerStatus {
  state?: { waiting?: { reason?: string } };
}
