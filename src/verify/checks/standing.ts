// Where a check stands after its answers so far, and how judging reads it.
// 1. An http check passes when `times` answers in a row are good; one that is not takes that back. It is asked on
//    until the verdict, so that what breaks during the soak is seen.
// 2. A Prometheus check passes by a value within its bounds. As long as there is no data it is not known, which
//    does not hold back the soak; at its end it makes the verdict unknown.
// 3. No connection is a failure of the commit's only if another check of the release was answered: else it may be
//    the agent's own network.
// 4. What failed before the release was applied blames the surroundings (I3).

import type { Check } from '../../model/checks.ts';
import type { Sign } from '../../model/health.ts';
import type { CheckResult } from './result.ts';

export interface Standing {
  /** Good answers in a row. */
  good: number;
  /** Bad ones, or none at all, in a row. */
  bad: number;
  last: CheckResult | undefined;
}

export const UNASKED: Standing = { good: 0, bad: 0, last: undefined };

export function after(before: Standing, result: CheckResult): Standing {
  switch (result.kind) {
    case 'good':
      return { good: before.good + 1, bad: 0, last: result };
    case 'bad':
    case 'unreachable':
      return { good: 0, bad: before.bad + 1, last: result };
    case 'unknown':
      return { good: 0, bad: 0, last: result };
  }
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
}

export interface ReadFacts {
  /** Another check of this release was answered. */
  isNetworkProven: boolean;
  /** It failed before the release was applied. */
  failedBefore: boolean;
  now: number;
}

export function readCheck(check: Check, standing: Standing, facts: ReadFacts): CheckRead {
  const { name } = check;
  const label = `check ${name}`;
  const { last } = standing;
  if (last === undefined) {
    const excuse = { reason: 'CheckNotReady', message: `${label} was not answered yet` };
    return { name, state: 'open', message: `${label}: not asked yet`, excuse, holds: true };
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
      return failing(check, standing, facts, message, facts.failedBefore ? 'before' : undefined);
    case 'unreachable': {
      const excused = facts.failedBefore ? 'before' : facts.isNetworkProven ? undefined : 'network';
      return failing(check, standing, facts, message, excused);
    }
  }
}

function failing(
  check: Check,
  { bad }: Standing,
  { now }: ReadFacts,
  message: string,
  excused: 'before' | 'network' | undefined,
): CheckRead {
  const { name } = check;
  const told = `${message}, ${bad} time${bad === 1 ? '' : 's'} in a row`;
  const read: CheckRead = { name, state: 'failing', message: told, holds: true };
  if (check.kind === 'prometheus' && check.forMs !== undefined) read.afterMs = check.forMs;
  const excuse =
    excused === 'before'
      ? { reason: 'CheckFailedBefore', message: `${told}; it failed before this release was applied` }
      : { reason: 'CheckUnreachable', message: `${told}; the agent's network may be to blame` };
  // Rule 3: left to the deadline.
  if (excused === 'network') return { ...read, excuse };
  const sign: Sign = {
    signal: 'CheckFailed',
    reason: excused === 'before' ? 'CheckFailedBefore' : 'CheckFailed',
    evidence: told,
    blames: excused === 'before' ? 'surroundings' : 'commit',
    at: `check/${name}`,
    sinceMs: now,
    count: bad,
  };
  return excused === 'before' ? { ...read, sign, excuse } : { ...read, sign };
}

/**
 * Whether judging could come to something else by this answer: where a check stands has changed, or the bad answers
 * in a row are not yet as many as count. All else is a matter of time, and the judge knows when that has passed.
 */
export function isNews(before: CheckRead, now: CheckRead, countNeeded: number): boolean {
  return (
    before.state !== now.state ||
    before.holds !== now.holds ||
    before.excuse?.reason !== now.excuse?.reason ||
    (before.sign?.count !== now.sign?.count &&
      Math.min(before.sign?.count ?? 0, now.sign?.count ?? 0) < countNeeded)
  );
}
