// What the status of an App says about one commit, for those who wait for it. Pure; read anew on every change.
//
// 1. Undone beats healthy: a release that holds both the commit and its revert proves nothing for the commit.
// 2. Healthy once is healthy: a later commit that fails does not blame this one.
// 3. An older news never answers: what is held or failed must be a release that brings this commit.

import type { AppStatus, HistoryEntry } from '../model/app.ts';
import { short } from '../model/commit.ts';

export interface WaitFacts {
  /** In full. */
  commit: string;
  /** Whether it changes what the App reads. What does not cannot be undone, as far as the App goes. */
  concerns: boolean;
  /**
   * Revisions that bring the commit: itself, those that have it behind them and not its revert, and, where it
   * does not concern the App, older ones with the same content.
   */
  carriers: ReadonlySet<string>;
  /** Commits undone on the branch → by which commit (see undone.ts). */
  undone: ReadonlyMap<string, string>;
}

export type WaitAnswer =
  | { kind: 'healthy'; in: string; message: string }
  | { kind: 'failed'; outcome: 'Reverted' | 'Undone' | 'Failed' | 'Held'; message: string; by?: string }
  | { kind: 'waiting'; message: string };

/** Reasons for which an App is stalled whatever the branch holds. */
const OF_THE_SPEC = new Set(['InvalidSpec', 'NotSupported']);

export function waitAnswer(facts: WaitFacts, status: AppStatus | undefined, suspended: boolean): WaitAnswer {
  const { carriers } = facts;
  const history = status?.history ?? [];
  if (facts.concerns) {
    const gone = undoneAnswer(facts, status, history);
    if (gone !== undefined) return gone;
  }
  const well = healthyIn(carriers, status, history);
  if (well !== undefined) return { kind: 'healthy', in: well, message: `healthy in ${short(well)}` };
  const release = status?.release;
  if (release !== undefined && release.cause !== 'drift' && carriers.has(release.commit)) {
    return { kind: 'waiting', message: `${release.phase.toLowerCase()} ${short(release.commit)}` };
  }
  const last = history.find((entry) => carriers.has(entry.commit));
  const judged = last === undefined ? undefined : judgedAnswer(facts, last);
  return judged ?? stalledAnswer(facts, status) ?? waitingFor(status, last, suspended);
}

function undoneAnswer(
  { commit, undone }: WaitFacts,
  status: AppStatus | undefined,
  history: readonly HistoryEntry[],
): WaitAnswer | undefined {
  const own = history.find((entry) => entry.commit === commit);
  const intent = status?.revert;
  const intended = intent?.seen === true && intent.commits.includes(commit) ? intent.commit : undefined;
  const told = own?.revertedBy ?? intended;
  // Told by the status, but undone in its turn on the branch: the commit is in effect again.
  const by = undone.get(commit) ?? (told !== undefined && undone.has(told) ? undefined : told);
  if (by === undefined) return undefined;
  const reason = own?.reason || (intended === by ? intent?.reason : '') || '';
  const isFailure = own === undefined ? intent?.by === undefined : own.outcome !== 'Healthy';
  return isFailure
    ? { kind: 'failed', outcome: 'Reverted', message: because(`reverted by ${short(by)}`, reason), by }
    : { kind: 'failed', outcome: 'Undone', message: because(`undone by ${short(by)}`, reason), by };
}

function healthyIn(
  carriers: ReadonlySet<string>,
  status: AppStatus | undefined,
  history: readonly HistoryEntry[],
): string | undefined {
  const healthy = status?.healthy?.commit;
  if (healthy !== undefined && carriers.has(healthy)) return healthy;
  return history.find((entry) => entry.outcome === 'Healthy' && carriers.has(entry.commit))?.commit;
}

function judgedAnswer(facts: WaitFacts, last: HistoryEntry): WaitAnswer | undefined {
  const what = last.commit === facts.commit ? '' : ` in ${short(last.commit)}`;
  switch (last.outcome) {
    case 'Held':
      return { kind: 'failed', outcome: 'Held', message: because(`held${what}`, last.reason) };
    case 'Failed':
      return { kind: 'failed', outcome: 'Failed', message: because(`failed${what}`, last.reason) };
    case 'Reverted': {
      // A commit that does not concern the App is in the revert as well, and waits for it; one whose revert was
      // reverted comes again with that.
      if (!facts.concerns || facts.undone.has(last.revertedBy ?? '')) return undefined;
      const message = because(`reverted${what}`, last.reason);
      return { kind: 'failed', outcome: 'Reverted', message, by: last.revertedBy };
    }
    case 'Healthy':
    case 'Superseded':
    case 'Unknown':
      return undefined;
  }
}

function stalledAnswer({ carriers }: WaitFacts, status: AppStatus | undefined): WaitAnswer | undefined {
  const stalled = status?.conditions?.find(
    ({ type, status: value }) => type === 'Stalled' && value === 'True',
  );
  if (stalled === undefined) return undefined;
  const head = status?.head?.commit;
  if (!OF_THE_SPEC.has(stalled.reason) && (head === undefined || !carriers.has(head))) return undefined;
  return {
    kind: 'failed',
    outcome: 'Held',
    message: because('held', `${stalled.reason}: ${stalled.message}`),
  };
}

function waitingFor(
  status: AppStatus | undefined,
  last: HistoryEntry | undefined,
  suspended: boolean,
): WaitAnswer {
  if (suspended) return { kind: 'waiting', message: 'the App is suspended: `pawl resume` lets it go on' };
  if (last?.outcome === 'Unknown') return { kind: 'waiting', message: because('undecided', last.reason) };
  if (status?.release !== undefined) {
    return { kind: 'waiting', message: `${short(status.release.commit)} is released first` };
  }
  return { kind: 'waiting', message: 'not released yet' };
}

function because(what: string, reason: string): string {
  return reason === '' ? what : `${what}: ${reason}`;
}
