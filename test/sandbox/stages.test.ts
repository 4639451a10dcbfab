// What the simulated nodes report must be what a kubelet reports: verdicts are made of it.
import { beforeEach, expect, test } from 'vitest';
import { timeScaleAnnotation } from '../../src/sandbox/stages/plays.ts';
import { type Json, testCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

const cluster = await testCluster();
const namespace = await cluster.freshNamespace('stages');
let pods = 0;

beforeEach(({ skip }) => skip(cluster.auditLog === undefined, 'the nodes of this cluster are its own'));

interface PodOptions {
  restartPolicy?: string;
  annotations?: Record<string, string>;
  images?: string[];
}

async function start(tag: string, options: PodOptions = {}): Promise<string> {
  const name = `pod-${++pods}-${tag}`;
  const images = options.images ?? [`registry.example.com/team/web:1.4-${tag}`];
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, annotations: options.annotations },
    spec: {
      restartPolicy: options.restartPolicy ?? 'Always',
      containers: images.map((image, index) => ({ name: index === 0 ? 'web' : `side-${index}`, image })),
    },
  });
  return name;
}

/** Waits until the pod's status passes. */
async function statusOf(name: string, check: (status: Json) => void, timeoutMs = 30_000): Promise<Json> {
  return await eventually(
    async () => {
      const { body } = await cluster.request({ path: `/api/v1/namespaces/${namespace}/pods/${name}` });
      check(body.status);
      return body.status;
    },
    { timeoutMs, describe: `the status of ${name}` },
  );
}

const conditionsOf = (status: Json) =>
  Object.fromEntries(status.conditions.map((one: Json) => [one.type, one.status]));

test.concurrent('any other tag runs and is ready at once', async () => {
  const status = await statusOf(await start('fine'), ({ phase }) => expect(phase).toBe('Running'));
  expect(status.containerStatuses).toEqual([
    expect.objectContaining({
      name: 'web',
      image: 'registry.example.com/team/web:1.4-fine',
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: expect.any(String) } },
      lastState: {},
    }),
  ]);
  expect(conditionsOf(status)).toEqual({
    PodScheduled: 'True',
    PodReadyToStartContainers: 'True',
    Initialized: 'True',
    ContainersReady: 'True',
    Ready: 'True',
  });
  expect(status).toMatchObject({
    podIP: expect.stringMatching(/^10\.244\./),
    hostIP: expect.stringMatching(/^192\.0\.2\./),
    startTime: expect.any(String),
    observedGeneration: 1,
  });
});

test.concurrent('crash exits with code 1 again and again and backs off', async () => {
  const name = await start('crash');
  const seen = new Set<string>();
  const status = await statusOf(name, ({ containerStatuses: [web] }) => {
    seen.add(web.state.waiting?.reason ?? web.state.terminated?.reason);
    expect(web.restartCount).toBeGreaterThanOrEqual(3);
    expect(web.state.waiting).toMatchObject({ reason: 'CrashLoopBackOff' });
  });
  expect([...seen]).toContain('CrashLoopBackOff');
  const [web] = status.containerStatuses;
  const lastState = {
    terminated: {
      exitCode: 1,
      reason: 'Error',
      startedAt: expect.any(String),
      finishedAt: expect.any(String),
    },
  };
  expect(web).toMatchObject({ ready: false, started: false, lastState });
  expect(web.state.waiting.message).toMatch(
    new RegExp(
      `^back-off (40s|1m20s|2m40s|5m0s) restarting failed container=web pod=${name}_${namespace}\\([0-9a-f-]{36}\\)$`,
    ),
  );
  expect(status.phase).toBe('Running');
  expect(conditionsOf(status)).toMatchObject({
    Ready: 'False',
    ContainersReady: 'False',
    Initialized: 'True',
  });
  const ready = status.conditions.find((one: Json) => one.type === 'Ready');
  expect(ready).toMatchObject({
    reason: 'ContainersNotReady',
    message: 'containers with unready status: [web]',
  });
});

test.concurrent('at the scale of 1 a crashing container keeps a kubelet’s times, or takes longer', async () => {
  const begun = performance.now();
  const name = await start('crash', { annotations: { [timeScaleAnnotation]: '1' } });
  const restarted = await statusOf(name, (status) =>
    expect(status.containerStatuses[0].restartCount).toBe(1),
  );
  expect(performance.now() - begun).toBeGreaterThan(1_000);
  expect(restarted.containerStatuses[0].lastState.terminated.exitCode).toBe(1);
  await statusOf(name, ({ containerStatuses: [web] }) => {
    expect(web.state.waiting?.reason).toBe('CrashLoopBackOff');
  });
  expect(performance.now() - begun).toBeGreaterThan(3_000);
});

