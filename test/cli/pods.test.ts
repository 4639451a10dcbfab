// The rollout of a workload, pod by pod.
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { isDone, type RolloutInput, rolloutOf } from '../../src/cli/pods.ts';
import { selectorOf } from '../../src/model/selector.ts';

type Fields = Record<string, unknown>;

function workload(kind: string, spec: Fields, status: Fields, generation = 1): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'web', namespace: 'shop', uid: 'w', generation },
    spec,
    status,
  };
}

function owned(
  kind: string,
  name: string,
  owner: string,
  more: Partial<KubeObject> = {},
  labels = {},
): KubeObject {
  const ownerReferences = [{ apiVersion: '', kind: '', name: '', uid: owner, controller: true }];
  return { apiVersion: '', kind, metadata: { name, uid: name, labels, ownerReferences }, ...more };
}

function pod(name: string, owner: string, status: Fields, labels = {}): KubeObject {
  return owned('Pod', name, owner, { spec: { containers: [{ name: 'web' }] }, status }, labels);
}

const ready = {
  phase: 'Running',
  containerStatuses: [{ ready: true, restartCount: 0, state: { running: {} } }],
};

const template = (image: string, labels: Fields = {}) => ({
  metadata: { labels: { app: 'web', ...labels } },
  spec: { containers: [{ name: 'web', image }] },
});

describe('whether a rollout is done', () => {
  const all = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, observedGeneration: 1 };
  test.each([
    { name: 'a Deployment', object: workload('Deployment', { replicas: 2 }, all), want: true },
    {
      name: 'an old pod that is left',
      object: workload('Deployment', { replicas: 2 }, { ...all, replicas: 3 }),
      want: false,
    },
    {
      name: 'a pod that is not ready',
      object: workload('Deployment', { replicas: 2 }, { ...all, readyReplicas: 1 }),
      want: false,
    },
    {
      name: 'a pod that is not new',
      object: workload('Deployment', { replicas: 2 }, { ...all, updatedReplicas: 1 }),
      want: false,
    },
    {
      name: 'a change that was not seen',
      object: workload('Deployment', { replicas: 2 }, all, 2),
      want: false,
    },
    {
      name: 'a Deployment that says no number',
      object: workload('Deployment', {}, { ...all, replicas: 1 }),
      want: true,
    },
    {
      name: 'one scaled to nothing',
      object: workload('Deployment', { replicas: 0 }, { observedGeneration: 1 }),
      want: true,
    },
    { name: 'one without a status', object: workload('Deployment', { replicas: 1 }, {}), want: false },
    {
      name: 'a StatefulSet that no longer counts updated pods',
      object: workload(
        'StatefulSet',
        { replicas: 2 },
        { ...all, updatedReplicas: 0, updateRevision: 'a', currentRevision: 'a' },
      ),
      want: true,
    },
    {
      name: 'a DaemonSet',
      object: workload(
        'DaemonSet',
        {},
        {
          desiredNumberScheduled: 2,
          currentNumberScheduled: 2,
          updatedNumberScheduled: 2,
          numberReady: 2,
          observedGeneration: 1,
        },
      ),
      want: true,
    },
  ])('$name: $want', ({ object, want }) => {
    expect(isDone(object)).toBe(want);
  });
});

