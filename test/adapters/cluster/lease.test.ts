import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { holdLease, mayTake } from '../../../src/adapters/cluster/lease.ts';
import type { HeldLease } from '../../../src/adapters/cluster/lease.ts';
import type { ClusterApi } from '../../../src/ports.ts';
import { testCluster } from '../../support/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { realClock } from './clock.ts';
import { atEnd, configMap, endAfterEach, never, open, proxied } from './setup.ts';

endAfterEach();

const durationMs = 2_000;

/** One that contends, and notes when it held and when it lost. */
function contender(api: ClusterApi, namespace: string, identity: string) {
  const controller = new AbortController();
  const log: { what: 'held' | 'aborted' | 'lost' | 'ended'; at: number }[] = [];
  const note = (what: (typeof log)[number]['what']) => log.push({ what, at: performance.now() });
  let lease: HeldLease | undefined;
  const options = { name: 'leader', namespace, identity, durationMs, renewMs: 200 };
  const done = holdLease(options, api, realClock, controller.signal, {
    async onHeld(signal, held) {
      lease = held;
      note('held');
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      note('aborted');
      await realClock.delay(50, never);
      note('ended');
    },
    onLost: () => note('lost'),
  });
  const stop = async () => {
    controller.abort(new Error('end'));
    await done;
  };
  atEnd(stop);
  const when = (what: string) => log.find((each) => each.what === what)?.at;
  return { log, stop, when, held: () => lease?.held() ?? false };
}

type Contender = ReturnType<typeof contender>;

test('one of three leads, and gives the lease back when its work has ended', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('lease');
  const { cluster } = await open();
  const api = cluster.as(undefined);
  const all = ['a', 'b', 'c'].map((identity) => contender(api, namespace, identity));
  const found = (check: (each: Contender) => boolean) =>
    eventually(() => {
      const one = all.find(check);
      if (one === undefined) throw new Error('none holds it');
      return one;
    });
  const first = await found((each) => each.when('held') !== undefined);
  await realClock.delay(durationMs * 1.5, never);
  expect(all.filter((each) => each.log.length > 0)).toEqual([first]);
  const stoppedAt = performance.now();
  await first.stop();
  expect(first.log.map((each) => each.what)).toEqual(['held', 'aborted', 'ended']);
  const second = await found((each) => each !== first && each.log.length > 0);
  // Given back, so nobody waited for it to run out.
  expect((second.when('held') ?? 0) - stoppedAt).toBeLessThan(durationMs);
  expect(second.when('held')).toBeGreaterThan(first.when('ended') ?? Infinity);
  const record = await shared.get('lease', 'leader', namespace);
  expect(record.spec).toMatchObject({ leaseDurationSeconds: 2, leaseTransitions: 1 });
});

test('a holder that is cut off stops before another begins', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('lease-cut');
  const { proxy, kubeconfig } = await proxied();
  const { cluster: far } = await open({ connect: { kubeconfig } });
  const { cluster: near } = await open();
  const holder = contender(far.as(undefined), namespace, 'far');
  await eventually(() => holder.when('held') !== undefined);
  const other = contender(near.as(undefined), namespace, 'near');
  await realClock.delay(500, never);
  proxy.stall({ newToo: true });
  await eventually(() => other.when('held') !== undefined);
  expect(holder.log.map((each) => each.what)).toEqual(['held', 'lost', 'aborted', 'ended']);
  expect(holder.held()).toBe(false);
  expect(holder.when('ended')).toBeLessThan(other.when('held') ?? 0);
});

test('one failing renewal, or a label that a person sets, loses nothing', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('lease-label');
  const { proxy, kubeconfig } = await proxied();
  const { cluster } = await open({ connect: { kubeconfig } });
  const holder = contender(cluster.as(undefined), namespace, 'a');
  await eventually(() => holder.when('held') !== undefined);
  const renewed = async () => (await shared.get('lease', 'leader', namespace)).spec.renewTime;
  for (const disturb of [
    () => shared.kubectl(['label', 'lease', 'leader', 'x=y', '-n', namespace]),
    async () => proxy.cut(),
    async () => proxy.stall(),
  ]) {
    await disturb();
    const before = await renewed();
    await eventually(async () => (await renewed()) !== before);
  }
  expect(holder.log.map((each) => each.what)).toEqual(['held']);
});

test('a lease that somebody else takes or deletes is lost at once', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('lease-taken');
  const { cluster } = await open();
  const holder = contender(cluster.as(undefined), namespace, 'a');
  await eventually(() => holder.when('held') !== undefined);
  const patch = JSON.stringify({ spec: { holderIdentity: 'thief' } });
  await shared.kubectl(['patch', 'lease', 'leader', '--type=merge', '-p', patch, '-n', namespace]);
  await eventually(() => holder.when('ended') !== undefined, { timeoutMs: 1_000 });
  expect(holder.log.map((each) => each.what)).toEqual(['held', 'lost', 'aborted', 'ended']);
});

test('a holder that was paused writes nothing after another has begun', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('lease-paused');
  await shared.apply(configMap(namespace, 'board'));
  const args = [
    fileURLToPath(new URL('lease-holder.ts', import.meta.url)),
    shared.kubeconfig,
    namespace,
    'paused',
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  atEnd(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  });
  const said: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(...text.trim().split('\n')));
  const leader = async () => (await shared.get('configmap', 'board', namespace)).data?.leader;
  await eventually(async () => (await leader()) === 'paused', { timeoutMs: 20_000 });
  child.kill('SIGSTOP');

  const { cluster } = await open();
  const api = cluster.as(undefined);
  const other = contender(api, namespace, 'other');
  await eventually(() => other.when('held') !== undefined);
  await shared.apply(configMap(namespace, 'board', { leader: 'other' }));
  const before = (await shared.get('configmap', 'board', namespace)).metadata.resourceVersion;
  child.kill('SIGCONT');
  await eventually(() => expect(said).toEqual(['held', 'lost', 'stopped']));
  expect(other.held()).toBe(true);
  child.kill('SIGTERM');
  await once(child, 'close');
  expect(said.at(-1)).toBe('done');
  expect((await shared.get('configmap', 'board', namespace)).metadata.resourceVersion).toBe(before);
});

const options = { name: 'l', namespace: 'n', identity: 'me', durationMs: 15_000, renewMs: 2_000 };
const record = (spec: Record<string, unknown>) => ({
  apiVersion: '',
  kind: 'Lease',
  metadata: { name: 'l' },
  spec,
});

test.each([
  { name: 'one that was given back', given: record({ holderIdentity: '' }), unchangedMs: 0, want: true },
  { name: 'one that nobody ever held', given: record({}), unchangedMs: 0, want: true },
  { name: 'one that names us', given: record({ holderIdentity: 'me' }), unchangedMs: 0, want: true },
  {
    name: 'one of another, seen a moment ago, whatever its times say',
    given: record({ holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: '1970-01-01T00:00:00Z' }),
    unchangedMs: 1_000,
    want: false,
  },
  {
    name: 'one of another that has not changed for its duration, whatever its times say',
    given: record({ holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: '2999-01-01T00:00:00Z' }),
    unchangedMs: 15_001,
    want: true,
  },
  {
    name: 'one of another whose holder asked for longer',
    given: record({ holderIdentity: 'other', leaseDurationSeconds: 60 }),
    unchangedMs: 30_000,
    want: false,
  },
])('may be taken: $name: $want', ({ given, unchangedMs, want }) => {
  expect(mayTake(given, options, unchangedMs)).toBe(want);
});
