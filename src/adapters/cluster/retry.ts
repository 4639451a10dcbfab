// Tries a request again where trying again may help: throttling (429, Retry-After is obeyed), and failures of
// the server or of the way to it. What the answer of a second try could not change is thrown at once: what is
// invalid or forbidden, and conflicts (409), which need a fresh look at the object.

import { ApiError } from '../../model/errors.ts';
import type { Clock } from '../../ports.ts';

export interface RetryOptions {
  /** No new try is started when this time has passed, or would have by the end of the wait. */
  forMs: number;
  /** Whether doing it twice is the same as doing it once. Otherwise only what was surely not done is repeated. */
  idempotent: boolean;
  clock: Clock;
  /** 0 ≤ n < 1. */
  random: () => number;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

export async function withRetry<T>(
  attempt: () => Promise<T>,
  options: RetryOptions,
  signal: AbortSignal,
): Promise<T> {
  const { clock } = options;
  const deadline = clock.monotonic() + options.forMs;
  for (let tries = 0; ; tries++) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ApiError) || !worthRetrying(error, options.idempotent)) throw error;
      const waitMs = error.retryAfterMs ?? backoffMs(tries, FIRST_WAIT_MS, LONGEST_WAIT_MS, options.random);
      if (clock.monotonic() + waitMs >= deadline) throw error;
      await clock.delay(waitMs, signal);
    }
  }
}

/** Exported for its table of cases. */
export function worthRetrying(error: ApiError, idempotent: boolean): boolean {
  switch (error.status) {
    case 429:
      // Refused before anything was done.
      return true;
    case 0:
      // `never`: not even the way to the server is open, by our own doing.
      return error.retry !== 'never' && (idempotent || neverSent(error));
    case 500:
      // Of all 500s only etcd's heal by themselves; a webhook that fails has had its own timeout already.
      return idempotent && /etcdserver:|leader changed/.test(error.message);
    case 502:
    case 503:
    case 504:
      return idempotent;
    default:
      return false;
  }
}

/** Exponential with jitter: between half of the wait and the whole. */
export function backoffMs(tries: number, firstMs: number, longestMs: number, random: () => number): number {
  const wholeMs = Math.min(longestMs, firstMs * 2 ** Math.min(tries, 20));
  return wholeMs / 2 + (random() * wholeMs) / 2;
}

const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

function neverSent(error: ApiError): boolean {
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && NEVER_SENT.has(code);
}
