// Whose pods are whose, and which of them are of the revision that was just released.
// 1. By controller ownerReference UID, never by name or selector: both can be shared.
// 2. A pod that is on its way out, or that the cluster ended, tells nothing about a release.

import { isDeepStrictEqual } from 'node:util';
import { gvkOf, type KubeObject } from '../model/object.ts';
import { at, numberIn, textIn } from './fields.ts';
import { type Grouping, type JudgeMemo, type OwnersMemo, group, newOwnersMemo, remembered } from './memo.ts';
import { isDisrupted } from './pod.ts';

/** What is looked at only while a release is in flight. */
export interface RelatedObjects {
  pods: readonly KubeObject[];
  replicaSets: readonly KubeObject[];
  /** core/v1 events. */
  events: readonly KubeObject[];
  /** Where they may be read: tells which claims bind only when a pod comes. */
  storageClasses?: readonly KubeObject[];
}

/** The same, found by UID. */
export interface RelatedIndex {
  /** By the UID of the controller. */
  podsOf(uid: string | undefined): readonly KubeObject[];
  replicaSetsOf(uid: string | undefined): readonly KubeObject[];
  /** By the UID of the object that an event is about. */
  eventsOf(uid: string | undefined): readonly KubeObject[];
  /** Pods that were not there before, or have changed; undefined where that is not known. */
  changedPods: readonly KubeObject[] | undefined;
  memo: OwnersMemo;
}

export function indexRelated(related: RelatedObjects, memo?: JudgeMemo): RelatedIndex {
  const pods = group(related.pods, controllerUid, memo?.pods);
  const replicaSets = group(related.replicaSets, controllerUid, memo?.replicaSets);
  const events = group(related.events, aboutUid, memo?.events);
  if (memo !== undefined) Object.assign(memo, { pods, replicaSets, events });
  const find =
    ({ groups }: Grouping) =>
    (uid: string | undefined) =>
      uid === undefined || uid === '' ? NONE : (groups.get(uid) ?? NONE);
  return {
    podsOf: find(pods),
    replicaSetsOf: find(replicaSets),
    eventsOf: find(events),
    changedPods: pods.changed,
    memo: memo?.owners ?? newOwnersMemo(),
  };
}

const NONE: readonly KubeObject[] = [];

function aboutUid(event: KubeObject): string {
  return textIn(at(event, 'involvedObject'), 'uid');
}

function controllerUid(object: KubeObject): string {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true)?.uid ?? '';
}

/**
 * The ReplicaSet of the Deployment's present template: the oldest whose template is the same but for the hash,
 * as its controller chooses. Undefined until the controller has made it.
 */
export function newReplicaSet(deployment: KubeObject, index: RelatedIndex): KubeObject | undefined {
  const among = index.replicaSetsOf(deployment.metadata.uid);
  const known = index.memo.newSets.get(deployment);
  if (known?.among === among) return known.found;
  const wanted = templateOf(deployment);
  const found = among.filter((candidate) => isDeepStrictEqual(templateOf(candidate), wanted)).sort(byAge)[0];
  index.memo.newSets.set(deployment, { among, found });
  return found;
}

function byAge(a: KubeObject, b: KubeObject): number {
  const ages = (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '');
  return ages === 0 ? a.metadata.name.localeCompare(b.metadata.name) : ages;
}

/** The pod template without its hash, and without the null that some servers give as its creation time. */
export function templateOf(owner: KubeObject | undefined): unknown {
  const template = at(owner, 'spec', 'template');
  const { creationTimestamp: _, labels, ...metadata } = at(template, 'metadata');
  const { 'pod-template-hash': __, ...rest } = at({ labels }, 'labels');
  return { ...template, metadata: { ...metadata, labels: rest } };
}

/** The pods of the object's present revision, without those that rule 2 leaves out. */
export function newPods(object: KubeObject, index: RelatedIndex): KubeObject[] {
  const pods = revisionPods(object, index);
  return remembered(index.memo.telling, pods, () => pods.filter(tells));
}

/** All pods of the object, of any revision, that rule 2 leaves in. */
export function allPods(object: KubeObject, index: RelatedIndex): KubeObject[] {
  const { uid } = object.metadata;
  const owners = [uid, ...index.replicaSetsOf(uid).map((replicaSet) => replicaSet.metadata.uid)];
  return owners.flatMap((owner) => index.podsOf(owner)).filter(tells);
}

function revisionPods(object: KubeObject, index: RelatedIndex): readonly KubeObject[] {
  const { group, kind } = gvkOf(object);
  const pods = index.podsOf(object.metadata.uid);
  switch (`${kind}.${group}`) {
    case 'Deployment.apps':
      return index.podsOf(newReplicaSet(object, index)?.metadata.uid);
    case 'StatefulSet.apps':
      return isObserved(object)
        ? pods.filter(hasLabel('controller-revision-hash', updateRevision(object)))
        : [];
    case 'DaemonSet.apps':
      return pods.filter(hasLabel('pod-template-generation', templateGeneration(object)));
    case 'Rollout.argoproj.io':
      return allRolloutPods(object, index).filter(
        hasLabel('rollouts-pod-template-hash', textIn(at(object, 'status'), 'currentPodHash')),
      );
    case 'ReplicaSet.apps':
    case 'Job.batch':
      return pods;
    case 'Pod.':
      return [object];
    default:
      return [];
  }
}

function allRolloutPods(rollout: KubeObject, index: RelatedIndex): KubeObject[] {
  const replicaSets = index.replicaSetsOf(rollout.metadata.uid);
  return replicaSets.flatMap((replicaSet) => [...index.podsOf(replicaSet.metadata.uid)]);
}

/** Until the controller has seen the change, `updateRevision` is still that of the old template. */
export function isObserved(object: KubeObject): boolean {
  return numberIn(at(object, 'status'), 'observedGeneration') === object.metadata.generation;
}

function updateRevision(object: KubeObject): string {
  return textIn(at(object, 'status'), 'updateRevision');
}

/**
 * A DaemonSet's status does not name its newest revision. The API server counts the changes of its template in
 * this annotation, the controller copies the count to each pod, and takes it for equality itself.
 */
function templateGeneration(object: KubeObject): string {
  return object.metadata.annotations?.['deprecated.daemonset.template.generation'] ?? '';
}

function hasLabel(name: string, value: string): (pod: KubeObject) => boolean {
  return (pod) => value !== '' && pod.metadata.labels?.[name] === value;
}

function tells(pod: KubeObject): boolean {
  return pod.metadata.deletionTimestamp === undefined && !isDisrupted(pod);
}
