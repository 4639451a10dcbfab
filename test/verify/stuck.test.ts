import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { indexRelated } from '../../src/verify/owners.ts';
import { stuckPods } from '../../src/verify/stuck.ts';
import { nothing, owner } from './scene.ts';

const START = '2026-11-01T10:00:00Z';

function statefulSet(spec: object = {}, more: { metadata?: object; status?: object } = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'shop', uid: 'uid-db', generation: 3, ...more.metadata },
    spec: {
      replicas: 3,
      updateStrategy: { type: 'RollingUpdate' },
      podManagementPolicy: 'OrderedReady',
      ...spec,
    },
    status: { observedGeneration: 3, currentRevision: 'db-1', updateRevision: 'db-1', ...more.status },
  };
}

interface Has {
  name?: string;
  revision?: string;
  ready?: 'True' | 'False';
  readySince?: string;
  status?: object;
  metadata?: object;
}

function pod(has: Has = {}): KubeObject {
  const { name = 'db-2', revision = 'db-2', ready = 'False', readySince = START } = has;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      labels: { 'controller-revision-hash': revision },
      ownerReferences: [owner('apps/v1', 'StatefulSet', 'db')],
      ...has.metadata,
    },
    status: has.status ?? {
      startTime: START,
      conditions: [{ type: 'Ready', status: ready, lastTransitionTime: readySince }],
    },
  };
}

const cases: { name: string; given: [KubeObject | undefined, KubeObject]; want: boolean }[] = [
  { name: 'a pod of the reverted revision that was never ready', given: [statefulSet(), pod()], want: true },
  {
    name: 'one of the first revision, whose template was replaced at once',
    given: [statefulSet({}, { status: { currentRevision: 'db-2' } }), pod({ name: 'db-0' })],
    want: true,
  },
  {
    name: 'one that no node takes',
    given: [statefulSet(), pod({ status: { phase: 'Pending' } })],
    want: true,
  },
  {
    name: 'one that said so a moment after its start',
    given: [statefulSet(), pod({ readySince: '2026-11-01T10:00:05Z' })],
    want: true,
  },
  { name: 'not one that is ready', given: [statefulSet(), pod({ ready: 'True' })], want: false },
  {
    name: 'not one that was ready once',
    given: [statefulSet(), pod({ readySince: '2026-11-01T10:00:06Z' })],
    want: false,
  },
  {
    name: 'not one whose times cannot be read',
    given: [statefulSet(), pod({ readySince: 'yesterday' })],
    want: false,
  },
  { name: 'not one of the present revision', given: [statefulSet(), pod({ revision: 'db-1' })], want: false },
  { name: 'not one without a revision', given: [statefulSet(), pod({ revision: '' })], want: false },
  {
    name: 'not one that is being deleted',
    given: [statefulSet(), pod({ metadata: { deletionTimestamp: START } })],
    want: false,
  },
  {
    name: 'not a stranger, though it has the name and the label',
    given: [
      statefulSet(),
      pod({ metadata: { ownerReferences: [owner('apps/v1', 'StatefulSet', 'other')] } }),
    ],
    want: false,
  },
  { name: 'not one of another name', given: [statefulSet(), pod({ name: 'db-two' })], want: false },
  {
    name: 'not one that a partition keeps back',
    given: [
      statefulSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 3 } } }),
      pod(),
    ],
    want: false,
  },
  {
    name: 'one at the partition',
    given: [
      statefulSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } }),
      pod(),
    ],
    want: true,
  },
  {
    name: 'none of a set whose pods people delete',
    given: [statefulSet({ updateStrategy: { type: 'OnDelete' } }), pod()],
    want: false,
  },
  {
    name: 'none of a set that does not wait pod by pod',
    given: [statefulSet({ podManagementPolicy: 'Parallel' }), pod()],
    want: false,
  },
  {
    name: 'none before the controller has seen the change',
    given: [statefulSet({}, { status: { observedGeneration: 2 } }), pod()],
    want: false,
  },
  {
    name: 'none of a set that is being deleted',
    given: [statefulSet({}, { metadata: { deletionTimestamp: START } }), pod()],
    want: false,
  },
  { name: 'none of a set that is gone', given: [undefined, pod()], want: false },
  {
    name: 'none of a kind of that name in another group',
    given: [{ ...statefulSet(), apiVersion: 'apps.kruise.io/v1' }, pod()],
    want: false,
  },
];

describe('a pod of the revision that was rolled out last', () => {
  const slow = pod({ name: 'db-2', revision: 'db-1' });
  const updating = (currentRevision: string) =>
    statefulSet({}, { status: { currentRevision, updateRevision: 'db-3' } });
  const stuck = (set: KubeObject, ...others: KubeObject[]) =>
    stuckPods(set, indexRelated({ ...nothing, pods: [slow, ...others] })).map(
      ({ metadata }) => metadata.name,
    );

  test('is only slow, where another one is ready', () => {
    expect(stuck(updating('db-1'), pod({ name: 'db-0', revision: 'db-1', ready: 'True' }))).toEqual([]);
  });

  test('is broken, where none of that revision is', () => {
    expect(stuck(updating('db-1'), pod({ name: 'db-0', revision: 'db-3', ready: 'True' }))).toEqual(['db-2']);
  });

  test('is not meant where the rollout of its revision has never ended', () => {
    expect(stuck(updating('db-0'), pod({ name: 'db-1', revision: 'db-1', ready: 'True' }))).toEqual(['db-2']);
  });
});

describe('what holds up a StatefulSet', () => {
  test.each(cases)('$name', ({ given: [set, one], want }) => {
    const index = indexRelated({ ...nothing, pods: [one] });
    expect(stuckPods(set, index).map(({ metadata }) => metadata.name)).toEqual(
      want ? [one.metadata.name] : [],
    );
  });
});
