// Where an undo leads when nobody says where: the newest revision that was healthy and whose content is not
// what runs now. A revert commit has the content of what it restored, so both count as one.

import type { AppStatus, HistoryEntry } from '../model/app.ts';

/** Undefined where the history knows no such revision. */
export function previousHealthy(status: AppStatus | undefined): string | undefined {
  const history = status?.history ?? [];
  const current = status?.applied?.commit ?? status?.healthy?.commit ?? history[0]?.commit;
  if (current === undefined) return undefined;
  const same = new Set([current]);
  for (;;) {
    const candidate = candidateAfter(history, same);
    if (candidate === undefined) return undefined;
    if (!isRestoredBy(history, candidate, same)) return candidate.commit;
    same.add(candidate.commit);
  }
}

/** The newest healthy entry that was never undone and is none of `same`. */
function candidateAfter(
  history: readonly HistoryEntry[],
  same: ReadonlySet<string>,
): HistoryEntry | undefined {
  const undone = new Set(
    history.filter((entry) => entry.revertedBy !== undefined).map((entry) => entry.commit),
  );
  return history.find(
    (entry) => entry.outcome === 'Healthy' && !same.has(entry.commit) && !undone.has(entry.commit),
  );
}

/** Whether one of `same` is a revert that put this entry's content back: it undid the very next entries. */
function isRestoredBy(
  history: readonly HistoryEntry[],
  candidate: HistoryEntry,
  same: ReadonlySet<string>,
): boolean {
  const newer = history.slice(0, history.indexOf(candidate));
  const nextUp = newer.findLast(
    (entry) => entry.outcome !== 'Superseded' && entry.commit !== candidate.commit,
  );
  return nextUp?.revertedBy !== undefined && same.has(nextUp.revertedBy);
}
