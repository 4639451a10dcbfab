// The real clock.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../ports.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async delay(ms, signal) {
    signal.throwIfAborted();
    try {
      await sleep(ms, undefined, { signal });
    } catch (error) {
      // Node rejects with an AbortError of its own; a cancel is told by its own reason.
      if (signal.aborted) throw signal.reason as Error;
      throw error;
    }
  },
};
