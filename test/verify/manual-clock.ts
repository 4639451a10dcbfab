// A clock that stands until it is told to go on.

import type { Clock } from '../../src/ports.ts';

export interface ManualClock extends Clock {
  /** Lets time pass, waking every sleeper in its turn. */
  pass(ms: number): Promise<void>;
  /** Time passes, and no sleeper wakes: the process is stopped. */
  freeze(ms: number): void;
  /** How many sleep now. */
  sleepers(): number;
}

interface Sleeper {
  at: number;
  wake: () => void;
}

export function manualClock(): ManualClock {
  let ms = 1000;
  let sleepers: Sleeper[] = [];
  return {
    now: () => Date.parse('2026-11-01T10:00:00Z') + ms,
    monotonic: () => ms,
    delay(forMs, signal) {
      signal.throwIfAborted();
      return new Promise((resolve, reject) => {
        const sleeper = { at: ms + forMs, wake: resolve };
        sleepers.push(sleeper);
        signal.addEventListener(
          'abort',
          () => {
            sleepers = sleepers.filter((other) => other !== sleeper);
            reject(signal.reason as Error);
          },
          { once: true },
        );
      });
    },
    async pass(forMs) {
      const until = ms + forMs;
      await settle();
      for (;;) {
        const next = sleepers.toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined || next.at > until) break;
        sleepers = sleepers.filter((other) => other !== next);
        ms = Math.max(ms, next.at);
        next.wake();
        await settle();
      }
      ms = Math.max(ms, until);
    },
    freeze(forMs) {
      ms += forMs;
    },
    sleepers: () => sleepers.length,
  };
}

/** Until nothing more happens without time passing. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}
