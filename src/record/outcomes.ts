// Per-object outcomes for the status: how many there are and how many are ready, and each outcome other than
// `unchanged`, a hundred at most, so that 10,000 objects do not fill the resource.

import type { AppStatus } from '../model/app.ts';
import type { Change } from '../model/plan.ts';

const KEPT_OUTCOMES = 100;
const LONGEST_REASON = 300;

export function withOutcomes(
  status: AppStatus,
  changes: readonly Change[],
  counts: { total: number; ready: number },
): AppStatus {
  const rank = (change: Change) => (change.outcome === 'refused' ? 0 : change.outcome === 'skipped' ? 1 : 2);
  const outcomes = changes
    .filter((change) => change.outcome !== 'unchanged')
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, KEPT_OUTCOMES)
    .map(({ key, outcome, reason }) => ({
      object: key,
      outcome,
      ...(reason && { reason: reason.slice(0, LONGEST_REASON) }),
    }));
  return { ...status, objects: { total: counts.total, ready: counts.ready, outcomes } };
}
