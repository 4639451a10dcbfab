// Waiting for a state instead of sleeping for a time.
import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Default: 10 s. */
  timeoutMs?: number;
  /** What is waited for, for the error. */
  describe?: string;
  /** Default: 50 ms. */
  intervalMs?: number;
}

/**
 * Calls `check` until it returns without throwing, and returns what it returned. A check that returns a plain
 * `false` has not passed either. The error of a wait that ends in vain names the last failure.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 10_000, describe, intervalMs = 50 }: EventuallyOptions = {},
): Promise<T> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    let failure: unknown;
    try {
      const result = await check();
      if (result !== false) return result;
      failure = new Error('the check returned false');
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= until) {
      const what = describe ?? 'the check to pass';
      const last = failure instanceof Error ? failure.message : String(failure);
      throw new Error(`waited ${timeoutMs} ms for ${what}; last: ${last}`, { cause: failure });
    }
    await delay(intervalMs);
  }
}
