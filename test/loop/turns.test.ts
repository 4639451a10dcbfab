import { expect, test } from 'vitest';
import { makeTurns } from '../../src/loop/turns.ts';

/** Time that passes only where it is told to. */
function stillClock() {
  let nowMs = 0;
  const sleepers: { untilMs: number; wake: () => void }[] = [];
  return {
    monotonic: () => nowMs,
    delay: (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        sleepers.push({ untilMs: nowMs + ms, wake: resolve });
      }),
    async pass(ms: number): Promise<void> {
      nowMs += ms;
      for (const { untilMs, wake } of sleepers) if (untilMs <= nowMs) wake();
      await settled();
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function scene(limits: { atOnce?: number; atOnceEach?: number; perSecond?: number }) {
  const clock = stillClock();
  const turns = makeTurns({
    atOnce: 100,
    atOnceEach: 100,
    ...limits,
    perSecond: limits.perSecond === undefined ? undefined : { count: limits.perSecond, clock },
  });
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const never = new AbortController().signal;
  const ask = (who: string, signal = never) =>
    turns.take(who, signal, () => {
      begun.push(who);
      return new Promise<void>((resolve) => ends.push(resolve));
    });
  /** Ends the oldest that is in flight. */
  const endOne = async () => {
    ends.shift()?.();
    await settled();
  };
  return { clock, begun, ask, endOne };
}

const many = (who: string, count: number) => Array.from({ length: count }, () => who);

test('Apps that wait take turns, however many checks each has', async () => {
  const { begun, ask, endOne, clock } = scene({ atOnce: 1 });
  for (const who of [...many('big', 20), 'small', 'other']) void ask(who);
  await settled();
  for (let times = 0; times < 4; times++) {
    await endOne();
    await clock.pass(1);
  }
  expect(begun).toEqual(['big', 'big', 'small', 'other', 'big']);
});

test('an App whose checks hang leaves room for others', async () => {
  const { begun, ask, clock } = scene({ atOnce: 10, atOnceEach: 2 });
  for (const who of many('hangs', 20)) void ask(who);
  void ask('other');
  for (let times = 0; times < 20; times++) await clock.pass(1);
  expect(begun.toSorted()).toEqual(['hangs', 'hangs', 'other']);
});

test('no more are begun in a second than the process may', async () => {
  const { begun, ask, endOne, clock } = scene({ perSecond: 10 });
  for (const who of many('a', 50)) void ask(who);
  await settled();
  for (let ms = 0; ms < 1000; ms += 10) {
    await clock.pass(10);
    await endOne();
  }
  expect(begun.length).toBeGreaterThanOrEqual(10);
  expect(begun.length).toBeLessThanOrEqual(12);
});

test('who gives up while waiting goes at once, and takes no turn', async () => {
  const { begun, ask, endOne, clock } = scene({ atOnce: 1 });
  const leaving = new AbortController();
  void ask('a');
  const second = ask('b', leaving.signal);
  void ask('c');
  await settled();
  leaving.abort(new Error('superseded'));
  await expect(second).rejects.toThrow('superseded');
  await endOne();
  await clock.pass(1);
  expect(begun).toEqual(['a', 'c']);
});

test('work that fails gives its turn back', async () => {
  const turns = makeTurns({ atOnce: 1, atOnceEach: 1 });
  const { signal } = new AbortController();
  await expect(turns.take('a', signal, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await turns.take('b', signal, () => Promise.resolve(1))).toBe(1);
});
