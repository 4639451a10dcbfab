// What `pawl wait` answers, by what the status says.
import { describe, expect, test } from 'vitest';
import type { AppStatus, HistoryEntry, Outcome } from '../../src/model/app.ts';
import { type WaitFacts, waitAnswer } from '../../src/cli/wait-decision.ts';

const id = (letter: string) => letter.repeat(40);
const [a, b, c, r] = [id('a'), id('b'), id('c'), id('e')];

function entry(commit: string, outcome: Outcome, more: Partial<HistoryEntry> = {}): HistoryEntry {
  const times = { startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:10Z' };
  return { commit, subject: 's', author: 'Ann', ...times, outcome, reason: '', ...more };
}

const at = (commit: string) => ({ commit, at: '2026-01-01T00:00:00Z' });
const healthyAt = (commit: string) => ({ ...at(commit), source: 's', renderHash: 'h' });

function releasing(commit: string, cause: 'commit' | 'drift' = 'commit'): AppStatus['release'] {
  const startedAt = '2026-01-01T00:00:00Z';
  return { commit, phase: 'Verifying', startedAt, elapsed: 0, attempt: 1, cause };
}

function stalled(reason: string): AppStatus['conditions'] {
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  return [{ type: 'Stalled', status: 'True', reason, message: 'a message', lastTransitionTime }];
}

function intent(
  commits: string[],
  more: Partial<NonNullable<AppStatus['revert']>> = {},
): AppStatus['revert'] {
  return { commits, restores: a, onto: b, reason: 'CrashLoopBackOff', commit: r, bytes: '', at: '', ...more };
}

interface Case {
  name: string;
  status: AppStatus | undefined;
  /** Besides the commit itself. */
  carriers?: string[];
  undone?: [string, string][];
  concerns?: boolean;
  suspended?: boolean;
  want: 'healthy' | 'Reverted' | 'Undone' | 'Failed' | 'Held' | 'waiting';
}

const cases: Case[] = [
  { name: 'an App that nobody has looked at yet', status: undefined, want: 'waiting' },
  { name: 'a commit that was not seen yet', status: { healthy: healthyAt(a) }, want: 'waiting' },
  { name: 'healthy at exactly this commit', status: { healthy: healthyAt(b) }, want: 'healthy' },
  {
    name: 'healthy at a later commit that contains it',
    status: { healthy: healthyAt(c) },
    carriers: [c],
    want: 'healthy',
  },
  {
    name: 'healthy a while ago, and a later one failed without touching it',
    status: {
      healthy: healthyAt(r),
      history: [entry(c, 'Reverted', { revertedBy: r }), entry(b, 'Healthy')],
    },
    carriers: [c, r],
    want: 'healthy',
  },
  { name: 'in flight', status: { release: releasing(b), healthy: healthyAt(a) }, want: 'waiting' },
  {
    name: 'in flight within a later one',
    status: { release: releasing(c), history: [entry(b, 'Held')] },
    carriers: [c],
    want: 'waiting',
  },
  {
    name: 'reverted',
    status: {
      healthy: healthyAt(r),
      history: [entry(b, 'Reverted', { revertedBy: r, reason: 'CrashLoopBackOff' })],
    },
    carriers: [r],
    want: 'Reverted',
  },
  {
    name: 'its revert is in the branch and not released yet',
    status: { revert: intent([b], { seen: true }), release: releasing(r) },
    carriers: [r],
    want: 'Reverted',
  },
  {
    name: 'its revert is decided and not pushed yet, so it may still be decided anew',
    status: { revert: intent([b]), release: releasing(b) },
    want: 'waiting',
  },
  {
    name: 'healthy, and undone later by a person',
    status: { healthy: healthyAt(r), history: [entry(r, 'Healthy'), entry(b, 'Healthy', { revertedBy: r })] },
    carriers: [r],
    want: 'Undone',
  },
  {
    name: 'undone by a commit of the branch that the status does not speak of',
    status: { healthy: healthyAt(r) },
    carriers: [r],
    undone: [[b, r]],
    want: 'Reverted',
  },
  {
    name: 'undone while it was in flight, because a person asked',
    status: { revert: intent([b], { by: 'ann', seen: true }) },
    carriers: [r],
    want: 'Undone',
  },
  {
    name: 'reverted, and the revert was reverted',
    status: { healthy: healthyAt(c), history: [entry(b, 'Reverted', { revertedBy: r })] },
    carriers: [c, r],
    undone: [[r, c]],
    want: 'healthy',
  },
  {
    name: 'reverted, and the revert of that is not released yet',
    status: { healthy: healthyAt(r), history: [entry(b, 'Reverted', { revertedBy: r })] },
    undone: [[r, c]],
    want: 'waiting',
  },
  {
    name: 'superseded by a commit that then became healthy',
    status: { healthy: healthyAt(c), history: [entry(c, 'Healthy'), entry(b, 'Superseded')] },
    carriers: [c],
    want: 'healthy',
  },
  {
    name: 'superseded by one that failed, and both reverted',
    status: {
      healthy: healthyAt(r),
      history: [
        entry(r, 'Healthy'),
        entry(c, 'Reverted', { revertedBy: r }),
        entry(b, 'Superseded', { revertedBy: r }),
      ],
    },
    carriers: [c, r],
    want: 'Reverted',
  },
  {
    name: 'pushed together with one that failed, never released by itself, and both reverted',
    status: { healthy: healthyAt(r), history: [entry(c, 'Reverted', { revertedBy: r })] },
    carriers: [c, r],
    undone: [
      [c, r],
      [b, r],
    ],
    want: 'Reverted',
  },
  {
    name: 'superseded, and the newer one is in flight',
    status: { release: releasing(c), history: [entry(b, 'Superseded')] },
    carriers: [c],
    want: 'waiting',
  },
  { name: 'held', status: { history: [entry(b, 'Held', { reason: 'MassDeletion' })] }, want: 'Held' },
  { name: 'failed and left as it is', status: { history: [entry(b, 'Failed')] }, want: 'Failed' },
  {
    name: 'failed and left as it is, while drift is corrected',
    status: { history: [entry(b, 'Failed')], release: releasing(b, 'drift') },
    want: 'Failed',
  },
  {
    name: 'held within a later one',
    status: { history: [entry(c, 'Held'), entry(b, 'Superseded')] },
    carriers: [c],
    want: 'Held',
  },
  {
    name: 'held, then superseded within a later one, as a newer one is on its way',
    status: { history: [entry(c, 'Superseded'), entry(b, 'Held')] },
    carriers: [c],
    want: 'waiting',
  },
  { name: 'undecided, to be judged again', status: { history: [entry(b, 'Unknown')] }, want: 'waiting' },
  {
    name: 'an older commit is held, this one was not seen yet',
    status: { head: at(a), conditions: stalled('NothingToRevert'), history: [entry(a, 'Held')] },
    want: 'waiting',
  },
  {
    name: 'the App is held at this commit without a word in the history',
    status: { head: at(b), conditions: stalled('RevertRefused') },
    want: 'Held',
  },
  { name: 'the App itself is invalid', status: { conditions: stalled('InvalidSpec') }, want: 'Held' },
  { name: 'the App is suspended', status: { healthy: healthyAt(a) }, suspended: true, want: 'waiting' },
  {
    name: 'of no concern: the same content is healthy already',
    status: { healthy: healthyAt(a) },
    carriers: [a],
    concerns: false,
    want: 'healthy',
  },
  {
    name: 'of no concern: healthy with the first release that contains it',
    status: { healthy: healthyAt(c) },
    carriers: [a, c],
    concerns: false,
    want: 'healthy',
  },
  {
    name: 'of no concern: the content before it is reverted, and the revert is on its way',
    status: { history: [entry(a, 'Reverted', { revertedBy: r })], release: releasing(r) },
    carriers: [a, r],
    concerns: false,
    want: 'waiting',
  },
  {
    name: 'of no concern: the content before it is reverted, and the revert is not begun yet',
    status: { history: [entry(a, 'Reverted', { revertedBy: r })] },
    carriers: [a, r],
    concerns: false,
    want: 'waiting',
  },
  {
    name: 'of no concern: the revert of the content before it is healthy',
    status: {
      healthy: healthyAt(r),
      history: [entry(r, 'Healthy'), entry(a, 'Reverted', { revertedBy: r })],
    },
    carriers: [a, r],
    concerns: false,
    want: 'healthy',
  },
  {
    name: 'of no concern: the content before it is held',
    status: { history: [entry(a, 'Held')] },
    carriers: [a],
    concerns: false,
    want: 'Held',
  },
];

describe('waiting for a commit', () => {
  test.each(cases)(
    '$name: $want',
    ({ status, carriers = [], undone = [], concerns = true, suspended, want }) => {
      const facts: WaitFacts = {
        commit: b,
        concerns,
        carriers: new Set([b, ...carriers]),
        undone: new Map(undone),
      };
      const answer = waitAnswer(facts, status, suspended ?? false);
      expect(answer.kind === 'failed' ? answer.outcome : answer.kind).toBe(want);
      expect(answer.message).not.toBe('');
    },
  );

  test('the answer says why it failed and what undid it', () => {
    const history = [entry(b, 'Reverted', { revertedBy: r, reason: 'CrashLoopBackOff' })];
    const facts: WaitFacts = { commit: b, concerns: true, carriers: new Set([b]), undone: new Map() };
    expect(waitAnswer(facts, { history }, false)).toEqual({
      kind: 'failed',
      outcome: 'Reverted',
      message: 'reverted by eeeeeee: CrashLoopBackOff',
      by: r,
    });
  });
});
