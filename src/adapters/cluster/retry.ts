// Tries a request again where trying again may help: throttling (429, Retry-After is obeyed), failures of the server,
// of its webhooks or of the way to it, and counters of the server's own that are contended for. What the answer of a
// second try could not change is thrown at once: what is invalid or forbidden, and conflicts (409) of requests that
// were made from what was read before, which need a fresh look at the object.
//
// 1. Every request is bounded: what fails for longer is the caller's to judge, and never a commit's fault.
// 2. Time without any answer does not count, up to a limit of its own: the server was away and has refused nothing.

import { ApiError } from '../../model/errors.ts';
import type { Clock } from '../../ports.ts';

export interface RetryOptions {
  /** No new try is started when this time has passed, or would have by the end of the wait. */
  forMs: number;
  /** How much time without an answer does not count as such. Default: none. */
  awayForMs?: number;
  /** Whether doing it twice is the same as doing it once. Otherwise only what was surely not done is repeated. */
  idempotent: boolean;
  /** It names no version of the object, so that it meets whatever is there: then a conflict is over the next time. */
  unconditional?: boolean;
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
  let deadline = clock.monotonic() + options.forMs;
  let awayLeftMs = options.awayForMs ?? 0;
  for (let tries = 0; ; tries++) {
    signal.throwIfAborted();
    const beganMs = clock.monotonic();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ApiError) || !worthRetrying(error, options)) throw error;
      const waitMs = error.retryAfterMs ?? backoffMs(tries, FIRST_WAIT_MS, LONGEST_WAIT_MS, options.random);
      if (error.status === 0) {
        const silentMs = Math.min(awayLeftMs, clock.monotonic() - beganMs + waitMs);
        awayLeftMs -= silentMs;
        deadline += silentMs;
      }
      if (clock.monotonic() + waitMs >= deadline) throw error;
      await clock.delay(waitMs, signal);
    }
  }
}

/** Exported for its table of cases. */
export function worthRetrying(
  error: ApiError,
  { idempotent, unconditional = false }: Pick<RetryOptions, 'idempotent' | 'unconditional'>,
): boolean {
  switch (error.status) {
    case 409:
      // The quota's own count was contended for: refused before anything was done.
      if (/on resourcequotas /.test(error.message)) return true;
      return unconditional && /object has been modified|already exists/.test(error.message);
    case 429:
      // Refused before anything was done.
      return true;
    case 0:
      // `never`: not even the way to the server is open, by our own doing.
      return error.retry !== 'never' && (idempotent || neverSent(error));
    // etcd that elects a leader, a webhook that could not be called. Objects that are wrong as written are no 500s any
    // more when they come here (answer.ts).
    case 500:
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
