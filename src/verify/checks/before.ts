// Checks before a release: which were asked, and which of them failed. No commit is to blame for what failed before it
// came, nor for a check that was not asked then in the same words: the App may have been given it since.

import { hash } from 'node:crypto';
import type { Baseline } from '../../model/app.ts';
import type { Check } from '../../model/checks.ts';
import type { CheckResult } from './result.ts';

export type ChecksBefore = Pick<Baseline, 'checks' | 'asked'>;

/** The same for the same question. */
export function definitionOf(check: Check): string {
  return hash('sha256', JSON.stringify(check)).slice(0, 12);
}

export function excuseBefore(
  check: Check,
  baseline: ChecksBefore | undefined,
): { failedBefore: boolean; notAskedBefore: boolean } {
  const { checks = {}, asked } = baseline ?? {};
  // Where nobody noted what was asked, there is no healthy revision either.
  const isAsked = asked === undefined || ownOf(asked, check.name) === definitionOf(check);
  return { failedBefore: isAsked && Object.hasOwn(checks, check.name), notAskedBefore: !isAsked };
}

/** From now on its failures count: it has passed, as it is asked now. */
export function withPassed<T extends ChecksBefore>(check: Check, baseline: T): T {
  const checks = Object.fromEntries(
    Object.entries(baseline.checks ?? {}).filter(([name]) => name !== check.name),
  );
  if (baseline.asked === undefined) return { ...baseline, checks };
  return { ...baseline, checks, asked: { ...baseline.asked, [check.name]: definitionOf(check) } };
}

/**
 * What the last answer says; undefined: ask on, as it may be chance. `isLate`: there is no more time. Undefined as the
 * result: none came.
 */
export function foundBefore(
  result: CheckResult | undefined,
  isLate: boolean,
): 'fine' | 'failing' | 'unasked' | undefined {
  const isKnown = result !== undefined && !(result.kind === 'unknown' && result.reason === 'AgentBusy');
  if (isKnown && (result.kind === 'good' || result.kind === 'unknown')) return 'fine';
  if (!isLate) return undefined;
  return isKnown ? 'failing' : 'unasked';
}

function ownOf(of: Record<string, string>, name: string): string | undefined {
  return Object.hasOwn(of, name) ? of[name] : undefined;
}
