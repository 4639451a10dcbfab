// Keeps an App's status below its limit by leaving out what is only shown, the least useful first, and never
// what Pawl needs to go on: the healthy revision, the release and the revert in flight, the baseline.

import { PawlError } from '../../model/errors.ts';
import type { AppStatus } from '../../model/app.ts';

/** Of etcd's 1.5 MiB, the part that Pawl allows itself. */
export const MAX_STATUS_BYTES = 256 * 1024;

/**
 * In this order, until it fits: per-object outcomes (last ones first, down to none), history (oldest first, down
 * to the newest entry), texts of conditions (to 1,000 characters), rejected contents (oldest first, down to one).
 * Throws PawlError `StatusTooLarge` where even that does not do.
 */
export function fitStatus(status: AppStatus, maxBytes = MAX_STATUS_BYTES): AppStatus {
  let fitted = status;
  for (const shrink of [fewerOutcomes, fewerHistory, shorterConditions, fewerRejected]) {
    for (let size = bytesOf(fitted); size > maxBytes; size = bytesOf(fitted)) {
      const smaller = shrink(fitted);
      if (smaller === undefined) break;
      fitted = smaller;
    }
  }
  const size = bytesOf(fitted);
  if (size <= maxBytes) return fitted;
  throw new PawlError({
    code: 'StatusTooLarge',
    message: `the status needs ${size} bytes, and ${maxBytes} are allowed`,
    hint: 'Split the App into smaller ones.',
  });
}

function bytesOf(status: AppStatus): number {
  return Buffer.byteLength(JSON.stringify(status));
}

function fewerOutcomes(status: AppStatus): AppStatus | undefined {
  const objects = status.objects;
  if (objects === undefined || objects.outcomes.length === 0) return undefined;
  return { ...status, objects: { ...objects, outcomes: half(objects.outcomes, 0) } };
}

function fewerHistory(status: AppStatus): AppStatus | undefined {
  if (status.history === undefined || status.history.length <= 1) return undefined;
  return { ...status, history: half(status.history, 1) };
}

function shorterConditions(status: AppStatus): AppStatus | undefined {
  const conditions = status.conditions?.map((each) => ({ ...each, message: each.message.slice(0, 1_000) }));
  if (conditions?.every((each, index) => each.message === status.conditions?.[index]?.message) !== false) {
    return undefined;
  }
  return { ...status, conditions };
}

function fewerRejected(status: AppStatus): AppStatus | undefined {
  if (status.rejected === undefined || status.rejected.length <= 1) return undefined;
  return { ...status, rejected: half(status.rejected, 1) };
}

function half<T>(list: readonly T[], least: number): T[] {
  return list.slice(0, Math.max(least, Math.floor(list.length / 2)));
}
