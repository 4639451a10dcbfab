import { describe, expect, test } from 'vitest';
import type { HttpCheck, PrometheusCheck } from '../../../src/model/checks.ts';
import { type CheckResult, httpResult, prometheusResult } from '../../../src/verify/checks/result.ts';
import {
  after,
  heard,
  isNetworkProven,
  isNews,
  paused,
  readCheck,
  type ReadFacts,
  type Standing,
  UNASKED,
} from '../../../src/verify/checks/standing.ts';
import type { HttpAnswer, MetricAnswer } from '../../../src/ports.ts';
import { errors, smoke } from './checks.ts';

const answer = (status: number, more: Partial<Extract<HttpAnswer, { kind: 'answer' }>> = {}): HttpAnswer => ({
  kind: 'answer',
  status,
  body: 'S3cret <html> ok',
  latencyMs: 12,
  ...more,
});

const busy = (words: string): CheckResult => ({ kind: 'unknown', reason: 'AgentBusy', words });

test.for<{ name: string; check?: Partial<HttpCheck>; given: HttpAnswer; want: CheckResult }>([
  {
    name: 'a status that is wanted',
    given: answer(204),
    want: { kind: 'good', words: 'status 204 after 12 ms' },
  },
  { name: 'another', given: answer(500), want: { kind: 'bad', words: 'status 500 after 12 ms' } },
  { name: 'a redirect', given: answer(302), want: { kind: 'bad', words: 'status 302 after 12 ms' } },
  {
    name: 'a body with the text',
    check: { body: 'ok' },
    given: answer(200),
    want: { kind: 'good', words: 'status 200 after 12 ms' },
  },
  {
    name: 'a body without it',
    check: { body: 'fine' },
    given: answer(200),
    want: { kind: 'bad', words: 'status 200 after 12 ms, without the expected text' },
  },
  {
    name: 'just in time',
    check: { latencyMs: 12 },
    given: answer(200),
    want: { kind: 'good', words: 'status 200 after 12 ms' },
  },
  {
    name: 'too late',
    check: { latencyMs: 11 },
    given: answer(200),
    want: { kind: 'bad', words: 'status 200 after 12 ms, slower than 11 ms' },
  },
  {
    name: 'nobody listens',
    given: { kind: 'refused', latencyMs: 1 },
    want: { kind: 'bad', words: 'connection refused' },
  },
  {
    name: 'no way there',
    given: { kind: 'unreachable', latencyMs: 1 },
    want: { kind: 'unreachable', words: 'no connection after 1 ms' },
  },
  {
    name: 'a connection and no answer',
    given: { kind: 'timeout', latencyMs: 5000 },
    want: { kind: 'bad', words: 'no answer after 5000 ms' },
  },
  {
    name: 'noise',
    given: { kind: 'broken', latencyMs: 1 },
    want: { kind: 'bad', words: 'the answer is no HTTP' },
  },
  {
    name: 'nothing asked, for lack of something here',
    given: { kind: 'unable', latencyMs: 1 },
    want: busy('the agent could not ask'),
  },
  {
    name: 'no answer, while a fifth of the time was lost here',
    given: { kind: 'timeout', latencyMs: 5000, stalledMs: 1000 },
    want: { kind: 'bad', words: 'no answer after 5000 ms' },
  },
  {
    name: 'no answer, while more was',
    given: { kind: 'timeout', latencyMs: 5000, stalledMs: 1001 },
    want: busy('the agent was held up for 1001 ms'),
  },
  {
    name: 'no way there, while more was',
    given: { kind: 'unreachable', latencyMs: 5000, stalledMs: 1001 },
    want: busy('the agent was held up for 1001 ms'),
  },
  {
    name: 'too late, while a fifth of the bound was lost here',
    check: { latencyMs: 500 },
    given: answer(200, { latencyMs: 501, stalledMs: 100 }),
    want: { kind: 'bad', words: 'status 200 after 501 ms, slower than 500 ms' },
  },
  {
    name: 'too late, while more was',
    check: { latencyMs: 500 },
    given: answer(200, { latencyMs: 501, stalledMs: 101 }),
    want: busy('the agent was held up for 101 ms'),
  },
  {
    name: 'an error is one, however busy it was here',
    given: answer(500, { stalledMs: 4000 }),
    want: { kind: 'bad', words: 'status 500 after 12 ms' },
  },
])('an answer over http: $name', ({ check, given, want }) => {
  expect(httpResult({ ...smoke, ...check }, given)).toEqual(want);
});

const values = (...of: number[]): MetricAnswer => ({ kind: 'values', values: of });

