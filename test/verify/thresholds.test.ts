import { describe, expect, test } from 'vitest';
import type { Sign } from '../../src/model/health.ts';
import { SIGNALS, type SignalName } from '../../src/model/signal.ts';
import { type TimedSign, weigh } from '../../src/verify/thresholds.ts';

function timed(signal: SignalName, count: number, at = 'Pod/a'): TimedSign {
  const sign: Sign = { signal, reason: signal, evidence: signal, blames: 'commit', at, sinceMs: 0, count };
  return { sign, clock: { sinceMs: 10_000, count } };
}

/** Whether signs that have stood for `heldMs` count. */
function counts(signs: readonly TimedSign[], heldMs: number, pods = ['a']): boolean {
  return weigh(signs, pods, SIGNALS, 10_000 + heldMs).decisive !== undefined;
}

const rows = Object.entries(SIGNALS)
  .filter(([signal]) => signal !== 'Confirmation')
  .map(([signal, { afterMs, count }]) => ({ signal: signal as SignalName, afterMs, count }));

describe('a sign of all new pods counts from its threshold on', () => {
  test.each(rows)('$signal: $afterMs ms and $count', ({ signal, afterMs, count }) => {
    expect(counts([timed(signal, count)], afterMs)).toBe(true);
    if (afterMs > 0) expect(counts([timed(signal, count)], afterMs - 1)).toBe(false);
    if (count > 1) expect(counts([timed(signal, count - 1)], afterMs * 10)).toBe(false);
  });
});

describe('a sign of one pod of three counts from twice its threshold on', () => {
  const pods = ['a', 'b', 'c'];
  test.each(rows)('$signal: $afterMs ms and $count', ({ signal, afterMs, count }) => {
    // Twice the time; where the threshold has none, twice the count; what counts at once does so anyway.
    const needed = afterMs === 0 && count > 1 ? count * 2 : count;
    expect(counts([timed(signal, needed)], afterMs * 2, pods)).toBe(true);
    if (afterMs > 0) expect(counts([timed(signal, needed)], afterMs * 2 - 1, pods)).toBe(false);
    if (needed > 1) expect(counts([timed(signal, needed - 1)], afterMs * 2, pods)).toBe(false);
  });
});

test('different signs of all pods count together', () => {
  const signs = [timed('CrashLoopBackOff', 3, 'Pod/a'), timed('ProbeKilled', 3, 'Pod/b')];
  expect(counts(signs, 0, ['a', 'b'])).toBe(true);
  expect(counts(signs, 0, ['a', 'b', 'c'])).toBe(false);
});

test('a sign of the object itself needs no pods', () => {
  expect(counts([timed('ProgressDeadlineExceeded', 1, 'Deployment/web')], 0, ['a', 'b'])).toBe(true);
});

test('the next look is when the first sign could begin to count', () => {
  const signs = [timed('ImagePull', 1), timed('ImageNotFound', 2)];
  expect(weigh(signs, ['a'], SIGNALS, 15_000).nextMs).toBe(25_000);
});

test('without signs there is nothing to look for', () => {
  expect(weigh([], ['a'], SIGNALS, 0)).toEqual({ decisive: undefined, nextMs: Infinity });
});
