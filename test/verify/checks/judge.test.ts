// Checks and restarts as the judge takes them: just before each limit, and just after.

import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/model/object.ts';
import { SIGNALS } from '../../../src/model/signal.ts';
import type { CheckResult } from '../../../src/verify/checks/result.ts';
import {
  after,
  type CheckRead,
  readCheck,
  type ReadFacts,
  UNASKED,
} from '../../../src/verify/checks/standing.ts';
import type { Judgement } from '../../../src/verify/judge.ts';
import { deployment, type Moment, readyPod, replicaSet, watch, watchAll } from '../scene.ts';
import { errors, smoke } from './checks.ts';

const NEW = 'web-5d9';
const good: CheckResult = { kind: 'good', words: 'status 200 after 1 ms' };
const bad: CheckResult = { kind: 'bad', words: 'status 500 after 1 ms' };
const unreachable: CheckResult = { kind: 'unreachable', words: 'no connection after 1 ms' };
const noData: CheckResult = { kind: 'unknown', reason: 'NoData', words: 'no data' };

function read(
  check: typeof smoke | typeof errors,
  results: CheckResult[],
  more: Partial<ReadFacts> = {},
): CheckRead {
  const facts = { isNetworkProven: false, failedBefore: false, now: 0, ...more };
  return readCheck(check, results.reduce(after, UNASKED), facts);
}

function pods(restarts: number, exitCode = 1, reason = 'Error'): KubeObject[] {
  return [0, 1, 2].map((index) => {
    const pod = readyPod(`web-5d9-${index}`, NEW);
    const [container] = (pod.status as { containerStatuses: object[] }).containerStatuses;
    const lastState = restarts === 0 ? {} : { terminated: { exitCode, reason } };
    return {
      ...pod,
      status: {
        ...(pod.status as object),
        containerStatuses: [{ ...container, restartCount: restarts, lastState }],
      },
    };
  });
}

function moment(atMs: number, checks: CheckRead[], restarts = 0): Moment {
  const related = { replicaSets: [replicaSet(NEW)], pods: pods(restarts) };
  return { atMs, objects: [watch(deployment({ ready: 3 }))], related, checks };
}

function each(timesMs: number[], checks: CheckRead[], restarts = 0): Moment[] {
  return timesMs.map((atMs) => moment(atMs, checks, restarts));
}

function outcome(judgement: Judgement): string {
  if (judgement.kind === 'failed') return judgement.failures.map(({ reason }) => reason).join(',');
  return judgement.kind === 'unknown' ? `unknown ${judgement.reason}` : judgement.kind;
}

const passed = [read(smoke, [good])];
const failing = [read(smoke, [bad, bad, bad])];
const { afterMs: lateMs } = SIGNALS.CheckFailed;
const soak = { soakMs: 60_000 };

