// One release may wait several times: for what a stage brought, then for everything. The memory of such a wait
// knows the objects it waited for; here it becomes that of the release.

import type { JudgeMemory } from './memory.ts';

/**
 * Clocks of objects that the wait had nothing to do with go on, and no soak has begun: that is for the wait that
 * waits for everything.
 */
export function afterPart(
  before: JudgeMemory | undefined,
  part: JudgeMemory,
  awaitedKeys: ReadonlySet<string>,
): JudgeMemory {
  const isOther = ([key]: [string, unknown]) => !awaitedKeys.has(key.split('|', 1)[0] ?? '');
  const others = <T>(entries: Readonly<Record<string, T>> | undefined) =>
    Object.fromEntries(Object.entries(entries ?? {}).filter(isOther)) as Record<string, T>;
  return {
    ...part,
    clocks: { ...others(before?.clocks), ...part.clocks },
    confirmed: { ...others(before?.confirmed), ...part.confirmed },
    readySinceMs: undefined,
    brokenSinceMs: 0,
    soakBegan: false,
    soak: undefined,
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
