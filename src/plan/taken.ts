// What an App took over, and has not been found healthy with: not its own yet. It may be deleted by nobody who merely
// takes a commit back, or leaves it out again; it is let go, as it is. Objects count that were there before the release
// which brought them, as another App's or as nobody's.
//
// T1 The record is written before the first write of that release, so it outlives the process.
// T2 In doubt an object counts as taken.

import { APPLYSET, type HistoryEntry } from '../model/app.ts';
import type { KubeObject } from '../model/object.ts';
import type { PlanItem } from '../model/plan.ts';

/** In place of names where there are too many: then everything counts as taken. */
export const EVERYTHING = '*';

const MOST_BYTES = 32 * 1024;

/** Clocks of servers differ: only what is older than a release by more than that was surely there before. */
const SKEW_MS = 60_000;

/** The record with what the plan takes over; undefined where there is nothing. */
export function withTaken(
  before: readonly string[] = [],
  items: readonly PlanItem[],
  applySet: string,
): string[] | undefined {
  return recordOf([...new Set([...before, ...takenBy(items, applySet)])]);
}

export function takenBy(items: readonly PlanItem[], applySet: string): string[] {
  return items
    .filter(({ live }) => live !== undefined && live.metadata.labels?.[APPLYSET.partOf] !== applySet)
    .map(({ manifest }) => manifest.key);
}

/** As many as there is room for, or that there are more. */
export function recordOf(keys: readonly string[]): string[] | undefined {
  if (keys.length === 0) return undefined;
  const bytes = keys.reduce((sum, key) => sum + Buffer.byteLength(key) + 3, 0);
  return keys.includes(EVERYTHING) || bytes > MOST_BYTES ? [EVERYTHING] : [...keys];
}

/**
 * The record when a revision was found healthy: what it renders is the App's own from now on, and what is no member any
 * more is nobody's concern. `leaving`: members that it does not render.
 */
export function stillTaken(before: readonly string[] = [], leaving: readonly string[]): string[] | undefined {
  return recordOf(leaving.filter((key) => isTaken(before, key)));
}

export function isTaken(taken: readonly string[] = [], key: string): boolean {
  return taken.includes(key) || taken.includes(EVERYTHING);
}

/** When the first of the commits that this revert of ours undoes was begun (ms); no number of the past where nobody knows. */
export function undoneSince(history: readonly HistoryEntry[] = [], revert: string): number {
  const undone = new Set(
    history.filter(({ revertedBy }) => revertedBy === revert).map(({ commit }) => commit),
  );
  return Math.min(
    ...history.filter(({ commit }) => undone.has(commit)).map(({ startedAt }) => Date.parse(startedAt)),
  );
}

/** Whether what a revert of ours leaves out was there before the commits that it undoes. */
export function wasThereBefore(live: KubeObject, sinceMs: number): boolean {
  const createdMs = Date.parse(live.metadata.creationTimestamp ?? '');
  return !(createdMs >= sinceMs - SKEW_MS);
}
