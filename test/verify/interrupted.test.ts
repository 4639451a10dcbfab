import { describe, expect, test } from 'vitest';
import { type JudgeInput, judge } from '../../src/verify/judge.ts';
import type { JudgeMemory } from '../../src/verify/memory.ts';
import { afterPart, resume, type Resumed } from '../../src/verify/parts.ts';
import type { CheckRead } from '../../src/verify/checks/standing.ts';
import { deployment, NOW, nothing, settings, watch } from './scene.ts';

const MINUTE = 60_000;
const health = { ...settings, timeoutMs: 5 * MINUTE, soakMs: 10 * MINUTE };
const well = [watch(deployment({ ready: 3 }))];
/** One pod is being made anew elsewhere. */
const lost = [watch(deployment({ ready: 2 }))];
const key = well[0]?.manifest.key ?? '';

const read = (more: Partial<JudgeInput> & Pick<JudgeInput, 'elapsedMs'>) =>
  judge({ objects: well, related: nothing, settings: health, memory: undefined, now: NOW, ...more });
const check = (state: CheckRead['state']): CheckRead => ({
  name: 'smoke',
  state,
  message: 'check smoke',
  holds: state !== 'passed',
  ...(state === 'open' && { excuse: { reason: 'CheckNotReady', message: 'not asked yet' } }),
});

type Goes = (elapsedMs: number) => { memory?: JudgeMemory; resumed?: Resumed };
/** The soak began after a minute, and all was well until the wait was interrupted. */
const began = read({ elapsedMs: MINUTE }).memory;
const ways: { way: string; from: Goes }[] = [
  { way: 'in the same process', from: (atMs) => ({ memory: resume(began, atMs) }) },
  { way: 'in another process', from: (atMs) => ({ resumed: { atMs, soakingSinceMs: MINUTE } }) },
];

describe.each(ways)('a soak that goes on $way', ({ from }) => {
  test('leaves what is lost just then as long as ever to come back', () => {
    for (const atMinute of [6, 7, 10]) {
      const elapsedMs = atMinute * MINUTE;
      const first = read({ elapsedMs, objects: lost, memory: undefined, ...from(elapsedMs) });
      expect(first.judgement.kind).toBe('waiting');
      const later = (ms: number, objects = lost) =>
        read({ elapsedMs: elapsedMs + ms, objects, memory: first.memory }).judgement.kind;
      expect(later(5 * MINUTE - 1)).toBe('waiting');
      expect(later(5 * MINUTE)).toBe('failed');
      expect(later(4 * MINUTE, well)).toBe('waiting');
    }
  });

  test('is over when it would have been over', () => {
    const first = read({ elapsedMs: 7 * MINUTE, ...from(7 * MINUTE) });
    expect(first.judgement).toMatchObject({ kind: 'waiting', lookAgainInMs: 4 * MINUTE });
    expect(read({ elapsedMs: 11 * MINUTE, memory: first.memory }).judgement.kind).toBe('healthy');
  });

  test('has time to ask the checks anew, at its very end, too', () => {
    for (const elapsedMs of [7 * MINUTE, 15 * MINUTE - 1]) {
      const first = read({ elapsedMs, checks: [check('open')], ...from(elapsedMs) });
      expect(first.judgement.kind).toBe('waiting');
      const second = read({ elapsedMs: elapsedMs + 30_000, checks: [check('open')], memory: first.memory });
      expect(second.judgement.kind).toBe('waiting');
      const third = read({ elapsedMs: elapsedMs + 34_000, checks: [check('passed')], memory: second.memory });
      // It is the same soak.
      expect(third.memory.readySinceMs).toBe(MINUTE);
    }
  });

  test('begins anew by a check that fails', () => {
    const from7 = read({ elapsedMs: 7 * MINUTE, checks: [check('failing')], ...from(7 * MINUTE) });
    expect(from7.memory.readySinceMs).toBeUndefined();
    expect(from7.memory.brokenSinceMs).toBe(7 * MINUTE);
  });

  test('goes on after a wait for a part, which has no soak of its own', () => {
    const part = { ...health, soakMs: 0, releaseSoakMs: health.soakMs };
    const start = { memory: undefined, ...from(7 * MINUTE) };
    const ill = read({ elapsedMs: 7 * MINUTE, objects: lost, settings: part, ...start });
    expect(ill.judgement.kind).toBe('waiting');
    const ready = read({ elapsedMs: 8 * MINUTE, settings: part, memory: ill.memory });
    expect(ready.judgement.kind).toBe('healthy');
    const whole = afterPart(resume(began, 7 * MINUTE), ready.memory, new Set([key]), false);
    expect(whole).toMatchObject({ soakBegan: true, readySinceMs: undefined, brokenSinceMs: 7 * MINUTE });
    const calm = read({ elapsedMs: 7 * MINUTE, settings: part, ...start });
    const before = resume(began, 7 * MINUTE);
    expect(afterPart(before, calm.memory, new Set([key]), false).readySinceMs).toBe(MINUTE);
  });
});

test('what is interrupted while it is lost is not given more time by that', () => {
  const { memory } = read({ elapsedMs: 2 * MINUTE, objects: lost, memory: began });
  const again = resume(memory, 4 * MINUTE);
  expect(read({ elapsedMs: 7 * MINUTE, objects: lost, memory: again }).judgement.kind).toBe('failed');
});

test('the first read of a wait that goes on is never the last, and the second one may be', () => {
  const { memory, judgement } = read({
    elapsedMs: 5 * MINUTE,
    objects: lost,
    resumed: { atMs: 5 * MINUTE, soakingSinceMs: undefined },
  });
  expect(judgement).toMatchObject({ kind: 'waiting', lookAgainInMs: 5000 });
  const second = read({ elapsedMs: 5 * MINUTE + 5000, objects: lost, memory });
  expect(second.judgement.kind).toBe('failed');
});

test('a part knows of no soak that has not begun', () => {
  const { memory } = read({ elapsedMs: 1000 });
  expect(afterPart(undefined, memory, new Set([key]), false)).toMatchObject({
    soakBegan: false,
    readySinceMs: undefined,
  });
  expect(afterPart(undefined, memory, new Set([key]), true)).toMatchObject({ soakBegan: true });
});
