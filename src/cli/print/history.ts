// `pawl history` for people.

import type { HistoryEntry } from '../../model/app.ts';
import { short } from '../../model/commit.ts';
import type { HistoryData } from '../history.ts';
import type { Colour, Paint } from './paint.ts';
import { table } from './table.ts';
import { ago, span } from './time.ts';

export function printHistory(
  { app, branch, applied, releases }: HistoryData,
  nowMs: number,
  paint: Paint,
): string[] {
  if (releases.length === 0)
    return [`${app.namespace}/${app.name} has not been released from ${branch} yet.`];
  return table(
    releases,
    [
      { title: '', cell: ({ commit }) => (commit === applied ? '*' : '') },
      { title: 'COMMIT', cell: ({ commit }) => short(commit) },
      { title: 'OUTCOME', cell: ({ outcome }) => outcome, colour: ({ outcome }) => outcomeColour(outcome) },
      { title: 'WHEN', cell: ({ startedAt }) => ago(startedAt, nowMs) },
      { title: 'TOOK', cell: ({ durationMs }) => span(durationMs) },
      { title: 'AUTHOR', cell: ({ author }) => author },
      { title: 'SUBJECT', cell: ({ subject }) => subject },
      { title: 'REVERTED BY', cell: ({ revertedBy }) => (revertedBy === undefined ? '' : short(revertedBy)) },
      { title: 'REASON', cell: ({ reason }) => reason },
    ],
    paint,
  );
}

export function outcomeColour(outcome: HistoryEntry['outcome']): Colour | undefined {
  switch (outcome) {
    case 'Healthy':
      return 'green';
    case 'Reverted':
    case 'Failed':
    case 'Held':
      return 'red';
    case 'Unknown':
      return 'yellow';
    case 'Superseded':
      return 'dim';
  }
}