describe('a check', () => {
  test('that has passed lets the release be healthy', () => {
    expect(outcome(watchAll(each([0], passed)).judgement)).toBe('healthy');
  });

  test('that is open is waited for, and is told of', () => {
    const { judgement } = watchAll(each([0], [read(smoke, [])]));
    expect(judgement).toMatchObject({ kind: 'waiting', objectsReady: true, ready: 1, total: 1 });
    expect(judgement).toHaveProperty('message', expect.stringContaining('check smoke: not asked yet'));
  });

  test.for<{ name: string; given: Moment[]; want: string }>([
    { name: 'not before its time', given: each([0, lateMs - 1], failing), want: 'waiting' },
    {
      name: 'at its time, and confirmed',
      given: each([0, lateMs, lateMs + 5_000], failing),
      want: 'CheckFailed',
    },
    { name: 'not without a second look', given: each([0, lateMs, lateMs + 4_999], failing), want: 'waiting' },
    {
      name: 'not as long as it failed too seldom',
      given: each([0, lateMs, lateMs + 5_000], [read(smoke, [bad, bad])]),
      want: 'waiting',
    },
    {
      name: 'not when it passed in between',
      given: [
        ...each([0, 20_000], failing),
        ...each([25_000], [read({ ...smoke, times: 2 }, [good])]),
        ...each([30_000, 54_999, 59_999], failing),
      ],
      want: 'waiting',
    },
    {
      name: 'of Prometheus, in the time that it says itself',
      given: each([0, 5_000], [read({ ...errors, forMs: 0 }, [bad, bad, bad])]),
      want: 'CheckFailed',
    },
    {
      name: 'that failed before the release, as unknown',
      given: each([0, lateMs, lateMs + 5_000], [read(smoke, [bad, bad, bad], { failedBefore: true })]),
      want: 'unknown CheckFailedBefore',
    },
    {
      name: 'without a connection, not before the deadline',
      given: each(
        [0, lateMs, lateMs + 5_000, 299_999],
        [read(smoke, [unreachable, unreachable, unreachable])],
      ),
      want: 'waiting',
    },
    {
      name: 'without a connection until the deadline, as unknown',
      given: each([0, 300_000], [read(smoke, [unreachable])]),
      want: 'unknown CheckUnreachable',
    },
    {
      name: 'that fails too seldom, at the deadline',
      given: each([0, 300_000], [read(smoke, [bad])]),
      want: 'TimedOut',
    },
    {
      name: 'that nobody could ask, at the deadline, as unknown',
      given: each([0, 300_000], [read(smoke, [])]),
      want: 'unknown CheckNotReady',
    },
  ])('that fails counts $name', ({ given, want }) => {
    expect(outcome(watchAll(given).judgement)).toBe(want);
  });

  test('says in its failure which check it was, how it was answered and how often', () => {
    const { judgement } = watchAll(each([0, lateMs, lateMs + 5_000], failing));
    expect(judgement).toMatchObject({
      failures: [
        {
          object: undefined,
          check: 'smoke',
          evidence: 'check smoke: status 500 after 1 ms, 3 times in a row',
        },
      ],
    });
  });

  test('is not judged while an object is not ready', () => {
    const objects = [watch(deployment({ ready: 2 }))];
    const moments = [0, lateMs, lateMs + 5_000].map((atMs) => ({ ...moment(atMs, failing), objects }));
    expect(outcome(watchAll(moments).judgement)).toBe('waiting');
  });
});

describe('during the soak', () => {
  test('begins only when every check has passed', () => {
    const moments = [...each([0], [read(smoke, [])]), ...each([20_000, 79_999], passed)];
    expect(outcome(watchAll(moments, soak).judgement)).toBe('waiting');
    expect(outcome(watchAll([...moments, ...each([80_000], passed)], soak).judgement)).toBe('healthy');
  });

  test('a check that fails ends in failure at its threshold', () => {
    const moments = [...each([0, 50_000], passed), ...each([51_000, 51_000 + lateMs], failing)];
    expect(outcome(watchAll(moments, soak).judgement)).toBe('waiting');
    const last = each([56_000 + lateMs], failing);
    expect(outcome(watchAll([...moments, ...last], soak).judgement)).toBe('CheckFailed');
  });

  test('one that failed and passes again begins the soak anew', () => {
    const moments = [...each([0], passed), ...each([50_000], failing), ...each([55_000, 114_999], passed)];
    expect(outcome(watchAll(moments, soak).judgement)).toBe('waiting');
    expect(outcome(watchAll([...moments, ...each([115_000], passed)], soak).judgement)).toBe('healthy');
  });

  test('no data is waited for until it is over, and is then not known', () => {
    const open = [read(errors, [noData])];
    expect(outcome(watchAll(each([0, 59_999], open), soak).judgement)).toBe('waiting');
    expect(outcome(watchAll(each([0, 60_000], open), soak).judgement)).toBe('unknown NoData');
    const late = [...each([0, 59_999], open), ...each([60_000], [read(errors, [good])])];
    expect(outcome(watchAll(late, soak).judgement)).toBe('healthy');
  });

  test('pods that restart begin it anew, though they are ready again', () => {
    const moments = [...each([0], []), ...each([50_000, 109_999], [], 1)];
    expect(outcome(watchAll(moments, soak).judgement)).toBe('waiting');
    expect(outcome(watchAll([...moments, ...each([110_000], [], 1)], soak).judgement)).toBe('healthy');
  });

  test('pods that restart as often as a crash loop end in failure', () => {
    const restarting = [...each([0], []), ...each([20_000], [], 2)];
    expect(outcome(watchAll([...restarting, ...each([25_000], [], 2)], soak).judgement)).toBe('waiting');
    const { judgement } = watchAll([...restarting, ...each([30_000, 35_000], [], 3)], soak);
    expect(judgement).toMatchObject({
      kind: 'failed',
      failures: [{ reason: 'Restarted', evidence: 'Restarted, exit code 1, 3 restarts during the soak' }],
    });
  });

  test('restarts before it do not count', () => {
    const moments = [...each([0], [], 5), ...each([20_000, 60_000], [], 5)];
    expect(outcome(watchAll(moments, soak).judgement)).toBe('healthy');
  });

  test('restarts of what the release did not change do not count', () => {
    const moments = [...each([0], []), ...each([20_000, 40_000, 60_000], [], 9)].map((one) => ({
      ...one,
      objects: [watch(deployment({ ready: 3 }), { changed: false })],
    }));
    expect(outcome(watchAll(moments, soak).judgement)).toBe('healthy');
  });
});

