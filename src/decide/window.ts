// How many reverts were made lately: a branch where every commit fails needs a person, not a machine.

import type { HistoryEntry } from '../model/app.ts';

/**
 * Reverts in the last `perMs`, by when the releases they undid ended. One revert may undo several releases and
 * counts once. Times that lie in the future (a clock was changed) count: rather held than reverted without end.
 */
export function revertsInWindow(
  history: readonly HistoryEntry[] | undefined,
  now: number,
  perMs: number,
): number {
  const recent = (history ?? []).filter(
    (entry) => entry.outcome === 'Reverted' && !(Date.parse(entry.finishedAt) <= now - perMs),
  );
  return new Set(recent.map((entry) => entry.revertedBy ?? `${entry.commit} ${entry.startedAt}`)).size;
}