test.concurrent('crashlate is ready for a while before it exits', async () => {
  const name = await start('crashlate', { annotations: { [timeScaleAnnotation]: '0.3' } });
  await statusOf(name, (status) => expect(conditionsOf(status).Ready).toBe('True'));
  const status = await statusOf(name, ({ containerStatuses: [web] }) =>
    expect(web.restartCount).toBeGreaterThan(0),
  );
  expect(status.containerStatuses[0].lastState.terminated).toMatchObject({ exitCode: 1, reason: 'Error' });
});

test.concurrent('oom is killed for its memory', async () => {
  const status = await statusOf(await start('oom'), ({ containerStatuses: [web] }) => {
    expect(web.state.waiting?.reason).toBe('CrashLoopBackOff');
  });
  expect(status.containerStatuses[0].lastState.terminated).toMatchObject({
    exitCode: 137,
    reason: 'OOMKilled',
  });
});

const image = (tag: string) => `registry.example.com/team/web:1.4-${tag}`;
const failedPull = (tag: string, why: string) =>
  `failed to pull and unpack image "${image(tag)}": failed to resolve reference "${image(tag)}": ${why}`;

test.concurrent.each([
  { tag: 'notfound', why: `${image('notfound')}: not found` },
  {
    tag: 'registrydown',
    why: 'failed to do request: Head "https://registry.example.com/v2/team/web/manifests/1.4-registrydown": dial tcp 203.0.113.7:443: i/o timeout',
  },
])('$tag alternates between ErrImagePull and ImagePullBackOff', async ({ tag, why }) => {
  const name = await start(tag, { annotations: { [timeScaleAnnotation]: '0.1' } });
  const waiting = async (reason: string) => {
    const status = await statusOf(name, ({ containerStatuses: [web] }) => {
      expect(web.state.waiting.reason).toBe(reason);
    });
    expect(status).toMatchObject({ phase: 'Pending' });
    expect(status.containerStatuses[0]).toMatchObject({ ready: false, started: false, restartCount: 0 });
    expect(conditionsOf(status)).toMatchObject({ Ready: 'False' });
    return status.containerStatuses[0].state.waiting.message;
  };
  expect(await waiting('ErrImagePull')).toBe(failedPull(tag, why));
  expect(await waiting('ImagePullBackOff')).toBe(
    `Back-off pulling image "${image(tag)}": ErrImagePull: ${failedPull(tag, why)}`,
  );
  await waiting('ErrImagePull');
});

test.concurrent('noconfig waits for a ConfigMap that is not there', async () => {
  const status = await statusOf(await start('noconfig'), ({ containerStatuses: [web] }) => {
    expect(web.state.waiting).toEqual({
      reason: 'CreateContainerConfigError',
      message: 'configmap "web-config" not found',
    });
  });
  expect(status.phase).toBe('Pending');
});

test.concurrent('slow runs before it is ready', async () => {
  const name = await start('slow', { annotations: { 'sandbox.pawl.dev/ready-after': '4s' } });
  const early = await statusOf(name, ({ phase }) => expect(phase).toBe('Running'));
  expect(early.containerStatuses[0]).toMatchObject({ ready: false, state: { running: expect.anything() } });
  expect(conditionsOf(early)).toMatchObject({ Ready: 'False' });
  const late = await statusOf(name, (status) => expect(conditionsOf(status).Ready).toBe('True'));
  expect(late.containerStatuses[0].state).toEqual(early.containerStatuses[0].state);
});

test.concurrent('neverready runs and is never ready', async () => {
  const status = await statusOf(await start('neverready'), ({ phase }) => expect(phase).toBe('Running'));
  expect(status.containerStatuses[0]).toMatchObject({ ready: false, started: true, restartCount: 0 });
});

test.concurrent('the first container whose tag names a play has it, the others run', async () => {
  const images = ['web:1', 'proxy:2-oom', 'log:3-crash'];
  const status = await statusOf(await start('several', { images }), ({ containerStatuses: [, proxy] }) => {
    expect(proxy.restartCount).toBeGreaterThan(0);
  });
  const [web, proxy, log] = status.containerStatuses;
  expect(web).toMatchObject({ ready: true, restartCount: 0, state: { running: expect.anything() } });
  expect(proxy.lastState.terminated.reason).toBe('OOMKilled');
  expect(log).toMatchObject({ ready: true, state: { running: expect.anything() } });
});

