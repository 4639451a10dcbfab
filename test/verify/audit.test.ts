// The two tables of health, row by row: when an object is ready, and from when on a sign of failure counts. Each row
// names the fixtures just before and just after its threshold; a kind or a signal without a row fails the audit.

import { describe, expect, test } from 'vitest';
import type { HealthStatus } from '../../src/model/health.ts';
import { kindRules } from '../../src/model/kind-rules.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { SIGNALS, type SignalName } from '../../src/model/signal.ts';
import { KINDS } from '../../src/verify/health.ts';
import { healthFixtures, podFixture, podFixtures } from './fixtures.ts';
import {
  deployment,
  eventOn,
  manifestOf,
  type Moment,
  podLike,
  replicaSet,
  watch,
  watchAll,
} from './scene.ts';

interface Row {
  /** As registered in verify/health.ts; `any` for what holds whatever the kind is. */
  kind: string;
  asks: string;
  /** Fixtures in which it is not so yet, and their answer. */
  before: Record<string, HealthStatus>;
  after: Record<string, HealthStatus>;
}

const C = 'Current';
const P = 'InProgress';
const F = 'Failed';
const S = 'Suspended';

// biome-ignore format: one line per row
const READY: Row[] = [
  { kind: 'any', asks: 'not being deleted', before: { 'custom stalled and being deleted': 'Terminating', 'deployment being deleted': 'Terminating' }, after: { 'custom stalled': F } },
  { kind: 'any', asks: 'generation observed', before: { 'custom stalled and not observed': P, 'custom observed generation behind': P, 'deployment controller behind': P }, after: { 'custom stalled': F, 'custom ready': C } },
  { kind: 'any', asks: 'not Reconciling', before: { 'custom reconciling and stalled': P, 'custom ready and reconciling': P, 'custom reconciling': P }, after: { 'custom ready': C } },
  { kind: 'any', asks: 'not Stalled', before: { 'custom stalled': F, 'deployment stalled as kstatus has it': F, 'custom stalled at an older generation': P }, after: { 'custom ready': C } },
  { kind: 'any', asks: 'Ready, where there is one', before: { 'custom not ready': P, 'custom ready of an older generation': P }, after: { 'custom ready': C, 'custom without status': C, configmap: C } },
  { kind: 'Deployment.apps', asks: 'updated ≥ spec', before: { 'deployment just created': P, 'deployment first new pod': P }, after: { 'deployment rolled out': C } },
  { kind: 'Deployment.apps', asks: 'status.replicas = spec', before: { 'deployment old pod left': P }, after: { 'deployment rolled out': C, 'deployment scaled to zero': C } },
  { kind: 'Deployment.apps', asks: 'available ≥ updated', before: { 'deployment min ready seconds': P }, after: { 'deployment rolled out': C } },
  { kind: 'Deployment.apps', asks: 'ready ≥ spec', before: { 'deployment pod not ready': P, 'deployment reports replica failure of an old set': P }, after: { 'deployment rolled out': C } },
  { kind: 'Deployment.apps', asks: 'Progressing is NewReplicaSetAvailable', before: { 'deployment not called complete': P, 'deployment ready with old deadline condition': P }, after: { 'deployment rolled out': C, 'deployment without deadline': C } },
  { kind: 'Deployment.apps', asks: 'Available', before: { 'deployment not available': P }, after: { 'deployment rolled out': C } },
  { kind: 'Deployment.apps', asks: 'deadline exceeded', before: { 'deployment first new pod': P }, after: { 'deployment deadline exceeded': F } },
  { kind: 'Deployment.apps', asks: 'paused', before: { 'deployment first new pod': P }, after: { 'deployment paused': S } },
  { kind: 'StatefulSet.apps', asks: 'observed', before: { 'statefulset just created': P }, after: { 'statefulset rolled out': C } },
  { kind: 'StatefulSet.apps', asks: 'OnDelete: ready is enough', before: { 'statefulset on delete one not ready': P }, after: { 'statefulset on delete with old pods': C } },
  { kind: 'StatefulSet.apps', asks: 'partition: updated ≥ spec − partition', before: { 'statefulset partition not reached': P }, after: { 'statefulset partition reached': C, 'statefulset partition of all': C } },
  { kind: 'StatefulSet.apps', asks: 'current = update revision', before: { 'statefulset one pod of old revision': P, 'statefulset second pod updating': P }, after: { 'statefulset rolled out': C } },
  { kind: 'StatefulSet.apps', asks: 'scaled down', before: { 'statefulset scaling down': P }, after: { 'statefulset rolled out': C } },
  { kind: 'StatefulSet.apps', asks: 'available', before: { 'statefulset min ready seconds': P }, after: { 'statefulset rolled out': C } },
  { kind: 'DaemonSet.apps', asks: 'observed', before: { 'daemonset just created': P }, after: { 'daemonset no node wants it': C } },
  { kind: 'DaemonSet.apps', asks: 'current ≥ desired', before: { 'daemonset node without pod': P }, after: { 'daemonset rolled out': C } },
  { kind: 'DaemonSet.apps', asks: 'updated ≥ desired', before: { 'daemonset one old pod': P }, after: { 'daemonset rolled out': C } },
  { kind: 'DaemonSet.apps', asks: 'available ≥ desired', before: { 'daemonset min ready seconds': P }, after: { 'daemonset rolled out': C } },
  { kind: 'DaemonSet.apps', asks: 'ready ≥ desired', before: { 'daemonset one pod not ready': P }, after: { 'daemonset rolled out': C } },
  { kind: 'DaemonSet.apps', asks: 'OnDelete: ready is enough', before: { 'daemonset on delete one not ready': P }, after: { 'daemonset on delete with old pods': C } },
  { kind: 'ReplicaSet.apps', asks: 'no ReplicaFailure', before: { 'replicaset over quota': P, 'replicaset one not ready': P, 'replicaset scaling down': P }, after: { 'replicaset ready': C } },
  { kind: 'Pod.', asks: 'Succeeded or Ready', before: { 'pod starting': P, 'pod evicted': P }, after: { 'pod completed': C, 'pod ready': C } },
  { kind: 'Pod.', asks: 'Failed', before: { 'pod evicted': P }, after: { 'pod ended in failure': F } },
  { kind: 'Job.batch', asks: 'Complete or Failed', before: { 'job that has just been made': P, 'job running': P, 'job about to complete': P }, after: { 'job complete': C, 'job out of retries': F } },
  { kind: 'Job.batch', asks: 'suspended', before: { 'job running': P }, after: { 'job suspended': S, 'job complete though suspended later': C } },
  { kind: 'CronJob.batch', asks: 'nothing', before: {}, after: { cronjob: C } },
  { kind: 'Service.', asks: 'LoadBalancer: an address', before: { 'service load balancer without address': P }, after: { 'service load balancer with address': C, 'service external name': C, 'service cluster ip': C } },
  { kind: 'Ingress.networking.k8s.io', asks: 'nothing', before: {}, after: { 'ingress without address': C } },
  { kind: 'PersistentVolumeClaim.', asks: 'Bound, unless it waits for a pod', before: { 'pvc pending of immediate class': P }, after: { 'pvc bound': C, 'pvc pending of waiting class': C, 'pvc pending of unknown class': C } },
  { kind: 'PersistentVolumeClaim.', asks: 'Lost', before: { 'pvc pending of immediate class': P }, after: { 'pvc lost': F } },
  { kind: 'CustomResourceDefinition.apiextensions.k8s.io', asks: 'Established', before: { 'crd installing': P }, after: { 'crd established': C } },
  { kind: 'CustomResourceDefinition.apiextensions.k8s.io', asks: 'NamesAccepted is False', before: { 'crd installing': P }, after: { 'crd names taken': F } },
  { kind: 'APIService.apiregistration.k8s.io', asks: 'Available', before: { 'apiservice without endpoints': P }, after: { 'apiservice available': C } },
  { kind: 'HorizontalPodAutoscaler.autoscaling', asks: 'observed; degraded is told, not waited for', before: { 'hpa not observed': P }, after: { 'hpa scaling': C, 'hpa without metrics': C } },
  { kind: 'PodDisruptionBudget.policy', asks: 'observed; degraded is told, not waited for', before: { 'pdb not observed': P }, after: { 'pdb allows no disruption': C } },
  { kind: 'Namespace.', asks: 'Active', before: { 'namespace without status': P, 'namespace terminating': 'Terminating' }, after: { 'namespace active': C } },
  { kind: 'Rollout.argoproj.io', asks: 'Healthy', before: { 'rollout just created': P, 'rollout controller behind': P, 'rollout progressing': P, 'rollout paused at a step': P, 'rollout paused by a person': S }, after: { 'rollout rolled out': C, 'rollout observed generation is a hash': C } },
  { kind: 'Rollout.argoproj.io', asks: 'Degraded', before: { 'rollout progressing': P }, after: { 'rollout aborted': F, 'rollout deadline exceeded': F, 'rollout invalid spec': F } },
  { kind: 'Canary.flagger.app', asks: 'Initialized or Succeeded', before: { 'canary just created': P, 'canary initializing': P, 'canary progressing': P, 'canary finalising': P, 'canary waiting promotion': P, 'canary suspended': S }, after: { 'canary initialized': C, 'canary succeeded': C } },
  { kind: 'Canary.flagger.app', asks: 'Failed', before: { 'canary progressing': P }, after: { 'canary failed': F } },
  { kind: 'Certificate.cert-manager.io', asks: 'issued', before: { 'certificate just created': P, 'certificate issuing': P, 'certificate not issued': P }, after: { 'certificate issued': C, 'certificate could not be issued': F } },
  { kind: 'CertificateRequest.cert-manager.io', asks: 'issued', before: { 'certificate request pending': P }, after: { 'certificate request issued': C, 'certificate request denied': F } },
  { kind: 'Service.serving.knative.dev', asks: 'Ready', before: { 'knative service just created': P, 'knative service deploying': P }, after: { 'knative service ready': C, 'knative service revision failed': F, 'knative service over quota': F } },
  { kind: 'Configuration.serving.knative.dev', asks: 'Ready', before: {}, after: { 'knative configuration failed': F } },
  { kind: 'Revision.serving.knative.dev', asks: 'Ready', before: {}, after: { 'knative revision without traffic': C, 'knative revision container missing': F } },
  { kind: 'Route.serving.knative.dev', asks: 'Ready', before: { 'knative route waiting for its ingress': P }, after: {} },
];

