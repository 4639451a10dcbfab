// A release waits in parts: for what a stage brought, then for everything; and any of them may be interrupted, by an
// edit of the App or by the end of the process, and goes on. What is known of it lasts from one part to the next.
//
// 1. The soak is for the wait that waits for everything. A part of the objects neither begins nor ends it, but what
//    one of them loses is lost.
// 2. A wait that goes on is no worse off than one that was never interrupted: what is lost after the soak began may
//    take as long to come back, and the first read after an interruption is never the last.

import { firstMemory, type JudgeMemory } from './memory.ts';
import type { RelatedObjects } from './owners.ts';

/** What the status knows of a wait that another process began. Times are `elapsedMs`. */
export interface Resumed {
  atMs: number;
  /** Since when everything had been ready; undefined: the soak has not begun. */
  soakingSinceMs: number | undefined;
}

/** Clocks of objects that the wait had nothing to do with go on. `isWhole`: it has waited for everything. */
export function afterPart(
  before: JudgeMemory | undefined,
  part: JudgeMemory,
  awaitedKeys: ReadonlySet<string>,
  isWhole: boolean,
): JudgeMemory {
  const isOther = ([key]: [string, unknown]) =>
    !awaitedKeys.has(key.split('|', 1)[0] ?? '') && !(isWhole && key.startsWith('check/'));
  const others = <T>(entries: Readonly<Record<string, T>> | undefined) =>
    Object.fromEntries(Object.entries(entries ?? {}).filter(isOther)) as Record<string, T>;
  return {
    ...part,
    clocks: { ...others(before?.clocks), ...part.clocks },
    confirmed: { ...others(before?.confirmed), ...part.confirmed },
    drifted: { ...before?.drifted, ...part.drifted },
    ...(isWhole ? {} : soakBeside(before, part)),
  };
}

/**
 * Of a courtesy: what it showed is not held against the release, as the rest was not applied. What stands is counted
 * from `elapsedMs` on (undefined: not at all, as the wait was interrupted); clocks that an earlier wait began go on, so
 * that pushing again and again does not put off a verdict.
 */
export function afterCourtesy(
  before: JudgeMemory | undefined,
  part: JudgeMemory,
  elapsedMs: number | undefined,
): JudgeMemory {
  const clocks = Object.entries(part.clocks).flatMap(([key, clock]) => {
    if (before?.clocks[key] !== undefined) return [[key, clock] as const];
    return elapsedMs === undefined ? [] : [[key, { ...clock, sinceMs: elapsedMs }] as const];
  });
  const confirmed = Object.entries(part.confirmed).filter(([key]) => before?.confirmed[key] !== undefined);
  return { ...part, clocks: Object.fromEntries(clocks), confirmed: Object.fromEntries(confirmed) };
}

function soakBeside(
  before: JudgeMemory | undefined,
  part: JudgeMemory,
): Pick<JudgeMemory, 'readySinceMs' | 'brokenSinceMs' | 'soakBegan' | 'isResuming' | 'soak'> {
  if (before?.soakBegan !== true)
    return {
      readySinceMs: undefined,
      brokenSinceMs: 0,
      soakBegan: false,
      isResuming: false,
      soak: undefined,
    };
  const stayedReady = before.readySinceMs !== undefined && part.readySinceMs === before.readySinceMs;
  return {
    readySinceMs: stayedReady ? before.readySinceMs : undefined,
    brokenSinceMs: part.brokenSinceMs,
    soakBegan: true,
    isResuming: stayedReady && before.isResuming,
    soak: before.soak,
  };
}

/** In the same process. */
export function resume(memory: JudgeMemory, atMs: number): JudgeMemory {
  const isSoaking = memory.readySinceMs !== undefined;
  return {
    ...memory,
    brokenSinceMs: isSoaking ? atMs : memory.brokenSinceMs,
    resumedAtMs: atMs,
    isResuming: isSoaking,
  };
}

/** What is known before the first read. */
export function soakOf(resumed: Resumed | undefined): JudgeMemory | undefined {
  return resumed && resumedMemory({ pods: [], replicaSets: [], events: [] }, resumed);
}

/** At the first read of another process. */
export function resumedMemory(related: RelatedObjects, { atMs, soakingSinceMs }: Resumed): JudgeMemory {
  const memory = firstMemory(related);
  if (soakingSinceMs === undefined) return resume(memory, atMs);
  return resume({ ...memory, readySinceMs: Math.min(soakingSinceMs, atMs), soakBegan: true }, atMs);
}
