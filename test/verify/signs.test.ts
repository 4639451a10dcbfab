import { describe, expect, test } from 'vitest';
import type { Sign } from '../../src/model/health.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { inProgress } from '../../src/verify/answers.ts';
import { healthOf } from '../../src/verify/health.ts';
import { indexRelated, type RelatedObjects } from '../../src/verify/owners.ts';
import { keptOfPod } from '../../src/verify/related.ts';
import { signsOf } from '../../src/verify/signs.ts';
import type { SignContext } from '../../src/verify/signs/context.ts';
import { healthFixtures, podFixture, podFixtures } from './fixtures.ts';
import { deployment, eventOn, NOW, nothing, podLike, replicaSet } from './scene.ts';

const NEW = 'web-5d9';

function context(more: Partial<SignContext> = {}): SignContext {
  return {
    now: NOW,
    health: inProgress('PodsNotReady', 'not ready'),
    seenReady: new Set(),
    notFoundAt: new Set(),
    oldEvents: {},
    imagesBefore: new Set(),
    isMadeByOperator: (secret) => secret === 'made-by-operator',
    ...more,
  };
}

function signsAt(related: Partial<RelatedObjects>, more: Partial<SignContext> = {}): Sign[] {
  const objects = { ...nothing, replicaSets: [replicaSet(NEW)], ...related };
  return signsOf(deployment(), indexRelated(objects), context(more));
}

/** The signs of a pod of the new ReplicaSet that is as in the fixture, as the mirror keeps it. */
function signsOfPod(name: string, more: Partial<SignContext> = {}): Sign[] {
  const { pod, events } = podFixture(name);
  const mine = keptOfPod(podLike(pod, 'web-5d9-x', NEW));
  const about = events.map((event) => ({
    ...event,
    involvedObject: { ...(event.involvedObject as object), uid: 'uid-web-5d9-x' },
  }));
  return signsAt({ pods: [mine], events: about }, more);
}

describe('what a kubelet says of a pod', () => {
  const cases = podFixtures();

  test('there are fixtures', () => expect(cases.length).toBeGreaterThan(45));

  test.each(cases)('$name: $want', ({ name, want }) => {
    const found = signsOfPod(name).map((sign) => [sign.signal, sign.blames]);
    expect(found).toEqual(want[0] === 'none' ? [] : [want]);
  });
});

describe('evidence holds reasons, counts, exit codes and seconds, never a text of the cluster', () => {
  const cases = [
    { name: 'crash loop', want: 'CrashLoopBackOff, exit code 1, 3 restarts in 24 s' },
    {
      name: 'crash loop of an init container',
      want: 'CrashLoopBackOff, container init, exit code 2, 3 restarts in 24 s',
    },
    { name: 'out of memory', want: 'OOMKilled, exit code 137, 2 restarts in 24 s' },
    { name: 'image not found', want: 'ErrImagePull, image not found' },
    { name: 'image unauthorized', want: 'ErrImagePull, access denied' },
    { name: 'registry timeout', want: 'ErrImagePull, registry trouble' },
    { name: 'mount of a missing secret', want: 'FailedMount, not found, 4 times' },
    { name: 'killed by its liveness probe', want: 'ProbeKilled, by its liveness probe, 3 times' },
    { name: 'run container error', want: 'RunContainerError, exit code 128' },
    { name: 'configmap missing', want: 'CreateContainerConfigError' },
  ];
  test.each(cases)('$name: $want', ({ name, want }) => {
    expect(signsOfPod(name).map((sign) => sign.evidence)).toEqual([want]);
  });
});

