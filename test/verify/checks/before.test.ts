import { describe, expect, test } from 'vitest';
import {
  type ChecksBefore,
  definitionOf,
  excuseBefore,
  foundBefore,
  withPassed,
} from '../../../src/verify/checks/before.ts';
import type { Check } from '../../../src/model/checks.ts';
import type { CheckResult } from '../../../src/verify/checks/result.ts';
import { errors, smoke } from './checks.ts';

const good: CheckResult = { kind: 'good', words: 'status 200 after 1 ms' };
const bad: CheckResult = { kind: 'bad', words: 'status 500 after 1 ms' };
const unreachable: CheckResult = { kind: 'unreachable', words: 'no connection after 1 ms' };
const noData: CheckResult = { kind: 'unknown', reason: 'NoData', words: 'no data' };
const busy: CheckResult = { kind: 'unknown', reason: 'AgentBusy', words: 'the agent could not ask' };

describe('of what a release may be blamed', () => {
  const asked = { smoke: definitionOf(smoke) };
  const elsewhere = { ...smoke, path: '/wrong' };
  test.for<{ name: string; check: Check; baseline: ChecksBefore | undefined; want: string }>([
    { name: 'nothing is known of before', check: smoke, baseline: undefined, want: '' },
    { name: 'it was asked, and fine', check: smoke, baseline: { checks: {}, asked }, want: '' },
    { name: 'it failed', check: smoke, baseline: { checks: { smoke: 'status 500' }, asked }, want: 'failed' },
    {
      name: 'it failed, and nobody noted more',
      check: smoke,
      baseline: { checks: { smoke: '' } },
      want: 'failed',
    },
    { name: 'it is new', check: errors, baseline: { checks: {}, asked }, want: 'unasked' },
    { name: 'it was asked otherwise', check: elsewhere, baseline: { checks: {}, asked }, want: 'unasked' },
    {
      name: 'it was asked otherwise, and failed',
      check: elsewhere,
      baseline: { checks: { smoke: 'status 500' }, asked },
      want: 'unasked',
    },
    {
      name: 'its name is one of JavaScript’s own',
      check: { ...smoke, name: 'constructor' },
      baseline: { asked: {} },
      want: 'unasked',
    },
  ])('$name', ({ check, baseline, want }) => {
    const { failedBefore, notAskedBefore } = excuseBefore(check, baseline);
    expect([failedBefore && 'failed', notAskedBefore && 'unasked'].filter(Boolean).join()).toBe(want);
  });

  test('is all again once it has passed as it is asked now', () => {
    const baselines: ChecksBefore[] = [
      { checks: { smoke: 'x' }, asked },
      { checks: { smoke: 'x', errors: 'y' }, asked: {} },
    ];
    for (const baseline of baselines) {
      const passed = withPassed(smoke, baseline);
      expect(excuseBefore(smoke, passed)).toEqual({ failedBefore: false, notAskedBefore: false });
      expect(excuseBefore(errors, passed)).toEqual(excuseBefore(errors, baseline));
    }
  });
});

test.for<{ name: string; result: CheckResult | undefined; early: string | undefined; late: string }>([
  { name: 'a good answer', result: good, early: 'fine', late: 'fine' },
  { name: 'no data', result: noData, early: 'fine', late: 'fine' },
  { name: 'a bad answer', result: bad, early: undefined, late: 'failing' },
  { name: 'no connection', result: unreachable, early: undefined, late: 'failing' },
  { name: 'no answer yet', result: undefined, early: undefined, late: 'unasked' },
  { name: 'an agent that is busy', result: busy, early: undefined, late: 'unasked' },
])('before a release, $name is taken for chance until there is no more time', ({ result, early, late }) => {
  expect([foundBefore(result, false), foundBefore(result, true)]).toEqual([early, late]);
});
