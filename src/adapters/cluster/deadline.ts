// Gives one call a deadline of its own beside the caller's signal, and tells the two apart: the caller's abort
// is rethrown as the caller's reason, the deadline as a TimedOut.

export class TimedOut extends Error {
  readonly afterMs: number;
  constructor(afterMs: number) {
    super(`timed out after ${afterMs} ms`);
    this.name = 'TimedOut';
    this.afterMs = afterMs;
  }
}

/** `run` must end soon after its signal is aborted. Nothing stays behind on `signal` when it has ended. */
export async function withDeadline<T>(
  timeoutMs: number,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const inner = new AbortController();
  const onAbort = () => inner.abort(signal.reason);
  const timer = setTimeout(() => inner.abort(new TimedOut(timeoutMs)), timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await run(inner.signal);
  } catch (error) {
    // Libraries wrap the reason of an abort in errors of their own.
    if (inner.signal.aborted) throw inner.signal.reason;
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Calls `onSilence` once when it has not been fed for `limitMs`. */
export function makeWatchdog(limitMs: number, onSilence: () => void): { feed: () => void; stop: () => void } {
  const timer = setTimeout(onSilence, limitMs);
  return {
    feed() {
      timer.refresh();
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
