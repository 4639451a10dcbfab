import { expect, test } from 'vitest';
import { fitStatus } from '../../../src/adapters/cluster/status-size.ts';
import type { AppStatus, HistoryEntry } from '../../../src/model/app.ts';

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
