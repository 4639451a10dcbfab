import { describe, expect, test } from 'vitest';
import { backoffMs, withRetry, worthRetrying } from '../../../src/adapters/cluster/retry.ts';
import { ApiError } from '../../../src/model/errors.ts';
import type { Clock } from '../../../src/ports.ts';

const error = (status: number, more: Partial<ConstructorParameters<typeof ApiError>[0]> = {}) =>
  new ApiError({ code: 'X', message: 'x', status, retry: 'later', ...more });
const refused = { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) };

const modified = error(409, {
  message: 'Operation cannot be fulfilled on deployments.apps "web": the object has been modified',
});

test('a conflict is over the next time where the request meets whatever is there', () => {
  expect(worthRetrying(modified, { idempotent: true, unconditional: true })).toBe(true);
  expect(worthRetrying(error(409), { idempotent: true, unconditional: true })).toBe(false);
});

describe('what is worth trying again', () => {
  const table = [
    { name: '429', given: error(429), want: { idempotent: true, once: true } },
    { name: 'a connection that was reset', given: error(0), want: { idempotent: true, once: false } },
    {
      name: 'a connection that was refused',
      given: error(0, refused),
      want: { idempotent: true, once: true },
    },
    { name: '503', given: error(503), want: { idempotent: true, once: false } },
    { name: '504', given: error(504), want: { idempotent: true, once: false } },
    {
      name: 'an etcd that elects',
      given: error(500, { message: 'etcdserver: leader changed' }),
      want: { idempotent: true, once: false },
    },
    {
      name: 'a webhook that fails',
      given: error(500, { message: 'failed calling webhook "x"' }),
      want: { idempotent: true, once: false },
    },
    {
      name: 'a quota whose count is contended for',
      given: error(409, {
        message: 'Operation cannot be fulfilled on resourcequotas "q": the object has been modified',
      }),
      want: { idempotent: true, once: true },
    },
    { name: '409', given: modified, want: { idempotent: false, once: false } },
    { name: '422', given: error(422), want: { idempotent: false, once: false } },
    { name: '403', given: error(403), want: { idempotent: false, once: false } },
  ];
  test.each(table)('$name', ({ given, want }) => {
    expect(worthRetrying(given, { idempotent: true })).toBe(want.idempotent);
    expect(worthRetrying(given, { idempotent: false })).toBe(want.once);
  });
});

/** A clock whose delays pass at once, and are noted. */
function quickClock() {
  let time = 0;
  const waits: number[] = [];
  const clock: Clock = {
    now: () => time,
    monotonic: () => time,
    delay: async (ms, signal) => {
      signal.throwIfAborted();
      waits.push(ms);
      time += ms;
    },
  };
  return { clock, waits };
}

const signal = new AbortController().signal;

test('Retry-After is obeyed', async () => {
  const { clock, waits } = quickClock();
  const answers = [error(429, { retryAfterMs: 3_000 }), error(429, { retryAfterMs: 1_000 })];
  const options = { forMs: 10_000, idempotent: false, clock, random: () => 0 };
  const result = await withRetry(
    async () => {
      const next = answers.shift();
      if (next) throw next;
      return 'done';
    },
    options,
    signal,
  );
  expect(result).toBe('done');
  expect(waits).toEqual([3_000, 1_000]);
});

test('a wait beyond the deadline is not begun, and the error still says how long it would be', async () => {
  const { clock, waits } = quickClock();
  const options = { forMs: 10_000, idempotent: true, clock, random: () => 0 };
  const tries = withRetry(() => Promise.reject(error(429, { retryAfterMs: 60_000 })), options, signal);
  await expect(tries).rejects.toMatchObject({ status: 429, retryAfterMs: 60_000 });
  expect(waits).toEqual([]);
});

test('tries end with the deadline', async () => {
  const { clock, waits } = quickClock();
  const options = { forMs: 10_000, idempotent: true, clock, random: () => 0.5 };
  await expect(withRetry(() => Promise.reject(error(503)), options, signal)).rejects.toMatchObject({
    status: 503,
  });
  expect(clock.monotonic()).toBeLessThanOrEqual(10_000);
  expect(waits.length).toBeGreaterThan(4);
});

test('time without an answer does not count, up to its limit', async () => {
  const { clock } = quickClock();
  const options = { forMs: 10_000, awayForMs: 60_000, idempotent: true, clock, random: () => 0.5 };
  await expect(withRetry(() => Promise.reject(error(0)), options, signal)).rejects.toMatchObject({
    status: 0,
  });
  expect(clock.monotonic()).toBeGreaterThan(60_000);
  expect(clock.monotonic()).toBeLessThanOrEqual(70_000);
});

test('an abort ends the wait with its reason', async () => {
  const { clock } = quickClock();
  const controller = new AbortController();
  const reason = new Error('stop');
  const options = { forMs: 10_000, idempotent: true, clock, random: () => 0 };
  const tries = withRetry(
    () => {
      controller.abort(reason);
      return Promise.reject(error(503));
    },
    options,
    controller.signal,
  );
  await expect(tries).rejects.toBe(reason);
});

test('the wait doubles up to its limit, and half of it is chance', () => {
  expect([0, 1, 2, 50].map((tries) => backoffMs(tries, 100, 1_000, () => 0))).toEqual([50, 100, 200, 500]);
  expect(backoffMs(50, 100, 1_000, () => 0.999)).toBeLessThan(1_000);
});
