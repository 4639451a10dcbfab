import { expect, test } from 'vitest';
import { areHarder, termsOf } from '../../src/loop/terms.ts';
import { SIGNALS, type SignalName } from '../../src/model/signal.ts';
import type { Threshold } from '../../src/model/settings.ts';

const thresholds: Record<SignalName, Threshold> = SIGNALS;
const settings = { specHash: 'a', health: { timeoutMs: 300_000, thresholds } };
const rule = { apiVersion: 'example.com/v1', kind: 'Gate', current: 'status.ready' };

test.for([
  { name: 'nothing', now: settings, harder: false },
  { name: 'more time', now: { ...settings, health: { timeoutMs: 600_000, thresholds } }, harder: false },
  { name: 'less time', now: { ...settings, health: { timeoutMs: 299_999, thresholds } }, harder: true },
  { name: 'another account or place', now: { ...settings, specHash: 'b' }, harder: true },
  { name: 'a rule for a kind', now: settings, health: { kinds: [rule] }, harder: true },
  {
    name: 'a threshold',
    now: {
      ...settings,
      health: { timeoutMs: 300_000, thresholds: { ...thresholds, OOMKilled: { afterMs: 0, count: 1 } } },
    },
    harder: true,
  },
])('of a release under way $name is changed: is the commit still to blame?', ({ now, health, harder }) => {
  expect(areHarder(termsOf(now, health), termsOf(settings))).toBe(harder);
  expect(areHarder(termsOf(now, health), undefined)).toBe(false);
});
