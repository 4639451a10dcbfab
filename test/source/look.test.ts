import { describe, expect, test } from 'vitest';
import { afterOwnPush, believe, type Belief, type LookMemory } from '../../src/source/look.ts';

/** Looks one after the other; `old`: the advertised head is an ancestor of the last one. */
interface Step {
  atMs: number;
  advertised: string;
  old?: boolean;
  want: Belief;
}

const play = (memory: LookMemory | undefined, steps: Step[]) => {
  let now = memory;
  return steps.map((step) => {
    const seen = believe(
      now,
      { advertised: step.advertised, isAncestorOfLast: step.old === true },
      step.atMs,
    );
    now = seen.memory;
    return seen.belief;
  });
};

describe('a head is believed', () => {
  const table: { name: string; memory?: LookMemory; steps: Step[] }[] = [
    { name: 'when it is the first', steps: [{ atMs: 0, advertised: 'a', want: 'moved' }] },
    {
      name: 'at once when it is new',
      memory: { head: 'a' },
      steps: [
        { atMs: 0, advertised: 'b', want: 'moved' },
        { atMs: 1, advertised: 'b', want: 'unchanged' },
      ],
    },
    {
      name: 'when it is older and two looks 30 s apart agree',
      memory: { head: 'b' },
      steps: [
        { atMs: 1_000, advertised: 'a', old: true, want: 'wait' },
        { atMs: 30_999, advertised: 'a', old: true, want: 'wait' },
        { atMs: 31_000, advertised: 'a', old: true, want: 'moved' },
        { atMs: 31_001, advertised: 'a', want: 'unchanged' },
      ],
    },
    {
      name: 'not when a look between the two says otherwise',
      memory: { head: 'b' },
      steps: [
        { atMs: 0, advertised: 'a', old: true, want: 'wait' },
        { atMs: 20_000, advertised: 'b', want: 'unchanged' },
        { atMs: 40_000, advertised: 'a', old: true, want: 'wait' },
        { atMs: 70_000, advertised: 'a', old: true, want: 'moved' },
      ],
    },
    {
      name: 'not when two replicas lag by different commits',
      memory: { head: 'c' },
      steps: [
        { atMs: 0, advertised: 'b', old: true, want: 'wait' },
        { atMs: 31_000, advertised: 'a', old: true, want: 'wait' },
        { atMs: 62_000, advertised: 'b', old: true, want: 'wait' },
      ],
    },
    {
      name: 'never when it is older than a push of ours that has not been seen',
      memory: afterOwnPush('r'),
      steps: [
        { atMs: 0, advertised: 'b', old: true, want: 'wait' },
        { atMs: 100_000, advertised: 'b', old: true, want: 'wait' },
        { atMs: 200_000, advertised: 'r', want: 'unchanged' },
        { atMs: 200_001, advertised: 'b', old: true, want: 'wait' },
        { atMs: 230_001, advertised: 'b', old: true, want: 'moved' },
      ],
    },
    {
      name: 'when it is newer than a push of ours, which has then been seen',
      memory: afterOwnPush('r'),
      steps: [
        { atMs: 0, advertised: 's', want: 'moved' },
        { atMs: 1, advertised: 'r', old: true, want: 'wait' },
        { atMs: 30_001, advertised: 'r', old: true, want: 'moved' },
      ],
    },
  ];
  test.each(table)('$name', ({ memory, steps }) => {
    expect(play(memory, steps)).toEqual(steps.map((step) => step.want));
  });

  test('without changing the memory that was handed in', () => {
    const memory: LookMemory = Object.freeze({ head: 'b', doubt: Object.freeze({ head: 'a', sinceMs: 0 }) });
    believe(memory, { advertised: 'a', isAncestorOfLast: true }, 31_000);
    believe(memory, { advertised: 'c', isAncestorOfLast: false }, 31_000);
    expect(memory).toEqual({ head: 'b', doubt: { head: 'a', sinceMs: 0 } });
  });
});