test.for<{ name: string; check?: Partial<PrometheusCheck>; given: MetricAnswer; want: CheckResult }>([
  { name: 'within', given: values(0.05), want: { kind: 'good', words: '0.05' } },
  { name: 'above', given: values(0.0500001), want: { kind: 'bad', words: '0.0500001 is above 0.05' } },
  {
    name: 'one series of many above',
    given: values(0, 0.4236999, 0.1),
    want: { kind: 'bad', words: '0.4237 is above 0.05' },
  },
  { name: 'endless', given: values(Infinity), want: { kind: 'bad', words: 'Infinity is above 0.05' } },
  {
    name: 'below',
    check: { min: 5, max: undefined },
    given: values(9, 4),
    want: { kind: 'bad', words: '4 is below 5' },
  },
  { name: 'no series', given: values(), want: { kind: 'unknown', reason: 'NoData', words: 'no data' } },
  {
    name: 'no query',
    given: { kind: 'refused', message: 'parse error at {secret="x"}' },
    want: { kind: 'unknown', reason: 'CheckRefused', words: 'parse error at {secret="x"}' },
  },
  {
    name: 'no answer',
    given: { kind: 'unavailable', message: 'ECONNREFUSED' },
    want: { kind: 'unknown', reason: 'PrometheusUnavailable', words: 'ECONNREFUSED' },
  },
])('a value of Prometheus: $name', ({ check, given, want }) => {
  expect(prometheusResult({ ...errors, ...check }, given)).toEqual(want);
});

const good: CheckResult = { kind: 'good', words: 'status 200 after 1 ms' };
const bad: CheckResult = { kind: 'bad', words: 'status 500 after 1 ms' };
const unreachable: CheckResult = { kind: 'unreachable', words: 'no connection after 1 ms' };
const noData: CheckResult = { kind: 'unknown', reason: 'NoData', words: 'no data' };
const facts: ReadFacts = { isNetworkProven: false, failedBefore: false, now: 0 };
const standing = (...results: CheckResult[]): Standing => results.reduce(after, UNASKED);

describe('a check', () => {
  const thrice = { ...smoke, times: 3 };
  test.for<{ name: string; given: CheckResult[]; want: 'passed' | 'failing' | 'open' }>([
    { name: 'is open before it was asked', given: [], want: 'open' },
    { name: 'is open one short of its times', given: [good, good], want: 'open' },
    { name: 'passes with as many in a row', given: [good, good, good], want: 'passed' },
    { name: 'begins anew after a bad one', given: [good, good, bad, good, good], want: 'open' },
    { name: 'fails again after it passed', given: [good, good, good, bad], want: 'failing' },
  ])('$name', ({ given, want }) => {
    const read = readCheck(thrice, standing(...given), facts);
    expect(read.state).toBe(want);
    expect(read.holds).toBe(want !== 'passed');
  });

  test('counts its failures in a row', () => {
    expect(readCheck(smoke, standing(bad, good, bad, bad), facts).sign).toMatchObject({
      signal: 'CheckFailed',
      count: 2,
      blames: 'commit',
      evidence: 'check smoke: status 500 after 1 ms, 2 times in a row',
    });
  });

  test('that failed before the release blames the surroundings', () => {
    const read = readCheck(smoke, standing(bad), { ...facts, failedBefore: true });
    expect(read.sign?.blames).toBe('surroundings');
    expect(read.excuse?.reason).toBe('CheckFailedBefore');
  });

  test('that was not asked before the release blames the surroundings, whatever else is known', () => {
    for (const given of [bad, unreachable]) {
      const read = readCheck(smoke, standing(given), {
        ...facts,
        notAskedBefore: true,
        isNetworkProven: true,
      });
      expect(read.sign).toMatchObject({ blames: 'surroundings', reason: 'CheckNotAskedBefore' });
      expect(read.excuse?.reason).toBe('CheckNotAskedBefore');
    }
  });

  test('is not taken back by an agent that is busy once or twice, and not known when it goes on', () => {
    const none = busy('the agent could not ask');
    expect(readCheck(smoke, standing(good, none, none), facts).state).toBe('passed');
    expect(readCheck(smoke, standing(good, none, none, none), facts).state).toBe('open');
    expect(readCheck(smoke, standing(good, none, none, good, none, none), facts).state).toBe('passed');
    expect(readCheck(smoke, standing(bad, none, bad), facts).sign?.count).toBe(2);
    expect(readCheck(smoke, standing(none), facts).excuse?.reason).toBe('AgentBusy');
  });

  test('that failed goes on failing after a break, once it is answered again; one that passed has to pass again', () => {
    const broken = paused(standing(good, bad, bad));
    expect(readCheck(smoke, broken, facts)).toMatchObject({ state: 'open', unheard: true });
    expect(readCheck(smoke, after(broken, bad), facts).sign?.count).toBe(3);
    expect(readCheck(smoke, after(broken, good), facts).state).toBe('passed');
    expect(paused(standing(bad, good))).toEqual(UNASKED);
  });

  test('without a connection is left to the deadline, unless another check was answered', () => {
    const alone = readCheck(smoke, standing(unreachable), facts);
    expect([alone.state, alone.sign, alone.excuse?.reason]).toEqual([
      'failing',
      undefined,
      'CheckUnreachable',
    ]);
    const proven = readCheck(smoke, standing(unreachable), { ...facts, isNetworkProven: true });
    expect([proven.sign?.blames, proven.excuse]).toEqual(['commit', undefined]);
  });

  test('of Prometheus that has no data does not hold back the soak, and is not known at its end', () => {
    const read = readCheck(errors, standing(noData), facts);
    expect([read.state, read.holds, read.excuse?.reason]).toEqual(['open', false, 'NoData']);
    expect(readCheck(errors, UNASKED, facts).holds).toBe(true);
  });

  test('of Prometheus may say how long it must fail', () => {
    expect(readCheck({ ...errors, forMs: 0 }, standing(bad), facts).afterMs).toBe(0);
  });
});