describe('when is an object ready', () => {
  const fixtures = new Map(healthFixtures().map(({ name, want, content }) => [name, { want, content }]));

  test.each(READY)('$kind: $asks', ({ kind, before, after }) => {
    for (const [name, status] of [...Object.entries(before), ...Object.entries(after)]) {
      const fixture = fixtures.get(name);
      // What the fixture is judged as is shown by health.test.ts, against its name.
      expect(fixture?.want[0], `the fixture ${name}`).toBe(status);
      const group = fixture?.content.apiVersion.split('/').toReversed()[1] ?? '';
      if (kind !== 'any') expect(`${fixture?.content.kind}.${group}`).toBe(kind);
    }
    for (const status of Object.values(before)) expect(status).not.toBe('Current');
  });

  test('every kind with a rule has its rows', () => {
    const rows = new Set(READY.map(({ kind }) => kind));
    expect(KINDS.filter((kind) => !rows.has(kind))).toEqual([]);
  });
});

interface SignRow {
  signal: SignalName;
  /** Of a pod, an object, the message of a FailedCreate, or a rule of the App about an object without a status. */
  shows: { pod: string } | { object: string } | { failedCreate: string } | { rule: string };
  want: 'failed' | 'unknown';
  /** Another fixture with one count less, where counting is not by restarts or events. */
  below?: string;
}