describe('a hook that verifies and is not there any more', () => {
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'smoke', namespace: 'shop' } };
  const { manifest } = watch(job);
  const hook = {
    ...manifest,
    policy: { ...manifest.policy, hook: { when: 'verify', always: false } as const },
  };
  const gone = (atMs: number): Moment => ({
    ...moment(atMs, []),
    hooks: [{ manifest: hook, live: undefined, changed: true }],
  });
  const { afterMs: hookMs } = SIGNALS.HookGone;
  const { afterMs: sureMs } = SIGNALS.Confirmation;
  test.each([
    { name: 'is waited for just before its threshold', atMs: [0, hookMs - 1], want: 'waiting' },
    { name: 'is waited for just before it is sure', atMs: [0, hookMs, hookMs + sureMs - 1], want: 'waiting' },
    {
      name: 'ends the release undecided after it, whoever took it away',
      atMs: [0, hookMs, hookMs + sureMs],
      want: 'unknown HookGone',
    },
  ])('$name', ({ atMs, want }) => {
    expect(outcome(watchAll(atMs.map(gone)).judgement)).toBe(want);
  });
});

describe('a check that fails', () => {
  const failing = (count: number) => [
    read(
      smoke,
      Array.from({ length: count }, () => bad),
    ),
  ];
  const unheard = [read(smoke, [])];
  const ill = (atMs: number): Moment => ({ ...moment(atMs, []), objects: [watch(deployment({ ready: 2 }))] });
  const late = settingsOf({ timeoutMs: 600_000 });

  test('goes on failing over short breaks, in which it is not asked', () => {
    const broken = [0, 30_000, 60_000].flatMap((atMs) => [
      moment(atMs, failing(2)),
      ill(atMs + 20_000),
      moment(atMs + 22_000, unheard),
      moment(atMs + 23_000, failing(3)),
    ]);
    const { judgement, atMs } = watchAll(broken, late);
    expect([outcome(judgement), atMs]).toEqual(['CheckFailed', 60_000]);
  });

  test('begins anew after a long one, and after one good answer', () => {
    const long = [moment(0, failing(3)), ill(1_000), moment(31_001, unheard), moment(31_002, failing(3))];
    const after = each([36_002, 61_001], failing(3));
    expect(outcome(watchAll([...long, ...after], late).judgement)).toBe('waiting');
    const good3 = [moment(0, failing(3)), moment(20_000, [read(smoke, [good])]), ill(21_000)];
    const again = each([22_000, 51_999], failing(3));
    expect(outcome(watchAll([...good3, ...again], late).judgement)).toBe('waiting');
  });
});

function settingsOf(more: { timeoutMs: number }): { timeoutMs: number; soakMs: number } {
  return { soakMs: 600_000, ...more };
}