describe('an answer is worth judging again', () => {
  const read = (...results: CheckResult[]) => readCheck(smoke, standing(...results), facts);
  const bads = (count: number) => Array.from({ length: count }, () => bad);
  test.for<{ name: string; given: [CheckResult[], CheckResult[]]; want: boolean }>([
    { name: 'the first good one', given: [[], [good]], want: true },
    { name: 'another good one', given: [[good], [good, good]], want: false },
    { name: 'a good one with another number in it', given: [[good], [{ ...good, words: 'x' }]], want: false },
    { name: 'the first bad one', given: [[good], [good, bad]], want: true },
    { name: 'the bad one that makes them enough', given: [bads(2), bads(3)], want: true },
    { name: 'one more than enough', given: [bads(3), bads(4)], want: false },
    { name: 'a good one after bad ones', given: [bads(9), [...bads(9), good]], want: true },
    { name: 'none at all after bad ones', given: [bads(3), [...bads(3), unreachable]], want: true },
    {
      name: 'another reason not to know',
      given: [[noData], [{ ...noData, reason: 'PrometheusUnavailable' }]],
      want: true,
    },
    { name: 'the same reason not to know', given: [[noData], [noData, noData]], want: false },
  ])('$name: $want', ({ given: [before, now], want }) => {
    expect(isNews(read(...before), read(...now), 3)).toBe(want);
  });
});

describe('the network is proven', () => {
  type Heard = [result: CheckResult, begunMs: number, overHttp?: boolean];
  const hearing = (...all: Heard[]): Standing =>
    all.reduce(
      (before, [result, begunMs, overHttp = result.kind === 'good']) =>
        heard(before, result, { begunMs, overHttp }),
      UNASKED,
    );
  const lost = hearing([good, 0], [unreachable, 5_000], [unreachable, 10_000]);

  test.for<{ name: string; others: Standing[]; want: boolean }>([
    { name: 'by an answer to what was begun since', others: [hearing([good, 5_000])], want: true },
    { name: 'by an error over http', others: [hearing([bad, 7_000, true])], want: true },
    { name: 'not by one of before', others: [hearing([good, 4_999])], want: false },
    { name: 'not by one that is still awaited', others: [hearing([good, 0])], want: false },
    {
      name: 'not by one that was reached and is no longer',
      others: [hearing([good, 6_000], [unreachable, 8_000])],
      want: false,
    },
    {
      name: 'not by a refused connection, which a node makes itself',
      others: [hearing([bad, 7_000, false])],
      want: false,
    },
    { name: 'not by Prometheus', others: [hearing([good, 7_000, false])], want: false },
    { name: 'by one of several', others: [hearing([good, 0]), hearing([good, 6_000])], want: true },
    { name: 'by nothing where nobody else is asked', others: [], want: false },
  ])('$name', ({ others, want }) => {
    expect(isNetworkProven(lost, others)).toBe(want);
  });

  test('for nobody who has a connection', () => {
    expect(isNetworkProven(hearing([good, 0]), [hearing([good, 0])])).toBe(false);
    const again = hearing([unreachable, 0], [good, 5_000], [unreachable, 10_000]);
    expect(isNetworkProven(again, [hearing([good, 7_000])])).toBe(false);
  });
});
