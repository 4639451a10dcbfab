// What one question of a check was answered with. The `words` of a good, a bad or no answer go into commits: codes,
// milliseconds and numbers only, never a body, a query or a label. Those of what is not known go into the status.

import type { HttpCheck, PrometheusCheck } from '../../model/checks.ts';
import type { HttpAnswer, MetricAnswer } from '../../ports.ts';

export type CheckResult =
  | { kind: 'good'; words: string }
  /** Counts against the release. */
  | { kind: 'bad'; words: string }
  /** No connection came about: the network's doing as likely as the App's. */
  | { kind: 'unreachable'; words: string }
  /** Nothing is known: no data, no Prometheus, no Service to ask yet. */
  | { kind: 'unknown'; reason: UnknownReason; words: string };

export type UnknownReason =
  | 'AgentBusy'
  | 'CheckNotReady'
  | 'CheckRefused'
  | 'NoData'
  | 'PrometheusUnavailable';

export function httpResult(check: HttpCheck, answer: HttpAnswer): CheckResult {
  const after = `after ${answer.latencyMs} ms`;
  const { stalledMs = 0 } = answer;
  const isStalled = (boundMs: number) => stalledMs > boundMs * MAX_STALLED;
  switch (answer.kind) {
    case 'refused':
      return { kind: 'bad', words: 'connection refused' };
    case 'unable':
      return busy('the agent could not ask');
    case 'unreachable':
      if (isStalled(check.timeoutMs)) return busy(`the agent was held up for ${stalledMs} ms`);
      return { kind: 'unreachable', words: `no connection ${after}` };
    case 'timeout':
      if (isStalled(check.timeoutMs)) return busy(`the agent was held up for ${stalledMs} ms`);
      return { kind: 'bad', words: `no answer ${after}` };
    case 'broken':
      return { kind: 'bad', words: 'the answer is no HTTP' };
    case 'answer': {
      const told = `status ${answer.status} ${after}`;
      if (!check.status.some(({ from, to }) => answer.status >= from && answer.status <= to))
        return { kind: 'bad', words: told };
      if (check.body !== undefined && !answer.body.includes(check.body))
        return { kind: 'bad', words: `${told}, without the expected text` };
      if (check.latencyMs === undefined || answer.latencyMs <= check.latencyMs)
        return { kind: 'good', words: told };
      if (isStalled(check.latencyMs)) return busy(`the agent was held up for ${stalledMs} ms`);
      return { kind: 'bad', words: `${told}, slower than ${check.latencyMs} ms` };
    }
  }
}

/** Of a bound: beyond that, who is late may be the agent itself. */
const MAX_STALLED = 0.2;

function busy(words: string): CheckResult {
  return { kind: 'unknown', reason: 'AgentBusy', words };
}

/** Every series must be within the bounds; the one that is farthest beyond them is named. */
export function prometheusResult(check: PrometheusCheck, answer: MetricAnswer): CheckResult {
  switch (answer.kind) {
    case 'unavailable':
      return { kind: 'unknown', reason: 'PrometheusUnavailable', words: answer.message };
    case 'refused':
      return { kind: 'unknown', reason: 'CheckRefused', words: answer.message };
    case 'values':
      return valuesResult(check, answer.values);
  }
}

function valuesResult({ min, max }: PrometheusCheck, values: readonly number[]): CheckResult {
  const [first] = values;
  if (first === undefined) return { kind: 'unknown', reason: 'NoData', words: 'no data' };
  const lowest = values.reduce((a, b) => Math.min(a, b), first);
  const highest = values.reduce((a, b) => Math.max(a, b), first);
  if (max !== undefined && highest > max)
    return { kind: 'bad', words: `${show(highest)} is above ${show(max)}` };
  if (min !== undefined && lowest < min)
    return { kind: 'bad', words: `${show(lowest)} is below ${show(min)}` };
  return { kind: 'good', words: show(max === undefined ? lowest : highest) };
}

function show(value: number): string {
  return String(Number.isFinite(value) ? Number(value.toPrecision(6)) : value);
}
