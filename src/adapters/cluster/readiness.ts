// Whether a mirror is true, as those who wait for it are told: a refusal that trying again will not heal is
// thrown to them at once, and asking about an old refusal makes the mirror try again before its time.

import type { ApiError } from '../../model/errors.ts';
import type { Clock } from '../../ports.ts';

export interface Readiness {
  /** Resolves once the mirror is true; rejects with the refusal that stands, or with the signal's reason. */
  wait(signal: AbortSignal): Promise<void>;
  good(): void;
  /** Tells the refusal, and waits until it is time to try again. */
  refused(error: ApiError, waitMs: number): Promise<void>;
}

/** A refusal that is asked about is not tried again sooner than this. */
const PAUSE_MS = 1_000;

export function makeReadiness(clock: Clock, stopped: AbortSignal): Readiness {
  let outcome: 'unknown' | 'good' | ApiError = 'unknown';
  let refusedAt = 0;
  let hasten: () => void = () => {};
  const waiting = new Set<() => void>();

  function settle(next: 'good' | ApiError): void {
    outcome = next;
    for (const each of waiting) each();
  }

  function next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        waiting.delete(done);
        signal.removeEventListener('abort', done);
        stopped.removeEventListener('abort', done);
        if (signal.aborted) reject(signal.reason);
        else if (stopped.aborted) reject(stopped.reason);
        else resolve();
      };
      waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
      stopped.addEventListener('abort', done, { once: true });
    });
  }

  return {
    async wait(signal) {
      signal.throwIfAborted();
      stopped.throwIfAborted();
      if (outcome === 'good') return;
      if (outcome === 'unknown' || clock.monotonic() - refusedAt > PAUSE_MS) {
        hasten();
        await next(signal);
      }
      // Read again: it was settled meanwhile.
      const settled = outcome as 'unknown' | 'good' | ApiError;
      if (typeof settled !== 'string') throw settled;
    },
    good() {
      if (outcome !== 'good') settle('good');
    },
    async refused(error, waitMs) {
      refusedAt = clock.monotonic();
      settle(error);
      const waking = new AbortController();
      hasten = () => waking.abort();
      await clock.delay(waitMs, AbortSignal.any([stopped, waking.signal])).catch(() => {});
      hasten = () => {};
    },
  };
}
