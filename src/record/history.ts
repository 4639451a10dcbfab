// The history of releases in the status: newest first, twenty at most, one entry per try.

import type { AppStatus, HistoryEntry } from '../model/app.ts';

const KEPT_ENTRIES = 20;

/** A later entry of the same try (same commit, same start) takes the former one's place. */
export function withHistory(status: AppStatus, entry: HistoryEntry): AppStatus {
  const others = (status.history ?? []).filter(
    (other) => other.commit !== entry.commit || other.startedAt !== entry.startedAt,
  );
  return { ...status, history: [entry, ...others].slice(0, KEPT_ENTRIES) };
}

/** Marks the newest try of each of these commits as undone by `revert`. */
export function withRevertedBy(status: AppStatus, commits: readonly string[], revert: string): AppStatus {
  const open = new Set(commits);
  const history = (status.history ?? []).map((entry) => {
    if (!open.delete(entry.commit)) return entry;
    return { ...entry, revertedBy: revert };
  });
  return { ...status, history };
}