// biome-ignore format: one line per row
const SIGNS: SignRow[] = [
  { signal: 'InvalidImageName', shows: { pod: 'image name invalid' }, want: 'failed' },
  { signal: 'ErrImageNeverPull', shows: { pod: 'image never pulled' }, want: 'failed' },
  { signal: 'JobFailed', shows: { object: 'job out of retries' }, want: 'failed' },
  { signal: 'NamesNotAccepted', shows: { object: 'crd names taken' }, want: 'failed' },
  { signal: 'ProgressDeadlineExceeded', shows: { object: 'deployment deadline exceeded' }, want: 'failed' },
  { signal: 'ImageNotFound', shows: { pod: 'image not found backing off' }, below: 'image not found', want: 'failed' },
  { signal: 'ImageNotFound', shows: { pod: 'image not found told by an event' }, below: 'image unauthorized', want: 'failed' },
  { signal: 'ImagePull', shows: { pod: 'registry timeout' }, want: 'unknown' },
  { signal: 'ImagePull', shows: { pod: 'image back off alone' }, want: 'unknown' },
  { signal: 'CrashLoopBackOff', shows: { pod: 'crash loop' }, want: 'failed' },
  { signal: 'CrashLoopBackOff', shows: { pod: 'crash loop of an init container' }, want: 'failed' },
  { signal: 'OOMKilled', shows: { pod: 'out of memory' }, want: 'failed' },
  { signal: 'RunContainerError', shows: { pod: 'container cannot run' }, want: 'unknown' },
  { signal: 'CreateContainerConfigError', shows: { pod: 'configmap missing' }, want: 'failed' },
  { signal: 'CreateContainerConfigError', shows: { pod: 'secret missing' }, want: 'failed' },
  { signal: 'SecretPending', shows: { pod: 'secret made by an operator' }, want: 'failed' },
  { signal: 'RunContainerError', shows: { pod: 'run container error' }, want: 'failed' },
  { signal: 'RunContainerError', shows: { pod: 'create container error' }, want: 'failed' },
  { signal: 'FailedCreate', shows: { failedCreate: 'forbidden: violates PodSecurity "restricted:latest"' }, want: 'failed' },
  { signal: 'FailedCreate', shows: { failedCreate: 'forbidden: maximum cpu usage per Container is 1' }, want: 'failed' },
  { signal: 'FailedCreate', shows: { failedCreate: 'error looking up service account shop/web: serviceaccount "web" not found' }, want: 'failed' },
  { signal: 'FailedCreateQuota', shows: { failedCreate: 'forbidden: exceeded quota: pods' }, want: 'unknown' },
  { signal: 'FailedCreateWebhook', shows: { failedCreate: 'failed calling webhook "x": deadline exceeded' }, want: 'unknown' },
  { signal: 'Unschedulable', shows: { pod: 'unschedulable' }, want: 'unknown' },
  { signal: 'FailedMountNotFound', shows: { pod: 'mount of a missing secret' }, want: 'failed' },
  { signal: 'FailedMount', shows: { pod: 'mount timeout' }, want: 'unknown' },
  { signal: 'ProbeKilled', shows: { pod: 'killed by its liveness probe' }, want: 'failed' },
  { signal: 'ProbeKilled', shows: { pod: 'killed by its startup probe' }, want: 'failed' },
  { signal: 'Stalled', shows: { object: 'custom stalled' }, want: 'failed' },
  { signal: 'Stalled', shows: { object: 'rollout aborted' }, want: 'failed' },
  { signal: 'Degraded', shows: { object: 'knative service crashing' }, want: 'failed' },
  { signal: 'Degraded', shows: { object: 'rollout degraded for a reason in words' }, want: 'failed' },
  { signal: 'Degraded', shows: { object: 'rollout analysis in error' }, want: 'unknown' },
  { signal: 'ImageNotFound', shows: { object: 'knative service image not found' }, want: 'failed' },
  { signal: 'ImagePull', shows: { object: 'knative service revision failed' }, want: 'unknown' },
  { signal: 'FailedCreateQuota', shows: { object: 'knative service over quota' }, want: 'unknown' },
  { signal: 'IssuanceFailed', shows: { object: 'certificate could not be issued' }, want: 'unknown' },
  { signal: 'PodFailed', shows: { object: 'pod ended in failure' }, want: 'failed' },
  { signal: 'AwaitingPromotion', shows: { object: 'rollout paused at a step' }, want: 'unknown' },
  { signal: 'RuleNotEvaluated', shows: { rule: 'status.phase == "Ready"' }, want: 'unknown' },
  { signal: 'AddressPending', shows: { object: 'service load balancer without address' }, want: 'unknown' },
  { signal: 'VolumePending', shows: { object: 'pvc pending of immediate class' }, want: 'unknown' },
  { signal: 'NodeLost', shows: { pod: 'given up by the node controller' }, want: 'unknown' },
  { signal: 'VolumeLost', shows: { object: 'pvc lost' }, want: 'unknown' },
];

