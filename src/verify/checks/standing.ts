// Where a check stands after its answers so far, and how judging reads it.
// 1. An http check passes when `times` answers in a row are good; one that is not takes that back. It is asked on
//    until the verdict, so that what breaks during the soak is seen.
// 2. A Prometheus check passes by a value within its bounds. As long as there is no data it is not known, which
//    does not hold back the soak; at its end it makes the verdict unknown.
// 3. No connection is a failure of the commit's only if another check's Service answered over http a question that was
//    begun since: else it may be the agent's own network. Prometheus is reached another way.
// 4. What failed before the release was applied, or was not asked then as it is asked now, blames the surroundings (I3).
// 5. While the objects are not ready, nothing is asked. What failed before a short break goes on failing after it,
//    once it is answered anew; what passed has to pass again.

import type { Check } from '../../model/checks.ts';
import type { Sign } from '../../model/health.ts';
import type { CheckResult } from './result.ts';

export interface Standing {
  /** Good answers in a row. */
  good: number;
  /** Bad ones, or none at all, in a row. */
  bad: number;
  last: CheckResult | undefined;
  /** How often in a row the agent could not ask since. */
  busy?: number;
  /** When the first question without a connection was begun, of those in a row; monotonic, ms. */
  unreachableSinceMs?: number;
  /** When the last question was begun, if it was answered over http; monotonic, ms. */
  answeredAtMs?: number;
}

/** After more of them in a row nothing is known any more. */
const MAX_BUSY = 2;

export const UNASKED: Standing = { good: 0, bad: 0, last: undefined };

export function after(before: Standing, result: CheckResult): Standing {
  switch (result.kind) {
    case 'good':
      return { good: before.good + 1, bad: 0, last: result };
    case 'bad':
    case 'unreachable':
      return { good: 0, bad: before.bad + 1, last: result };
    case 'unknown': {
      // Of the agent's own doing now and then: it neither takes back what was answered nor counts.
      const busy = (before.busy ?? 0) + 1;
      if (result.reason === 'AgentBusy' && before.last !== undefined && busy <= MAX_BUSY)
        return { ...before, busy };
      return { good: 0, bad: 0, last: result };
    }
  }
}

/** As {@link after}, with what the answer proves of the network. `begunMs`: when it was asked for. */
export function heard(
  before: Standing,
  result: CheckResult,
  by: { begunMs: number; overHttp: boolean },
): Standing {
  const isBusy = result.kind === 'unknown' && result.reason === 'AgentBusy';
  if (isBusy) return { ...after(before, result), answeredAtMs: undefined };
  const isUnreachable = result.kind === 'unreachable';
  return {
    ...after(before, result),
    unreachableSinceMs: isUnreachable ? (before.unreachableSinceMs ?? by.begunMs) : undefined,
    answeredAtMs: by.overHttp ? by.begunMs : undefined,
  };
}

export function isNetworkProven(standing: Standing | undefined, others: readonly Standing[]): boolean {
  const sinceMs = standing?.unreachableSinceMs;
  return sinceMs !== undefined && others.some(({ answeredAtMs = -Infinity }) => answeredAtMs >= sinceMs);
}

/** How long a break may be for rule 5, ms. */
export const SHORT_BREAK_MS = 30_000;

/** Of what is asked again after a short break. */
export function paused({ bad, last, unreachableSinceMs }: Standing): Standing {
  const wasGood = last?.kind === 'good' || last?.kind === 'unknown';
  return wasGood ? UNASKED : { good: 0, bad, last: undefined, unreachableSinceMs };
}

/** A check as it is judged. */
export interface CheckRead {
  name: string;
  state: 'passed' | 'failing' | 'open';
  /** For the status. */
  message: string;
  /** Only while it fails, and not where rule 3 excuses it. */
  sign?: Sign;
  /** What the verdict would be if time ran out now; undefined: the commit is to blame. */
  excuse?: { reason: string; message: string };
  /** It holds back the soak and the healthy verdict. */
  holds: boolean;
  /** How long it must fail to count, where that is its own to say. */
  afterMs?: number;
  /** Nothing was heard of it yet, or not since a break: signs of before are neither gone nor there. */
  unheard?: boolean;
}

