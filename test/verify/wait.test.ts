import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { type Look, type WaitRequest, type WaitResult, waitForVerdict } from '../../src/verify/wait.ts';
import { manualClock, settle } from './manual-clock.ts';
import { podFixture } from './fixtures.ts';
import { deployment, nothing, podLike, readyPod, replicaSet, settings, watch } from './scene.ts';

/** A wait for one Deployment, which the test makes ready, ill or away as it likes. */
function start(more: Partial<WaitRequest> = {}, signal = new AbortController().signal) {
  const clock = manualClock();
  const interruption = new AbortController();
  const judged: string[] = [];
  let look: Look = { objects: [watch(deployment())], related: nothing };
  let ring: (() => void) | undefined;
  const done: { result?: WaitResult; error?: unknown } = {};
  const request: WaitRequest = {
    look: () => look,
    subscribe(onChange) {
      ring = onChange;
      return () => {
        ring = undefined;
      };
    },
    clock,
    settings,
    interrupted: interruption.signal,
    onJudged: (judgement, elapsedMs) => judged.push(`${judgement.kind} ${elapsedMs}`),
    ...more,
  };
  void waitForVerdict(request, signal).then(
    (result) => {
      done.result = result;
    },
    (error: unknown) => {
      done.error = error;
    },
  );
  return {
    clock,
    judged,
    done,
    interrupt: () => interruption.abort(),
    isSubscribed: () => ring !== undefined,
    show(live: KubeObject, others: Partial<Look> = {}) {
      look = { ...look, objects: [watch(live)], ...others };
      ring?.();
    },
  };
}

const ready = deployment({ ready: 3 });

test('what is healthy at once needs no wait', async () => {
  const wait = start({ look: () => ({ objects: [watch(ready)], related: nothing }) });
  await settle();
  expect(wait.done.result).toMatchObject({ judgement: { kind: 'healthy' }, elapsedMs: 0 });
  expect(wait.isSubscribed()).toBe(false);
});

test('nothing is judged again while nothing changes, until the deadline', async () => {
  const wait = start();
  await wait.clock.pass(299_999);
  expect(wait.judged).toEqual(['waiting 0']);
  await wait.clock.pass(1);
  expect(wait.judged).toEqual(['waiting 0', 'failed 300000']);
  expect(wait.done.result?.judgement).toMatchObject({ kind: 'failed', failures: [{ reason: 'TimedOut' }] });
});

test('a burst of changes is judged once, 50 ms after its first', async () => {
  const wait = start();
  await wait.clock.pass(10_000);
  for (let change = 0; change < 10; change += 1) {
    wait.show(deployment({ ready: 1 }));
    await wait.clock.pass(4);
  }
  wait.show(ready);
  await wait.clock.pass(9);
  expect(wait.judged).toEqual(['waiting 0']);
  await wait.clock.pass(1);
  expect(wait.judged).toEqual(['waiting 0', 'healthy 10050']);
});

test('the longer judging takes, the longer changes are gathered', async () => {
  const takes: { ms: number; freeze?: (ms: number) => void } = { ms: 400 };
  const wait = start({ onJudged: () => takes.freeze?.(takes.ms) });
  takes.freeze = (ms) => wait.clock.freeze(ms);
  wait.show(deployment({ ready: 1 }));
  await wait.clock.pass(50);
  wait.show(ready);
  await wait.clock.pass(399);
  expect(wait.done.result).toBeUndefined();
  await wait.clock.pass(1);
  expect(wait.done.result?.judgement?.kind).toBe('healthy');
});

test('a change that comes while a change is being judged is judged too', async () => {
  let changes = 0;
  const wait = start({
    onJudged: () => {
      changes += 1;
      if (changes === 2) wait.show(ready);
    },
  });
  await settle();
  wait.show(deployment({ ready: 1 }));
  await wait.clock.pass(100);
  expect(wait.done.result?.judgement?.kind).toBe('healthy');
});

test('while the API server is away nothing is judged and no time counts', async () => {
  const wait = start();
  await wait.clock.pass(100_000);
  wait.show(deployment(), { away: true });
  await wait.clock.pass(3_600_000);
  expect(wait.judged).toEqual(['waiting 0']);
  wait.show(deployment(), { away: false });
  await wait.clock.pass(50);
  expect(wait.judged).toEqual(['waiting 0', 'waiting 100050']);
  await wait.clock.pass(199_900);
  expect(wait.done.result).toBeUndefined();
  await wait.clock.pass(50);
  expect(wait.done.result?.judgement?.kind).toBe('failed');
});

