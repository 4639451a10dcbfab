// What has woken an App since it was last looked at. Many wakes fold into one: each run reads everything
// again, so only the kinds of reasons are kept.

export type WakeReason =
  /** The schedule, or a webhook: look at the branch. */
  | 'look'
  /** A person asked: judge again even if nothing moved. */
  | 'request'
  /** The App resource changed. */
  | 'app'
  /** A member changed by another hand. */
  | 'drift'
  /** A member's readiness changed. */
  | 'health'
  /** The time to try again has come. */
  | 'retry';

export class Wakes {
  #pending = new Set<WakeReason>();
  #waiting: (() => void)[] = [];

  add(reason: WakeReason): void {
    this.#pending.add(reason);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  /** What is pending, which is forgotten by this. */
  take(): ReadonlySet<WakeReason> {
    const taken = this.#pending;
    this.#pending = new Set();
    return taken;
  }

  /** Resolves as soon as something is pending; rejects with the signal's reason. */
  async some(signal: AbortSignal): Promise<void> {
    while (this.isEmpty) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const onAbort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(resolve);
      try {
        await promise;
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    }
  }
}
