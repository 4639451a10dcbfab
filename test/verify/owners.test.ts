import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { allPods, indexRelated, newPods, newReplicaSet } from '../../src/verify/owners.ts';
import { deployment, nothing, owner, readyPod, replicaSet } from './scene.ts';

const names = (objects: readonly KubeObject[]) => objects.map((object) => object.metadata.name);

describe('the new ReplicaSet of a Deployment', () => {
  const find = (...replicaSets: KubeObject[]) =>
    newReplicaSet(deployment(), indexRelated({ ...nothing, replicaSets }))?.metadata.name;

  test('is the one with its template, whatever the hash', () => {
    expect(find(replicaSet('old', { image: 'web:1' }), replicaSet('new'))).toBe('new');
  });

  test('is the oldest of several with its template', () => {
    const younger = replicaSet('younger', { created: '2026-11-01T11:00:00Z' });
    expect(find(younger, replicaSet('older', { created: '2026-11-01T10:00:00Z' }))).toBe('older');
  });

  test('is not there until its controller has made it', () => {
    expect(find(replicaSet('old', { image: 'web:1' }))).toBeUndefined();
  });

  test('is owned by UID, so that of a former Deployment of that name does not count', () => {
    const former = replicaSet('former');
    const owners = [{ ...owner('apps/v1', 'Deployment', 'web'), uid: 'uid-of-a-former-web' }];
    expect(find({ ...former, metadata: { ...former.metadata, ownerReferences: owners } })).toBeUndefined();
  });

  test('may carry the creation time null that some servers write into templates', () => {
    const found = replicaSet('new');
    const spec = found.spec as { template: { metadata: object } };
    const template = { ...spec.template, metadata: { ...spec.template.metadata, creationTimestamp: null } };
    expect(find({ ...found, spec: { ...spec, template } })).toBe('new');
  });
});

describe('the new pods', () => {
  const pod = (name: string, of: string, more: Partial<KubeObject['metadata']> = {}, status: object = {}) => {
    const made = readyPod(name, of);
    return {
      ...made,
      metadata: { ...made.metadata, ...more },
      status: { ...(made.status as object), ...status },
    };
  };

  test('of a Deployment are those of its new ReplicaSet', () => {
    const index = indexRelated({
      ...nothing,
      replicaSets: [replicaSet('old', { image: 'web:1' }), replicaSet('new')],
      pods: [pod('old-a', 'old'), pod('new-a', 'new'), pod('stranger', 'other')],
    });
    expect(names(newPods(deployment(), index))).toEqual(['new-a']);
    expect(names(allPods(deployment(), index))).toEqual(['old-a', 'new-a']);
  });

  test('are without those that are on their way out or that the cluster ended', () => {
    const index = indexRelated({
      ...nothing,
      replicaSets: [replicaSet('new')],
      pods: [
        pod('here', 'new'),
        pod('leaving', 'new', { deletionTimestamp: '2026-11-01T10:00:30Z' }),
        pod('evicted', 'new', {}, { phase: 'Failed', reason: 'Evicted' }),
        pod('preempted', 'new', {}, { conditions: [{ type: 'DisruptionTarget', status: 'True' }] }),
        pod('refused', 'new', {}, { phase: 'Failed', reason: 'OutOfmemory' }),
      ],
    });
    expect(names(newPods(deployment(), index))).toEqual(['here']);
  });

  const statefulSet = (observedGeneration: number): KubeObject => ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'shop', uid: 'uid-db', generation: 2 },
    status: { observedGeneration, updateRevision: 'db-2' },
  });
  const dbPods = indexRelated({
    ...nothing,
    pods: [
      pod('db-0', 'db', { labels: { 'controller-revision-hash': 'db-1' } }),
      pod('db-1', 'db', { labels: { 'controller-revision-hash': 'db-2' } }),
    ],
  });

  test('of a StatefulSet are those of its update revision', () => {
    expect(names(newPods(statefulSet(2), dbPods))).toEqual(['db-1']);
  });

  test('of a StatefulSet are none until its controller has seen the change', () => {
    expect(newPods(statefulSet(1), dbPods)).toEqual([]);
  });

  test('of a DaemonSet are those of its template’s generation', () => {
    const daemonSet = (annotations: Record<string, string>): KubeObject => ({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'agent', namespace: 'shop', uid: 'uid-agent', annotations },
    });
    const index = indexRelated({
      ...nothing,
      pods: [
        pod('agent-a', 'agent', { labels: { 'pod-template-generation': '1' } }),
        pod('agent-b', 'agent', { labels: { 'pod-template-generation': '2' } }),
      ],
    });
    expect(names(newPods(daemonSet({ 'deprecated.daemonset.template.generation': '2' }), index))).toEqual([
      'agent-b',
    ]);
    expect(newPods(daemonSet({}), index)).toEqual([]);
  });

  test('of a Job are all of its pods', () => {
    const job: KubeObject = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'migrate', uid: 'uid-migrate' },
    };
    expect(names(newPods(job, indexRelated({ ...nothing, pods: [pod('migrate-a', 'migrate')] })))).toEqual([
      'migrate-a',
    ]);
  });

  test('of a pod that the repository holds is the pod itself', () => {
    const bare = pod('once', 'nobody', { ownerReferences: [] });
    expect(newPods(bare, indexRelated(nothing))).toEqual([bare]);
  });

  test('of a kind that makes no pods, or of another group, are none', () => {
    const volcano: KubeObject = {
      apiVersion: 'batch.volcano.sh/v1',
      kind: 'Job',
      metadata: { name: 'one', uid: 'uid-db' },
    };
    expect(newPods(volcano, dbPods)).toEqual([]);
  });
});