describe('what is remembered of a pod', () => {
  test('a crash loop of a pod that was ready in this release is not shown', () => {
    expect(signsOfPod('crash loop', { seenReady: new Set(['uid-web-5d9-x']) })).toEqual([]);
  });

  test('a back-off without a cause has the cause that was told first', () => {
    const [sign] = signsOfPod('image back off alone', { notFoundAt: new Set(['Pod/web-5d9-x']) });
    expect(sign).toMatchObject({ signal: 'ImageNotFound', blames: 'commit', reason: 'ImagePullBackOff' });
  });

  test('an image that the object ran before is not the commit’s doing', () => {
    const [sign] = signsOfPod('image unauthorized', {
      imagesBefore: new Set(['registry.example.com/web:1.18']),
    });
    expect(sign).toMatchObject({ signal: 'ImageNotFound', blames: 'surroundings' });
  });
});

describe('attempts to pull an image are counted', () => {
  const cases = [
    { name: 'image not found', want: 1 },
    { name: 'image not found backing off', want: 2 },
    { name: 'image not found told by an event', want: 3 },
  ];
  test.each(cases)('$name: $want', ({ name, want }) => {
    expect(signsOfPod(name).map((sign) => sign.count)).toEqual([want]);
  });
});

describe('pods that cannot be created', () => {
  const uid = `uid-${NEW}`;
  const short = { replicaSets: [replicaSet(NEW, { replicas: 1 })] };
  const cases = [
    {
      name: 'PodSecurity',
      given:
        'pods "web-x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
      want: ['FailedCreate', 'commit', 'FailedCreate, violates PodSecurity'],
    },
    {
      name: 'a missing ServiceAccount',
      given:
        'pods "web-x" is forbidden: error looking up service account shop/web: serviceaccount "web" not found',
      want: ['FailedCreate', 'commit', 'FailedCreate, ServiceAccount not found'],
    },
    {
      name: 'forbidden otherwise',
      given: 'pods "web-x" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
      want: ['FailedCreate', 'commit', 'FailedCreate, forbidden'],
    },
    {
      name: 'a full quota',
      given:
        'pods "web-x" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=5, limited: pods=5',
      want: ['FailedCreateQuota', 'surroundings', 'FailedCreate, quota exceeded'],
    },
    {
      name: 'a webhook that does not answer',
      given:
        'Internal error occurred: failed calling webhook "inject.example.com": context deadline exceeded',
      want: ['FailedCreateWebhook', 'surroundings', 'FailedCreate, a webhook did not answer'],
    },
    {
      name: 'a namespace on its way out',
      given:
        'pods "web-x" is forbidden: unable to create new content in namespace shop because it is being terminated',
      want: ['FailedCreate', 'surroundings', 'FailedCreate, namespace is being terminated'],
    },
    {
      name: 'anything else',
      given: 'etcdserver: request timed out',
      want: ['FailedCreate', 'surroundings', 'FailedCreate, for another reason'],
    },
  ];

  test.each(cases)('$name, told by an event', ({ given, want }) => {
    const found = signsAt({ ...short, events: [eventOn(uid, 'FailedCreate', `Error creating: ${given}`)] });
    expect(found.map((sign) => [sign.signal, sign.blames, sign.evidence])).toEqual([want]);
  });

  test.each(cases)('$name, told by the new ReplicaSet', ({ given, want }) => {
    const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: given }];
    const found = signsAt({ replicaSets: [replicaSet(NEW, { replicas: 1, conditions })] });
    expect(found.map((sign) => [sign.signal, sign.blames, sign.evidence])).toEqual([want]);
  });

  const forbidden = 'Error creating: pods "web-x" is forbidden: no';

  test('the failure of an old ReplicaSet is not the new one’s', () => {
    const conditions = [
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: forbidden },
    ];
    const old = replicaSet('web-111', { image: 'web:1', conditions });
    const found = signsAt({
      replicaSets: [replicaSet(NEW), old],
      events: [eventOn('uid-web-111', 'FailedCreate', forbidden)],
    });
    expect(found).toEqual([]);
  });

  test('an event that was there before the release is old news, until it happens again', () => {
    const event = eventOn(uid, 'FailedCreate', forbidden, 4);
    const oldEvents = { [event.metadata.uid ?? '']: 4 };
    expect(signsAt({ ...short, events: [event] }, { oldEvents })).toEqual([]);
    expect(signsAt({ ...short, events: [{ ...event, count: 5 }] }, { oldEvents })).toHaveLength(1);
  });

  test('once the pods are there, the event says nothing any more', () => {
    expect(signsAt({ events: [eventOn(uid, 'FailedCreate', forbidden)] })).toEqual([]);
  });

  test.each(['StatefulSet', 'DaemonSet', 'Job'])('of a %s they are told by its own events', (kind) => {
    const object: KubeObject = {
      apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1',
      kind,
      metadata: { name: 'one', namespace: 'shop', uid: 'uid-one' },
      status: { desiredNumberScheduled: 2, currentNumberScheduled: 0 },
    };
    const index = indexRelated({ ...nothing, events: [eventOn('uid-one', 'FailedCreate', forbidden)] });
    expect(signsOf(object, index, context()).map((sign) => sign.signal)).toEqual(['FailedCreate']);
  });
});

