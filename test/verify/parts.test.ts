import { expect, test } from 'vitest';
import { type Judgement, judge } from '../../src/verify/judge.ts';
import type { JudgeMemory } from '../../src/verify/memory.ts';
import { afterCourtesy, afterPart } from '../../src/verify/parts.ts';
import { podFixture } from './fixtures.ts';
import { deployment, manifestOf, NOW, podLike, replicaSet, settings, watch } from './scene.ts';

const key = manifestOf(deployment()).key;
/** All pods lack the Secret that a later class of kinds brings. */
const lacking = {
  objects: [watch(deployment())],
  related: {
    replicaSets: [replicaSet('web-5d9')],
    pods: [podLike(podFixture('secret missing').pod, 'web-5d9-0', 'web-5d9')],
    events: [],
  },
};

function look(elapsedMs: number, memory: JudgeMemory | undefined) {
  return judge({ ...lacking, settings, elapsedMs, memory, now: NOW + elapsedMs });
}

/** When the commit is blamed, looking every second. */
function failsAtMs(memory: JudgeMemory | undefined, fromMs: number): number {
  let judged: { judgement: Judgement; memory: JudgeMemory | undefined } = look(fromMs, memory);
  let atMs = fromMs;
  while (judged.judgement.kind === 'waiting') {
    atMs += 1000;
    judged = look(atMs, judged.memory);
  }
  expect(judged.judgement).toMatchObject({ failures: [{ reason: 'CreateContainerConfigError' }] });
  return atMs;
}

test('what a courtesy saw is not held against the release: its signs are counted from its end on', () => {
  const wholeMs = failsAtMs(undefined, 0);
  const seen = [0, 20_000, 40_000].reduce<JudgeMemory | undefined>(
    (memory, atMs) => look(atMs, memory).memory,
    undefined,
  );
  if (seen === undefined) throw new Error('nothing was seen');
  expect(failsAtMs(seen, 41_000)).toBeLessThan(wholeMs + 5_000);
  const left = afterPart(undefined, afterCourtesy(undefined, seen, 40_000), new Set([key]), false);
  expect(failsAtMs(left, 40_000)).toBe(40_000 + wholeMs);
});

test('a courtesy that was interrupted has seen nothing; clocks of an earlier wait go on', () => {
  const early = look(0, undefined).memory;
  const seen = look(20_000, look(1_000, undefined).memory).memory;
  expect(afterCourtesy(undefined, seen, undefined).clocks).toEqual({});
  expect(Object.keys(seen.clocks)).not.toEqual([]);
  const again = look(20_000, early).memory;
  expect(afterCourtesy(early, again, undefined).clocks).toEqual(again.clocks);
  expect(afterCourtesy(early, again, 20_000).clocks).toEqual(again.clocks);
});
