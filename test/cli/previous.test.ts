import { describe, expect, test } from 'vitest';
import type { AppStatus, HistoryEntry, Outcome } from '../../src/model/app.ts';
import { previousHealthy } from '../../src/cli/previous.ts';

/** `C!R`: the commit C, undone by R. Newest first. */
function history(...lines: [commit: string, outcome: Outcome][]): HistoryEntry[] {
  return lines.map(([text, outcome]) => {
    const [commit = '', revertedBy] = text.split('!');
    const times = { startedAt: '', finishedAt: '' };
    return { commit, subject: '', author: '', ...times, outcome, reason: '', revertedBy };
  });
}

const cases: { name: string; applied?: string; history: HistoryEntry[]; want: string | undefined }[] = [
  { name: 'nothing is known', history: [], want: undefined },
  { name: 'the first release', applied: 'B', history: history(['B', 'Healthy']), want: undefined },
  {
    name: 'two healthy ones',
    applied: 'C',
    history: history(['C', 'Healthy'], ['B', 'Healthy']),
    want: 'B',
  },
  {
    name: 'one in flight: the healthy one before it',
    applied: 'D',
    history: history(['C', 'Healthy'], ['B', 'Healthy']),
    want: 'C',
  },
  {
    name: 'the same revision released twice',
    applied: 'C',
    history: history(['C', 'Healthy'], ['C', 'Healthy'], ['B', 'Healthy']),
    want: 'B',
  },
  {
    name: 'after a revert: what it restored is what runs, so the one before',
    applied: 'R',
    history: history(['R', 'Healthy'], ['D!R', 'Reverted'], ['C', 'Healthy'], ['B', 'Healthy']),
    want: 'B',
  },
  {
    name: 'after a revert of several with a superseded one among them',
    applied: 'R',
    history: history(
      ['R', 'Healthy'],
      ['E!R', 'Reverted'],
      ['D!R', 'Superseded'],
      ['C', 'Healthy'],
      ['B', 'Healthy'],
    ),
    want: 'B',
  },
  {
    name: 'after an undo: neither what was undone nor what it restored',
    applied: 'U',
    history: history(['U', 'Healthy'], ['C!U', 'Healthy'], ['B', 'Healthy'], ['A', 'Healthy']),
    want: 'A',
  },
  {
    name: 'after an undo over several revisions',
    applied: 'U',
    history: history(
      ['U', 'Healthy'],
      ['C!U', 'Healthy'],
      ['B!U', 'Healthy'],
      ['A', 'Healthy'],
      ['Z', 'Healthy'],
    ),
    want: 'Z',
  },
  {
    name: 'a held commit that runs: the healthy one before it',
    applied: 'D',
    history: history(['D', 'Held'], ['C', 'Healthy']),
    want: 'C',
  },
  {
    name: 'two reverts in a row',
    applied: 'S',
    history: history(
      ['S', 'Healthy'],
      ['E!S', 'Reverted'],
      ['R', 'Healthy'],
      ['D!R', 'Reverted'],
      ['C', 'Healthy'],
      ['B', 'Healthy'],
    ),
    want: 'B',
  },
];

describe('the revision that an undo goes back to by default', () => {
  test.each(cases)('$name', ({ applied, history, want }) => {
    const status: AppStatus = {
      history,
      ...(applied !== undefined && { applied: { commit: applied, at: '' } }),
    };
    expect(previousHealthy(status)).toBe(want);
  });
});
