// Keeps an App's status below its limit by leaving out what is only shown, the least useful first, and never
// what Pawl needs to go on: the healthy revision, the release and the revert in flight, the Jobs that ran. A baseline
// of thousands of unhealthy objects becomes one that says `everything`, under which nothing is ever reverted.

import { PawlError } from '../../model/errors.ts';
import type { AppStatus, HistoryEntry } from '../../model/app.ts';
import { EVERYTHING } from '../../model/baseline.ts';

/** Of etcd's 1.5 MiB, the part that Pawl allows itself. */
export const MAX_STATUS_BYTES = 256 * 1024;
const LONGEST_TEXT = 1_000;

/**
 * In this order, until it fits: per-object outcomes (last ones first, down to none), history (oldest first, down
 * to the newest entry), texts of conditions and of that entry (to 1,000 characters), rejected contents (oldest
 * first, down to one), the reasons in the baseline, and the names in it.
 * Throws PawlError `StatusTooLarge` where even that does not do.
 */
export function fitStatus(status: AppStatus, maxBytes = MAX_STATUS_BYTES): AppStatus {
  let fitted = status;
  const bytesOf = sizing();
  for (const shrink of SHRINKS) {
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

/** What a step leaves as it is, is not measured again: a baseline may be of megabytes. */
function sizing(): (status: AppStatus) => number {
  const known = new Map<unknown, number>();
  const sizeOf = (value: unknown): number => {
    const before = known.get(value);
    if (before !== undefined) return before;
    const bytes = Buffer.byteLength(JSON.stringify(value));
    if (typeof value === 'object') known.set(value, bytes);
    return bytes;
  };
  return (status) => {
    const fields = Object.entries(status).filter(([, value]) => value !== undefined);
    // `"name":value` each, commas between them, braces around.
    return fields.reduce(
      (sum, [name, value]) => sum + sizeOf(name) + 1 + sizeOf(value),
      1 + Math.max(fields.length, 1),
    );
  };
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
  const conditions = status.conditions?.map((each) => ({
    ...each,
    message: each.message.slice(0, LONGEST_TEXT),
  }));
  if (conditions?.every((each, index) => each.message === status.conditions?.[index]?.message) !== false) {
    return undefined;
  }
  return { ...status, conditions };
}

function fewerRejected(status: AppStatus): AppStatus | undefined {
  if (status.rejected === undefined || status.rejected.length <= 1) return undefined;
  return { ...status, rejected: half(status.rejected, 1) };
}

function shorterHistory(status: AppStatus): AppStatus | undefined {
  const texts = ['subject', 'author', 'reason'] as const;
  const isLong = (entry: HistoryEntry) => texts.some((text) => entry[text].length > LONGEST_TEXT);
  if (status.history?.some(isLong) !== true) return undefined;
  const short = (text: string) => text.slice(0, LONGEST_TEXT);
  const history = status.history.map((entry) => ({
    ...entry,
    subject: short(entry.subject),
    author: short(entry.author),
    reason: short(entry.reason),
  }));
  return { ...status, history };
}

function baselineWithoutReasons(status: AppStatus): AppStatus | undefined {
  const { baseline } = status;
  if (baseline === undefined || Object.values(baseline.unhealthy).every((reason) => reason === ''))
    return undefined;
  const unhealthy = Object.fromEntries(Object.keys(baseline.unhealthy).map((key) => [key, '']));
  return { ...status, baseline: { ...baseline, unhealthy } };
}

/** Old news counts for objects that could be blamed: here none can. */
function baselineOfEverything(status: AppStatus): AppStatus | undefined {
  const { baseline } = status;
  if (baseline === undefined || Object.hasOwn(baseline.unhealthy, EVERYTHING)) return undefined;
  const unhealthy = { [EVERYTHING]: 'TooManyToName' };
  return { ...status, baseline: { ...baseline, unhealthy, stalledSince: {} } };
}

const SHRINKS = [
  fewerOutcomes,
  fewerHistory,
  shorterConditions,
  shorterHistory,
  fewerRejected,
  baselineWithoutReasons,
  baselineOfEverything,
];

function half<T>(list: readonly T[], least: number): T[] {
  return list.slice(0, Math.max(least, Math.floor(list.length / 2)));
}
