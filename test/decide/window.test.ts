import { expect, test } from 'vitest';
import { revertsInWindow } from '../../src/decide/window.ts';
import type { HistoryEntry, Outcome } from '../../src/model/app.ts';

const NOW = Date.parse('2026-11-01T12:00:00Z');
const HOUR = 3_600_000;

function entry(finishedAt: string, outcome: Outcome, revertedBy?: string): HistoryEntry {
  return {
    commit: finishedAt,
    subject: '',
    author: '',
    startedAt: finishedAt,
    finishedAt,
    outcome,
    reason: '',
    revertedBy,
  };
}

const cases: { name: string; given: HistoryEntry[] | undefined; want: number }[] = [
  { name: 'no history', given: undefined, want: 0 },
  {
    name: 'other outcomes',
    given: [entry('2026-11-01T11:59:00Z', 'Healthy'), entry('2026-11-01T11:58:00Z', 'Held')],
    want: 0,
  },
  { name: 'just inside the window', given: [entry('2026-11-01T11:00:01Z', 'Reverted', 'r1')], want: 1 },
  { name: 'just outside the window', given: [entry('2026-11-01T11:00:00Z', 'Reverted', 'r1')], want: 0 },
  {
    name: 'two releases undone by one revert',
    given: [entry('2026-11-01T11:50:00Z', 'Reverted', 'r1'), entry('2026-11-01T11:40:00Z', 'Reverted', 'r1')],
    want: 1,
  },
  {
    name: 'two reverts',
    given: [entry('2026-11-01T11:50:00Z', 'Reverted', 'r2'), entry('2026-11-01T11:40:00Z', 'Reverted', 'r1')],
    want: 2,
  },
  {
    name: 'a time in the future, after the clock was set back',
    given: [entry('2026-11-01T13:00:00Z', 'Reverted', 'r1')],
    want: 1,
  },
  { name: 'a time that is none', given: [entry('yesterday', 'Reverted', 'r1')], want: 1 },
];

test.each(cases)('$name: $want', ({ given, want }) => {
  expect(revertsInWindow(given, NOW, HOUR)).toBe(want);
});
