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
