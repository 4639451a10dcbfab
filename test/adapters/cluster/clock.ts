// The real clock, for tests that talk to a real server.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../src/ports.ts';

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  delay: async (ms, signal) => {
    await sleep(ms, undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error;
    });
  },
};