describe('the pods of a rollout', () => {
  const deployment = workload(
    'Deployment',
    { replicas: 2, template: template('b') },
    { replicas: 3, updatedReplicas: 1, readyReplicas: 2 },
  );
  const sets = [
    owned('ReplicaSet', 'old', 'w', { spec: { template: template('a', { 'pod-template-hash': '1' }) } }),
    owned('ReplicaSet', 'new', 'w', { spec: { template: template('b', { 'pod-template-hash': '2' }) } }),
    owned('ReplicaSet', 'foreign', 'x', { spec: { template: template('b') } }),
  ];
  const crashing = {
    phase: 'Running',
    containerStatuses: [
      { ready: false, restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } },
    ],
  };

  test('new ones come first, and those of others are not shown, whatever their labels say', () => {
    const pods = [
      pod('a', 'old', ready),
      pod('b', 'new', crashing),
      pod('c', 'foreign', ready),
      pod('d', '', ready),
    ];
    const rollout = rolloutOf({ workload: deployment, revisions: sets, pods }, 'shop');
    expect(rollout).toMatchObject({
      workload: 'Deployment/web',
      desired: 2,
      updated: 1,
      ready: 2,
      done: false,
    });
    expect(rollout.pods).toEqual([
      { name: 'b', ready: 0, containers: 1, restarts: 3, revision: 'new', reason: 'CrashLoopBackOff' },
      { name: 'a', ready: 1, containers: 1, restarts: 0, revision: 'old', reason: '' },
    ]);
  });

  test('a workload of another namespace is named with it', () => {
    const input: RolloutInput = { workload: deployment, revisions: [], pods: [] };
    expect(rolloutOf(input, 'elsewhere').workload).toBe('shop/Deployment/web');
  });

  test('of a StatefulSet, the update revision is the new one', () => {
    const set = workload(
      'StatefulSet',
      { replicas: 2 },
      { updateRevision: 'web-2', currentRevision: 'web-1' },
    );
    const pods = ['1', '2'].map((n) =>
      pod(`web-${n}`, 'w', ready, { 'controller-revision-hash': `web-${n}` }),
    );
    const shown = rolloutOf({ workload: set, revisions: [], pods }, 'shop').pods;
    expect(shown.map(({ name, revision }) => `${name} ${revision}`)).toEqual(['web-2 new', 'web-1 old']);
  });

  test('of a DaemonSet, the newest ControllerRevision is the new one', () => {
    const revisions = [2, 10].map((n) =>
      owned('ControllerRevision', `r${n}`, 'w', { revision: n }, { 'controller-revision-hash': `h${n}` }),
    );
    const pods = [2, 10].map((n) => pod(`p${n}`, 'w', ready, { 'controller-revision-hash': `h${n}` }));
    const shown = rolloutOf({ workload: workload('DaemonSet', {}, {}), revisions, pods }, 'shop').pods;
    expect(shown.map(({ name, revision }) => `${name} ${revision}`)).toEqual(['p10 new', 'p2 old']);
  });

  test.each<{ name: string; status: Fields; want: string }>([
    { name: 'ready', status: ready, want: '' },
    {
      name: 'running and not ready',
      status: { phase: 'Running', containerStatuses: [{ ready: false, state: { running: {} } }] },
      want: 'NotReady',
    },
    { name: 'evicted', status: { phase: 'Failed', reason: 'Evicted' }, want: 'Evicted' },
    {
      name: 'not scheduled',
      status: {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }],
      },
      want: 'Unschedulable',
    },
    { name: 'just made', status: { phase: 'Pending' }, want: 'Pending' },
    { name: 'nothing known', status: {}, want: '' },
    {
      name: 'an init container that crashes',
      status: {
        phase: 'Pending',
        initContainerStatuses: [{ state: { waiting: { reason: 'CrashLoopBackOff' } } }],
        containerStatuses: [{ state: { waiting: { reason: 'PodInitializing' } } }],
      },
      want: 'CrashLoopBackOff',
    },
    {
      name: 'ended by the kernel',
      status: { phase: 'Running', containerStatuses: [{ state: { terminated: { reason: 'OOMKilled' } } }] },
      want: 'OOMKilled',
    },
  ])('$name: $want', ({ status, want }) => {
    const [row] = rolloutOf(
      { workload: deployment, revisions: sets, pods: [pod('a', 'new', status)] },
      'shop',
    ).pods;
    expect(row?.reason).toBe(want);
  });
});

test('a selector is written as a query takes it', () => {
  const selector = {
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['a', 'b'] },
      { key: 'old', operator: 'DoesNotExist' },
      { key: 'x', operator: 'Exists' },
      { key: 'y', operator: 'NotIn', values: ['z'] },
    ],
  };
  expect(selectorOf(workload('Deployment', { selector }, {}))).toBe(
    'app=web,tier in (a,b),!old,x,y notin (z)',
  );
});