test('the time that the process was stopped does not count', async () => {
  const wait = start();
  await wait.clock.pass(250_000);
  wait.clock.freeze(3_600_000);
  wait.show(deployment({ ready: 1 }));
  await wait.clock.pass(30_000);
  expect(wait.judged.at(-1)).toMatch(/^waiting 26\d{4}$/);
  expect(wait.done.result).toBeUndefined();
  await wait.clock.pass(15_000);
  expect(wait.done.result?.judgement?.kind).toBe('failed');
});

test('an interruption ends the wait without a verdict, with what it needs to go on', async () => {
  const wait = start();
  await wait.clock.pass(60_000);
  wait.interrupt();
  await settle();
  expect(wait.done.result).toMatchObject({
    judgement: undefined,
    elapsedMs: 60_000,
    memory: { brokenSinceMs: 0 },
  });
  expect(wait.clock.sleepers()).toBe(0);
  expect(wait.isSubscribed()).toBe(false);
});

test('an interruption that came before the first look does too', async () => {
  const wait = start({ interrupted: AbortSignal.abort() });
  await settle();
  expect(wait.done.result).toMatchObject({ judgement: undefined });
  expect(wait.judged).toEqual([]);
});

test('a wait goes on where a former one stopped', async () => {
  const wait = start({ from: { elapsedMs: 240_000, memory: undefined } });
  await wait.clock.pass(59_999);
  expect(wait.done.result).toBeUndefined();
  await wait.clock.pass(1);
  expect(wait.done.result).toMatchObject({ judgement: { kind: 'failed' }, elapsedMs: 300_000 });
});

test('a cancel rejects with its reason, and leaves nothing behind', async () => {
  const cancel = new AbortController();
  const wait = start({}, cancel.signal);
  await wait.clock.pass(1000);
  const reason = new Error('the lease is lost');
  cancel.abort(reason);
  await settle();
  expect(wait.done.error).toBe(reason);
  expect(wait.clock.sleepers()).toBe(0);
  expect(wait.isSubscribed()).toBe(false);
});

test('an error of what is looked at ends the wait', async () => {
  const broken = new Error('a bug');
  const wait = start({
    look: () => {
      throw broken;
    },
  });
  await settle();
  expect(wait.done.error).toBe(broken);
  expect(wait.isSubscribed()).toBe(false);
});

describe('a courtesy', () => {
  const sets = [replicaSet('web-5d9')];

  test('is left with the first sign of trouble, long before that sign would count', async () => {
    const wait = start({ courtesy: true });
    await wait.clock.pass(10_000);
    wait.show(deployment(), {
      related: { ...nothing, replicaSets: sets, pods: [readyPod('web-5d9-0', 'web-5d9')] },
    });
    await wait.clock.pass(1_000);
    expect(wait.done.result).toBeUndefined();
    const ill = podLike(podFixture('secret missing').pod, 'web-5d9-1', 'web-5d9');
    wait.show(deployment(), { related: { ...nothing, replicaSets: sets, pods: [ill] } });
    await wait.clock.pass(50);
    expect(wait.done.result).toMatchObject({ judgement: undefined, isLeft: true, elapsedMs: 11_050 });
  });

  test('is left when half of the time has passed, also where an earlier wait took most of it', async () => {
    const wait = start({ courtesy: true });
    await wait.clock.pass(149_999);
    expect(wait.done.result).toBeUndefined();
    await wait.clock.pass(1);
    expect(wait.done.result).toMatchObject({ judgement: undefined, isLeft: true, elapsedMs: 150_000 });
    const late = start({ courtesy: true, from: { elapsedMs: 160_000, memory: undefined } });
    await settle();
    expect(late.done.result).toMatchObject({ isLeft: true, elapsedMs: 160_000 });
  });

  test('ends healthy where everything is ready, and interrupted as any wait', async () => {
    const wait = start({ courtesy: true });
    wait.show(ready);
    await wait.clock.pass(50);
    expect(wait.done.result).toMatchObject({ judgement: { kind: 'healthy' }, isLeft: false });
    const other = start({ courtesy: true });
    await settle();
    other.interrupt();
    await settle();
    expect(other.done.result).toMatchObject({ judgement: undefined, isLeft: false });
  });
});