describe('what an object says of itself', () => {
  const cases = [
    {
      name: 'deployment deadline exceeded',
      want: ['ProgressDeadlineExceeded', 'commit', 'ProgressDeadlineExceeded'],
    },
    { name: 'job out of retries', want: ['JobFailed', 'commit', 'JobFailed, BackoffLimitExceeded'] },
    { name: 'crd names taken', want: ['NamesNotAccepted', 'commit', 'NamesNotAccepted'] },
    { name: 'custom stalled', want: ['Stalled', 'commit', 'Stalled'] },
    { name: 'pod ended in failure', want: ['PodFailed', 'commit', 'PodFailed'] },
    { name: 'pvc lost', want: ['VolumeLost', 'surroundings', 'VolumeLost'] },
    { name: 'pvc pending of immediate class', want: ['VolumePending', 'surroundings', 'VolumePending'] },
    {
      name: 'service load balancer without address',
      want: ['AddressPending', 'surroundings', 'AddressPending'],
    },
    { name: 'custom not ready', want: undefined },
    { name: 'pod evicted', want: undefined },
  ];
  test.each(cases)('$name', ({ name, want }) => {
    const object = healthFixtures().find((fixture) => fixture.name === name)?.content as KubeObject;
    const health = healthOf(object, { now: NOW, bindingModes: new Map([['immediate', 'Immediate']]) });
    const found = signsOf(object, indexRelated(nothing), context({ health }));
    expect(found.map((sign) => [sign.signal, sign.blames, sign.evidence])).toEqual(
      want === undefined ? [] : [want],
    );
  });
});

test('an object that is as desired shows no signs, whatever its pods say', () => {
  const health = { status: 'Current' as const, reason: 'Current', message: '' };
  expect(signsOfPod('crash loop', { health })).toEqual([]);
});

test('a Job counts the failures of its pods itself', () => {
  const { pod } = podFixture('crash loop');
  const object: KubeObject = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'migrate', namespace: 'shop', uid: 'uid-migrate' },
    status: { active: 1 },
  };
  const index = indexRelated({ ...nothing, pods: [podLike(pod, 'migrate-x', 'migrate')] });
  expect(signsOf(object, index, context())).toEqual([]);
});

test('of a pod that is mirrored, what nobody reads is not kept', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', uid: 'u', managedFields: [{ manager: 'kubelet' }] },
    spec: {
      nodeName: 'n',
      volumes: [{ name: 'v' }],
      containers: [{ name: 'c', image: 'i', env: [{ name: 'A', value: 'b' }], resources: {} }],
    },
    status: { phase: 'Running' },
  };
  expect(keptOfPod(pod)).toEqual({
    ...pod,
    metadata: { name: 'p', uid: 'u' },
    spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
  });
  expect(keptOfPod({ ...pod, spec: 'odd' }).spec).toEqual({});
});
