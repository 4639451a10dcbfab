// How long a release has been waited for: kept in the status now and then, so that a restart does not begin anew.

import type { JudgeMemory } from '../verify/memory.ts';
import { type Run, save, statusOf } from './context.ts';

export const KEEP_ELAPSED_MS = 15_000;

export interface Timer {
  /** What the judge has counted so far, and what it knows of the soak. */
  at(elapsedMs: number, memory: JudgeMemory): void;
  /** Writes how long has been waited by now, and of it since when everything has been ready. */
  keep(): Promise<void>;
}

/** `isWhole`: it is the wait that has a soak. */
export function timer(run: Run, from: { elapsedMs: number }, isWhole: boolean): Timer {
  const { clock, cluster } = run.ctx;
  const watch: { elapsedMs: number; atMs: number; memory?: JudgeMemory } = {
    elapsedMs: from.elapsedMs,
    atMs: clock.monotonic(),
  };
  // A process that was stopped has not watched: that time does not count.
  const since = () => (cluster.isAway() ? 0 : Math.min(clock.monotonic() - watch.atMs, KEEP_ELAPSED_MS));
  return {
    at(elapsedMs, memory) {
      watch.elapsedMs = elapsedMs;
      watch.atMs = clock.monotonic();
      watch.memory = memory;
    },
    async keep() {
      const { release, ...status } = statusOf(run);
      if (release === undefined) return;
      const elapsed = Math.round(watch.elapsedMs + since());
      const { memory } = watch;
      const hasBegun = memory !== undefined && (isWhole ? memory.soakBegan : release.soaking !== undefined);
      // What is lost just now begins the soak anew: it has lasted no time yet.
      const sinceMs = Math.round(memory?.readySinceMs ?? elapsed);
      const soaking = hasBegun && (isWhole || sinceMs === elapsed) ? sinceMs : release.soaking;
      await save(run, { ...status, release: { ...release, elapsed, soaking } });
    },
  };
}

/** Again and again until the signal; a failure is left to the next time. */
export async function every(
  run: Run,
  ms: number,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await run.ctx.clock
      .delay(ms, signal)
      .then(work)
      .catch(() => {});
  }
}
