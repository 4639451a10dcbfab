import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { indexRelated } from '../../src/verify/owners.ts';
import { stuckPods } from '../../src/verify/stuck.ts';
import { nothing, owner } from './scene.ts';

const START = '2026-11-01T10:00:00Z';
const NOW = Date.parse(START) + 60_000;

const waiting = (reason: string) => ({ state: { waiting: { reason } } });
const running = { state: { running: { startedAt: START } } };

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
  containers?: object;
  status?: object;
  metadata?: object;
  more?: object;
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
      creationTimestamp: START,
      labels: { 'controller-revision-hash': revision },
      ownerReferences: [owner('apps/v1', 'StatefulSet', 'db')],
      ...has.metadata,
    },
    spec: { nodeName: 'n1' },
    ...has.more,
    status: has.status ?? {
      startTime: START,
      ...has.containers,
      conditions: [{ type: 'Ready', status: ready, lastTransitionTime: readySince }],
    },
  };
}

const cases: { name: string; given: [KubeObject | undefined, KubeObject]; want: boolean }[] = [
  { name: 'a pod of the reverted revision that was never ready', given: [statefulSet(), pod()], want: true },
  {
    name: 'one of the first revision, whose template was replaced at once',
    given: [
      statefulSet({}, { status: { currentRevision: 'db-2' } }),
      pod({ name: 'db-0', containers: { containerStatuses: [waiting('CrashLoopBackOff')] } }),
    ],
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

/** The names of the pods that may be deleted now. */
const stuckNow = (set: KubeObject | undefined, pods: KubeObject[], now = NOW) =>
  stuckPods(set, indexRelated({ ...nothing, pods }), now)
    .filter(({ inMs }) => inMs === 0)
    .map(({ pod }) => pod.metadata.name);

describe('a pod of the revision that was rolled out last', () => {
  const updating = (currentRevision: string) =>
    statefulSet({}, { status: { currentRevision, updateRevision: 'db-3' } });
  const alone = (containers: object, more: object = { spec: { nodeName: 'n1' } }) =>
    stuckNow(updating('db-1'), [pod({ name: 'db-0', revision: 'db-1', containers, more })]);

  test('is left alone while it runs, though no other pod of it is ready: it may be reading its log', () => {
    expect(alone({ containerStatuses: [running] })).toEqual([]);
    expect(
      alone({ initContainerStatuses: [running], containerStatuses: [waiting('PodInitializing')] }),
    ).toEqual([]);
    expect(alone({})).toEqual([]);
  });

  test.for(['CrashLoopBackOff', 'ImagePullBackOff', 'CreateContainerConfigError'])(
    'is deleted where it shows %s, in its preparation too',
    (reason) => {
      expect(alone({ containerStatuses: [running, waiting(reason)] })).toEqual(['db-0']);
      expect(alone({ initContainerStatuses: [waiting(reason)] })).toEqual(['db-0']);
    },
  );

  test('is deleted where no node has taken it', () => {
    expect(alone({}, { spec: {} })).toEqual(['db-0']);
  });

  test('is not meant where the rollout of its revision has never ended', () => {
    expect(stuckNow(updating('db-0'), [pod({ revision: 'db-1' })])).toEqual(['db-2']);
  });
});

test('a pod that shows no sign of failure is given the time that a start takes', () => {
  const index = indexRelated({ ...nothing, pods: [pod()] });
  const after = (ms: number) =>
    stuckPods(statefulSet(), index, Date.parse(START) + ms).map(({ inMs }) => inMs);
  expect(after(4_000)).toEqual([11_000]);
  expect(after(15_000)).toEqual([0]);
  const failing = pod({ containers: { containerStatuses: [waiting('ErrImagePull')] } });
  expect(stuckNow(statefulSet(), [failing], Date.parse(START))).toEqual(['db-2']);
});

describe('what holds up a StatefulSet', () => {
  test.each(cases)('$name', ({ given: [set, one], want }) => {
    expect(stuckNow(set, [one])).toEqual(want ? [one.metadata.name] : []);
  });
});
