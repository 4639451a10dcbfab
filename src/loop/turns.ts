// Whose turn it is. Checks of all Apps share one process, one network and one Prometheus; large manifests one thread.
// 1. Bounded for the process, in flight and begun per second; and in flight for each App, so that one whose checks hang
//    leaves room for others.
// 2. Apps that wait take turns: how many checks an App has does not make its share larger. One App's own wait in the
//    order in which they came.
// 3. Waiting for a turn is no answer: it is in no latency, and counts for and against nothing.

import type { Clock } from '../ports.ts';

export interface Turns {
  /** Does the work when its turn has come. Rejects with the signal's reason, at once, also while it waits. */
  take<T>(who: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export interface TurnLimits {
  atOnce: number;
  atOnceEach: number;
  /** Begun; by default as many as there is room for. */
  perSecond?: { count: number; clock: Pick<Clock, 'monotonic' | 'delay'> };
}

/** Of checks: 100 requests a second are some ten percent of a thread. */
export function turnsOfChecks(clock: Pick<Clock, 'monotonic' | 'delay'>): Turns {
  return makeTurns({ atOnce: 64, atOnceEach: 8, perSecond: { count: 100, clock } });
}

export function makeTurns(limits: TurnLimits): Turns {
  /** The App whose turn is next comes first. None is empty. */
  const waiting = new Map<string, (() => void)[]>();
  const inFlight = new Map<string, number>();
  let total = 0;
  /** The earliest start of the next one (monotonic, ms). */
  let nextMs = -Infinity;
  let pausing: AbortController | undefined;

  function serve(): void {
    while (pausing === undefined && total < limits.atOnce) {
      const who = [...waiting.keys()].find((one) => (inFlight.get(one) ?? 0) < limits.atOnceEach);
      if (who === undefined) return;
      if (limits.perSecond !== undefined) {
        const { count, clock } = limits.perSecond;
        const nowMs = clock.monotonic();
        if (nowMs < nextMs) return pause(nextMs - nowMs, clock);
        // A timer that was late by a little does not make the rate lower.
        nextMs = Math.max(nextMs, nowMs - 1000 / count) + 1000 / count;
      }
      const queue = waiting.get(who) ?? [];
      const start = queue.shift();
      waiting.delete(who);
      if (queue.length > 0) waiting.set(who, queue);
      count(who, 1);
      start?.();
    }
  }

  function pause(ms: number, clock: Pick<Clock, 'delay'>): void {
    const over = new AbortController();
    pausing = over;
    void clock
      .delay(ms, over.signal)
      .catch(() => {})
      .then(() => {
        if (pausing === over) pausing = undefined;
        serve();
      });
  }

  function count(who: string, change: 1 | -1): void {
    total += change;
    const now = (inFlight.get(who) ?? 0) + change;
    if (now === 0) inFlight.delete(who);
    else inFlight.set(who, now);
  }

  function leave(who: string, start: () => void): void {
    const rest = (waiting.get(who) ?? []).filter((one) => one !== start);
    if (rest.length > 0) waiting.set(who, rest);
    else waiting.delete(who);
    if (waiting.size === 0) pausing?.abort();
  }

  async function turn(who: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const start = (): void => {
      signal.removeEventListener('abort', giveUp);
      resolve();
    };
    const giveUp = (): void => {
      leave(who, start);
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    const queue = waiting.get(who);
    if (queue === undefined) waiting.set(who, [start]);
    else queue.push(start);
    serve();
    await promise;
  }

  return {
    async take(who, signal, work) {
      await turn(who, signal);
      try {
        return await work();
      } finally {
        count(who, -1);
        serve();
      }
    },
  };
}
