import { expect, test } from 'vitest';
import { fitStatus } from '../../../src/adapters/cluster/status-size.ts';
import type { AppStatus, HistoryEntry } from '../../../src/model/app.ts';
import { unhealthyBefore } from '../../../src/model/baseline.ts';

const at = '2026-01-01T00:00:00Z';
const entry = (commit: string): HistoryEntry => ({
  commit,
  subject: 'x'.repeat(200),
  author: 'a',
  startedAt: at,
  finishedAt: at,
  outcome: 'Healthy',
  reason: 'Healthy',
});
const needed: AppStatus = {
  healthy: { commit: 'c1', at, source: 's', renderHash: 'h' },
  baseline: { at, unhealthy: { a: 'b' }, stalledSince: {} },
  completed: [{ object: 'j', hash: 'h' }],
  revert: {
    commits: ['c'],
    restores: 'r',
    onto: 'o',
    reason: 'x',
    commit: 'n',
    bytes: 'b'.repeat(2_000),
    at,
  },
};
const outcomes = Array.from({ length: 100 }, (_, n) => ({
  object: `o${n}`,
  outcome: 'refused',
  reason: 'r'.repeat(100),
}));
const full: AppStatus = {
  ...needed,
  objects: { total: 200, ready: 100, outcomes },
  history: Array.from({ length: 20 }, (_, n) => entry(`h${n}`)),
};
const bytes = (status: AppStatus) => Buffer.byteLength(JSON.stringify(status));

test('a status that fits is left as it is', () => {
  expect(fitStatus(full)).toBe(full);
  expect(fitStatus(full, bytes(full))).toBe(full);
  expect(fitStatus({}, 2)).toEqual({});
});

test('outcomes go first, and the history stays while they suffice', () => {
  const fitted = fitStatus(full, bytes(full) - 1);
  expect(fitted.history).toHaveLength(20);
  expect(fitted.objects?.outcomes.length).toBe(50);
  expect(fitted.objects?.total).toBe(200);
});

test('then the oldest history goes, and what Pawl needs is never touched', () => {
  const fitted = fitStatus(full, bytes(needed) + 1_500);
  expect(fitted.objects?.outcomes).toEqual([]);
  expect(fitted.history?.map((each) => each.commit)).toContain('h0');
  expect(fitted.history?.length).toBeLessThan(5);
  expect(fitted).toMatchObject(needed);
  expect(bytes(fitted)).toBeLessThanOrEqual(bytes(needed) + 1_500);
});

/** As much as the types allow of an App of 10,000 objects, with the longest names that Kubernetes takes. */
function worst(): AppStatus {
  const name = (n: number) =>
    `${'n'.repeat(63)}/${'K'.repeat(63)}.${'g'.repeat(63)}.example.com/${String(n).padStart(253, 'o')}`;
  const hash = 'f'.repeat(64);
  const oid = 'a'.repeat(40);
  const keys = Array.from({ length: 10_000 }, (_, n) => name(n));
  return {
    observedGeneration: 7,
    conditions: (['Ready', 'Reconciling', 'Stalled'] as const).map((type) => ({
      type,
      status: 'False',
      reason: 'X',
      message: '\u0001'.repeat(1_024),
      lastTransitionTime: at,
    })),
    head: { commit: oid, at },
    applied: { commit: oid, at, source: 's'.repeat(2_000) },
    healthy: { commit: oid, at, source: 's'.repeat(2_000), renderHash: hash },
    baseline: {
      at,
      unhealthy: Object.fromEntries(keys.map((key) => [key, 'ProgressDeadlineExceeded'])),
      stalledSince: Object.fromEntries(keys.map((key) => [key, at])),
    },
    release: { commit: oid, phase: 'Applying', startedAt: at, elapsed: 0, attempt: 1, cause: 'commit' },
    revert: {
      commits: Array.from({ length: 200 }, () => oid),
      restores: oid,
      onto: oid,
      reason: 'r'.repeat(1_000),
      commit: oid,
      bytes: 'b'.repeat(40_000),
      at,
    },
    rejected: Array.from({ length: 20 }, () => ({ hash, commit: oid, times: 2, at })),
    completed: keys.slice(0, 100).map((object) => ({ object, hash })),
    objects: {
      total: 10_000,
      ready: 0,
      outcomes: keys.slice(0, 100).map((object) => ({ object, outcome: 'refused', reason: '€'.repeat(300) })),
    },
    history: Array.from({ length: 20 }, (_, n) => ({
      ...entry(`h${n}`),
      subject: '€'.repeat(200),
      author: '€'.repeat(200),
      reason: '\u2028'.repeat(5_000),
    })),
    lastHandledRequest: 'x',
  };
}

test('the worst status of 10,000 objects fits, with all that Pawl needs', () => {
  const given = worst();
  const fitted = fitStatus(given);
  expect(bytes(given)).toBeGreaterThan(4_000_000);
  expect(bytes(fitted)).toBeLessThanOrEqual(256 * 1024);
  const { head, applied, healthy, release, revert, completed } = given;
  expect(fitted).toMatchObject({ head, applied, healthy, release, revert, completed });
  expect(fitted.history?.[0]?.commit).toBe('h0');
  // Nothing is reverted where it is not known what was healthy.
  expect(unhealthyBefore(fitted.baseline, 'shop/Deployment.apps/web')).toBe('TooManyToName');
});

test('names in the baseline stay while they fit, without their reasons', () => {
  const unhealthy = Object.fromEntries(
    Array.from({ length: 4_000 }, (_, n) => [`shop/Deployment.apps/web-${n}`, 'r'.repeat(60)]),
  );
  const fitted = fitStatus({ ...needed, baseline: { at, unhealthy, stalledSince: {} } });
  expect(unhealthyBefore(fitted.baseline, 'shop/Deployment.apps/web-3999')).toBe('');
  expect(unhealthyBefore(fitted.baseline, 'shop/Deployment.apps/other')).toBeUndefined();
});

test('bytes are counted, not characters', () => {
  const condition = {
    type: 'Ready',
    status: 'False',
    reason: 'X',
    message: '€'.repeat(3_000),
    lastTransitionTime: at,
  } as const;
  const fitted = fitStatus({ conditions: [condition] }, 4_000);
  expect(fitted.conditions?.[0]?.message).toHaveLength(1_000);
});

test('what cannot be made to fit is an error', () => {
  expect(() => fitStatus(needed, 1_000)).toThrowError(expect.objectContaining({ code: 'StatusTooLarge' }));
});

test('the given status is not changed', () => {
  const before = structuredClone(full);
  fitStatus(full, bytes(needed) + 1_500);
  expect(full).toEqual(before);
});
