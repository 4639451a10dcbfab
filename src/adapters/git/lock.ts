// One at a time, in the order of asking; who no longer wants to wait leaves the queue.

export interface Lock {
  run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T>;
}

export function makeLock(): Lock {
  let last: Promise<void> = Promise.resolve();
  return {
    async run(signal, work) {
      const before = last;
      const turn = Promise.withResolvers<void>();
      last = before.then(() => turn.promise);
      try {
        await waitFor(before, signal);
        return await work();
      } finally {
        turn.resolve();
      }
    },
  };
}

/** Waits for the promise or the signal, whichever comes first, and leaves no listener behind. */
export async function waitFor<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