test.concurrent('a tag is told from a port, a digest and a name that look like one', async () => {
  const images = ['host-crash:5000/oom:1.0@sha256:'.concat('a'.repeat(64))];
  const status = await statusOf(await start('digest', { images }), ({ phase }) =>
    expect(phase).toBe('Running'),
  );
  expect(status.containerStatuses[0].ready).toBe(true);
});

test.concurrent.each([
  { tag: 'fine', end: 'Succeeded', exitCode: 0, reason: 'Completed' },
  { tag: 'fail', end: 'Failed', exitCode: 1, reason: 'Error' },
  { tag: 'oom', end: 'Failed', exitCode: 137, reason: 'OOMKilled' },
])('a pod with restartPolicy Never and the tag $tag ends as $end', async ({ tag, end, exitCode, reason }) => {
  const name = await start(tag, { restartPolicy: 'Never' });
  const status = await statusOf(name, ({ phase }) => expect(phase).toBe(end));
  expect(status.containerStatuses[0].state.terminated).toMatchObject({ exitCode, reason });
  expect(status.containerStatuses[0].ready).toBe(false);
  expect(conditionsOf(status)).toMatchObject({ Ready: 'False' });
});

test.concurrent('a deleted pod is gone at once, whatever its grace period', async () => {
  const name = await start('fine');
  await statusOf(name, ({ phase }) => expect(phase).toBe('Running'));
  await cluster.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}/pods/${name}` });
  await eventually(
    async () => {
      const { status } = await cluster.request({ path: `/api/v1/namespaces/${namespace}/pods/${name}` });
      expect(status).toBe(404);
    },
    { timeoutMs: 10_000 },
  );
});

const template = (app: string, tag: string, spec: Json = {}) => ({
  metadata: { labels: { app } },
  spec: { ...spec, containers: [{ name: 'web', image: `web:1-${tag}` }] },
});

test.concurrent('Deployments, StatefulSets and DaemonSets roll out', async () => {
  const selector = (app: string) => ({ matchLabels: { app } });
  const kinds = [
    { kind: 'Deployment', spec: { replicas: 3 } },
    { kind: 'StatefulSet', spec: { replicas: 3, serviceName: 'web' } },
    { kind: 'DaemonSet', spec: {} },
  ];
  await cluster.apply(
    ...kinds.map(({ kind, spec }) => ({
      apiVersion: 'apps/v1',
      kind,
      metadata: { name: kind.toLowerCase(), namespace },
      spec: { ...spec, selector: selector(kind), template: template(kind, 'fine') },
    })),
  );
  await eventually(
    async () => {
      expect((await cluster.get('deployment', 'deployment', namespace)).status.readyReplicas).toBe(3);
      expect((await cluster.get('statefulset', 'statefulset', namespace)).status.readyReplicas).toBe(3);
      expect((await cluster.get('daemonset', 'daemonset', namespace)).status.numberReady).toBe(2);
    },
    { timeoutMs: 30_000 },
  );
});

test.concurrent('Jobs complete and fail', async () => {
  const job = (name: string, tag: string) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace },
    spec: { backoffLimit: 0, template: template(name, tag, { restartPolicy: 'Never' }) },
  });
  await cluster.apply(job('good', 'fine'), job('bad', 'fail'));
  const conditionOf = async (name: string, type: string) =>
    (await cluster.get('job', name, namespace)).status.conditions?.find((one: Json) => one.type === type);
  await eventually(
    async () => {
      expect(await conditionOf('good', 'Complete')).toMatchObject({ status: 'True' });
      expect(await conditionOf('bad', 'Failed')).toMatchObject({
        status: 'True',
        reason: 'BackoffLimitExceeded',
      });
    },
    { timeoutMs: 30_000 },
  );
});

test.concurrent('a node with the label of a lost one is not ready, and ready again without it', async () => {
  const name = `lost-${namespace}`;
  // So that nobody's DaemonSet runs here too.
  const taints = [{ key: 'sandbox.pawl.dev/test', effect: 'NoSchedule' }];
  await cluster.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { taints } });
  const isReady = async () =>
    (await cluster.get('node', name)).status.conditions?.find((one: Json) => one.type === 'Ready')?.status;
  try {
    await eventually(async () => expect(await isReady()).toBe('True'));
    await cluster.kubectl(['label', 'node', name, 'sandbox.pawl.dev/lost=true']);
    await eventually(async () => expect(await isReady()).toBe('Unknown'));
    await cluster.kubectl(['label', 'node', name, 'sandbox.pawl.dev/lost-']);
    await eventually(async () => expect(await isReady()).toBe('True'));
  } finally {
    await cluster.kubectl(['delete', 'node', name]);
  }
});