/** Shown, waited for, and never more than that. */
const NEVER = [
  'readiness probe fails',
  'evicted',
  'preempted',
  'configmap cache not synced',
  'mount waiting for the cache',
  'unschedulable while a node is coming',
];

const NEW = 'web-5d9';
const UID = 'uid-web-5d9-0';
const DAY_MS = 86_400_000;
const rule = { apiVersion: 'example.com/v1', kind: 'Silent', current: 'status.phase == "Ready"' };
const settings = { timeoutMs: 2 * DAY_MS, kinds: kindRules([rule], () => {}) };
const silent: KubeObject = { ...rule, metadata: { name: 'one', namespace: 'shop', uid: 'uid-one' } };

const externalSecret: KubeObject = {
  apiVersion: 'external-secrets.io/v1',
  kind: 'ExternalSecret',
  metadata: { name: 'from-the-vault', namespace: 'shop' },
  spec: { target: { name: 'made-by-operator' } },
};

function sightOfPod(name: string, count: number | undefined): Omit<Moment, 'atMs'> {
  const { pod, events } = podFixture(name);
  const counted = (each: Record<string, unknown>, field: string) =>
    count !== undefined && Number(each[field] ?? 0) > 0 ? { ...each, [field]: count } : each;
  const status = Object.fromEntries(
    Object.entries((pod.status ?? {}) as Record<string, unknown>).map(([field, value]) => [
      field,
      field.endsWith('ontainerStatuses')
        ? (value as Record<string, unknown>[]).map((each) => counted(each, 'restartCount'))
        : value,
    ]),
  );
  const about = events.map(
    (event): KubeObject => ({
      ...event,
      involvedObject: { ...(event.involvedObject as object), uid: UID },
    }),
  );
  return {
    objects: [
      watch(deployment()),
      { manifest: manifestOf(externalSecret), live: externalSecret, changed: true },
    ],
    related: {
      replicaSets: [replicaSet(NEW)],
      pods: [podLike({ ...pod, status }, 'web-5d9-0', NEW)],
      events: about.map((event) =>
        /^Failed(Mount|AttachVolume)$/.test(String(event.reason))
          ? (counted(event, 'count') as KubeObject)
          : event,
      ),
    },
  };
}

