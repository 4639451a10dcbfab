import { expect, test } from 'vitest';
import { makeKubeEvents } from '../../../src/adapters/cluster/kube-events.ts';
import type { App } from '../../../src/model/app.ts';
import type { Clock } from '../../../src/ports.ts';
import { testCluster } from '../../support/cluster.ts';
import { realClock } from './clock.ts';
import { endAfterEach, never, open } from './setup.ts';

endAfterEach();

async function started(prefix: string) {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace(prefix);
  const { cluster } = await open();
  let passed = 0;
  const clock: Clock = { ...realClock, monotonic: () => performance.now() + passed };
  const problems: unknown[] = [];
  const events = makeKubeEvents(cluster.as(undefined), { clock, onProblem: (error) => problems.push(error) });
  const app: App = {
    apiVersion: 'pawl.dev/v1alpha1',
    kind: 'App',
    metadata: { namespace, name: 'web', uid: 'u-1' },
    spec: { source: { url: 'https://git.example.com/a.git' }, serviceAccountName: 'd' },
  };
  const list = async () =>
    (await shared.list('events', namespace)).map(
      ({ type, reason, message, count, involvedObject }) =>
        `${type} ${reason} ${message} ×${count} ${involvedObject.kind}/${involvedObject.name}`,
    );
  return { shared, namespace, events, app, list, problems, pass: (ms: number) => (passed += ms) };
}

const failed = { type: 'Warning', reason: 'ReleaseFailed', message: 'CrashLoopBackOff' } as const;

test('the same said again raises the count, something else is an Event of its own', async () => {
  const { events, app, list } = await started('events');
  await Promise.all([events.record(app, failed, never), events.record(app, failed, never)]);
  await events.record(app, failed, never);
  await events.record(app, { ...failed, type: 'Normal' }, never);
  expect((await list()).toSorted()).toEqual([
    'Normal ReleaseFailed CrashLoopBackOff ×1 App/web',
    'Warning ReleaseFailed CrashLoopBackOff ×3 App/web',
  ]);
});

test('after ten minutes it is news again', async () => {
  const { events, app, list, pass } = await started('news');
  await events.record(app, failed, never);
  pass(601_000);
  await events.record(app, failed, never);
  expect(await list()).toEqual([
    'Warning ReleaseFailed CrashLoopBackOff ×1 App/web',
    'Warning ReleaseFailed CrashLoopBackOff ×1 App/web',
  ]);
});

test('an Event that the server has forgotten is made anew', async () => {
  const { shared, namespace, events, app, list } = await started('forgotten');
  await events.record(app, failed, never);
  await shared.kubectl(['delete', 'events', '--all', '-n', namespace]);
  await events.record(app, failed, never);
  expect(await list()).toEqual(['Warning ReleaseFailed CrashLoopBackOff ×1 App/web']);
});

test('an Event that cannot be written is a problem, not an error, and hinders no other', async () => {
  const { events, app, list, problems } = await started('problem');
  const elsewhere = { ...app, metadata: { ...app.metadata, namespace: 'no-such-namespace' } };
  await events.record(elsewhere, failed, never);
  expect(problems).toMatchObject([{ status: 404 }]);
  await events.record(app, { ...failed, message: 'x'.repeat(5_000) }, never);
  expect((await list())[0]).toContain('x'.repeat(1_024));
});

test('an abort is told as such', async () => {
  const { events, app, problems } = await started('abort');
  const controller = new AbortController();
  controller.abort(new Error('stop'));
  await expect(events.record(app, failed, controller.signal)).rejects.toThrow('stop');
  expect(problems).toEqual([]);
});
