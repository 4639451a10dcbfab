// How a baseline is asked. It names as many objects as fit into the status; beyond that it only counts, and then
// nobody knows of an object that it does not name: such an object is not blamed on a commit.

import type { Baseline } from './app.ts';

/** In place of all names, where the status has no room for any: then everything counts as unhealthy. */
export const EVERYTHING = '*';

/** In place of a reason or a mark: it may have been so. */
export const NOT_KNOWN = 'NotKnown';

/** Why the object, which was there before, was not healthy; {@link NOT_KNOWN} where it may have been so. */
export function unhealthyBefore(baseline: Baseline | undefined, key: string): string | undefined {
  if (baseline === undefined) return undefined;
  const { unhealthy, moreUnhealthy = 0 } = baseline;
  return unhealthy[key] ?? unhealthy[EVERYTHING] ?? (moreUnhealthy > 0 ? NOT_KNOWN : undefined);
}

/** What marks as old news what the object's status told before the apply; {@link NOT_KNOWN}: whatever it tells may be. */
export function oldNewsOf(baseline: Baseline | undefined, key: string): string | undefined {
  if (baseline === undefined) return undefined;
  if (Object.hasOwn(baseline.stalledSince, key)) return baseline.stalledSince[key];
  return (baseline.moreStalled ?? 0) > 0 ? NOT_KNOWN : undefined;
}