function sightOfObject(name: string): Omit<Moment, 'atMs'> {
  const object = healthFixtures().find((fixture) => fixture.name === name)?.content as KubeObject;
  const immediate = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'immediate' },
    volumeBindingMode: 'Immediate',
  };
  return { objects: [watch(object)], related: { storageClasses: [immediate] } };
}

function sightOf({ shows }: SignRow, count?: number): Omit<Moment, 'atMs'> {
  if ('pod' in shows) return sightOfPod(shows.pod, count);
  if ('object' in shows) return sightOfObject(shows.object);
  if ('rule' in shows) return { objects: [watch(silent)] };
  return {
    objects: [watch(deployment({ updated: 0 }))],
    related: {
      replicaSets: [replicaSet(NEW, { replicas: 0 })],
      events: [
        eventOn(`uid-${NEW}`, 'FailedCreate', `Error creating: pods "web-x" is ${shows.failedCreate}`),
      ],
    },
  };
}

/** Nothing to see at first, so that what was told before is not taken for old news; then the sight, at these times. */
function judged(sight: Omit<Moment, 'atMs'>, ...timesMs: number[]) {
  const calm = { objects: [watch(deployment({ name: 'other' }))] };
  const moments = timesMs.map((atMs) => ({ atMs, ...sight }));
  return watchAll([{ atMs: 0, ...calm }, ...moments], settings).judgement.kind;
}

describe('seeing failure before the deadline', () => {
  const rows = SIGNS.map((row) => {
    const { afterMs, count } = SIGNALS[row.signal];
    return { ...row, afterMs, count, fixture: Object.values(row.shows)[0] ?? '' };
  });

  test.each(rows)('$signal ($fixture): not before $afterMs ms, $want from then on', (row) => {
    const sight = sightOf(row);
    const from = 1_000;
    // A verdict needs two reads past the threshold, 5 s apart.
    if (row.afterMs > 0)
      expect(judged(sight, from, from + row.afterMs - 1, from + row.afterMs + 4_998)).toBe('waiting');
    expect(judged(sight, from, from + row.afterMs, from + row.afterMs + 4_999)).toBe('waiting');
    expect(judged(sight, from, from + row.afterMs, from + row.afterMs + 5_000)).toBe(row.want);
  });

  // What is never made has no count of restarts; that it stands for its time says that it was tried twice. What others
  // report of an image, they have tried.
  const uncounted = ['create container error', 'knative service image not found'];
  const counted = rows.filter(({ count, fixture }) => count > 1 && !uncounted.includes(fixture));

  test.each(counted)('$signal ($fixture): not below a count of $count', (row) => {
    const times = [1_000, 1_000 + DAY_MS / 2, 1_000 + DAY_MS / 2 + 5_000] as const;
    const below = row.below === undefined ? sightOf(row, row.count - 1) : sightOfPod(row.below, undefined);
    expect(judged(below, ...times)).toBe('waiting');
    expect(judged(sightOf(row, row.below === undefined ? row.count : undefined), ...times)).toBe(row.want);
  });

  test.each(NEVER)('never: %s', (name) => {
    expect(podFixtures().find((fixture) => fixture.name === name)?.want).toEqual(['none']);
    expect(judged(sightOfPod(name, undefined), 1_000, 500_000, 505_000)).toBe('waiting');
  });

  test('every signal has its rows', () => {
    const shown = new Set<string>(SIGNS.map(({ signal }) => signal));
    // The one is no sign; the others are in test/verify/checks.
    const others = ['Confirmation', 'CheckFailed', 'HookGone'];
    expect(Object.keys(SIGNALS).filter((name) => !others.includes(name) && !shown.has(name))).toEqual([]);
  });
});