export interface ReadFacts {
  /** Rule 3. */
  isNetworkProven: boolean;
  /** It failed before the release was applied. */
  failedBefore: boolean;
  /** It was not asked then, or another question under the same name was. */
  notAskedBefore?: boolean;
  now: number;
}

export function readCheck(check: Check, standing: Standing, facts: ReadFacts): CheckRead {
  const { name } = check;
  const label = `check ${name}`;
  const { last } = standing;
  if (last === undefined) {
    const excuse = { reason: 'CheckNotReady', message: `${label} was not answered yet` };
    return { name, state: 'open', message: `${label}: not asked yet`, excuse, holds: true, unheard: true };
  }
  const message = `${label}: ${last.words}`;
  switch (last.kind) {
    case 'good': {
      const times = check.kind === 'http' ? check.times : 1;
      if (standing.good >= times) return { name, state: 'passed', message, holds: false };
      const excuse = { reason: 'CheckNotReady', message: `${label} had not been answered ${times} times` };
      const counted = `${message}, ${standing.good} of ${times} in a row`;
      return { name, state: 'open', message: counted, excuse, holds: true };
    }
    case 'unknown': {
      const excuse = { reason: last.reason, message };
      return { name, state: 'open', message, excuse, holds: check.kind !== 'prometheus' };
    }
    case 'bad':
      return failing(check, standing, facts, message, innocence(facts));
    case 'unreachable': {
      const excused = innocence(facts) ?? (facts.isNetworkProven ? undefined : 'network');
      return failing(check, standing, facts, message, excused);
    }
  }
}

type Excused = 'before' | 'unasked' | 'network';

const EXCUSES: Record<Excused, { reason: string; why: string }> = {
  before: { reason: 'CheckFailedBefore', why: 'it failed before this release was applied' },
  unasked: { reason: 'CheckNotAskedBefore', why: 'it was not asked before this release was applied' },
  network: { reason: 'CheckUnreachable', why: "the agent's network may be to blame" },
};

function innocence({ failedBefore, notAskedBefore }: ReadFacts): Excused | undefined {
  if (notAskedBefore === true) return 'unasked';
  return failedBefore ? 'before' : undefined;
}

function failing(
  check: Check,
  { bad }: Standing,
  { now }: ReadFacts,
  message: string,
  excused: Excused | undefined,
): CheckRead {
  const { name } = check;
  const told = `${message}, ${bad} time${bad === 1 ? '' : 's'} in a row`;
  const read: CheckRead = { name, state: 'failing', message: told, holds: true };
  if (check.kind === 'prometheus' && check.forMs !== undefined) read.afterMs = check.forMs;
  const of = excused && EXCUSES[excused];
  const excuse = of && { reason: of.reason, message: `${told}; ${of.why}` };
  // Rule 3: left to the deadline.
  if (excused === 'network') return { ...read, excuse };
  const sign: Sign = {
    signal: 'CheckFailed',
    reason: of?.reason ?? 'CheckFailed',
    evidence: told,
    blames: of === undefined ? 'commit' : 'surroundings',
    at: `check/${name}`,
    sinceMs: now,
    count: bad,
  };
  return excuse === undefined ? { ...read, sign } : { ...read, sign, excuse };
}

/**
 * Whether judging could come to something else by this answer: where a check stands has changed, or the bad answers
 * in a row are not yet as many as count. All else is a matter of time, and the judge knows when that has passed.
 */
export function isNews(before: CheckRead, now: CheckRead, countNeeded: number): boolean {
  return (
    before.state !== now.state ||
    before.holds !== now.holds ||
    before.unheard !== now.unheard ||
    before.excuse?.reason !== now.excuse?.reason ||
    (before.sign?.count !== now.sign?.count &&
      Math.min(before.sign?.count ?? 0, now.sign?.count ?? 0) < countNeeded)
  );
}
