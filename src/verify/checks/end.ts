// What becomes of checks at the end: at a sign that counts, at the deadline, at the end of the soak; and how a wait
// for them is put into words.

import type { Sign } from '../../model/health.ts';
import type { Failure } from '../../model/verdict.ts';
import type { CheckRead } from './standing.ts';

type Verdict = { kind: 'failed'; failures: Failure[] } | { kind: 'unknown'; reason: string; message: string };

export function failureOfCheck(check: CheckRead, sign: Sign): Failure {
  return {
    object: undefined,
    check: check.name,
    reason: sign.reason,
    evidence: sign.evidence,
    message: check.message,
  };
}

/** One that fails and has no excuse is the commit's; where all have one, nothing is known. */
export function checksAtDeadline(checks: readonly CheckRead[], timeoutMs: number): Verdict {
  const seconds = Math.round(timeoutMs / 1000);
  const waited = checks.filter(({ holds }) => holds);
  const guilty = waited.filter(({ excuse }) => excuse === undefined);
  if (guilty.length > 0) {
    return {
      kind: 'failed',
      failures: guilty.map((check) => ({
        object: undefined,
        check: check.name,
        reason: 'TimedOut',
        evidence: `TimedOut after ${seconds} s, ${check.sign?.evidence ?? `check ${check.name}`}`,
        message: `not passed after ${seconds} s: ${check.message}`,
      })),
    };
  }
  const excuse = waited[0]?.excuse;
  if (excuse === undefined) throw new Error('no check was waited for at the deadline');
  return {
    kind: 'unknown',
    reason: excuse.reason,
    message: `not passed after ${seconds} s: ${excuse.message}`,
  };
}

/** A check that nobody could answer until the soak was over. */
export function unknownAtEnd(checks: readonly CheckRead[]): Verdict | undefined {
  const excuse = checks.find(({ state }) => state !== 'passed')?.excuse;
  return excuse === undefined ? undefined : { kind: 'unknown', ...excuse };
}

export function withChecks(message: string, checks: readonly CheckRead[]): string {
  return [message, ...checks.map((check) => check.message)].join('; ');
}
