// The one error type. Made once, at the edge where a library's error enters; what is expected (drift,
// unhealthy, refused) is data, not an error; a cancel rethrows `signal.reason`; a bug crashes.

/**
 * What may be done about an error:
 * `never`: only a change of the input helps; `later`: the surroundings may recover by themselves.
 */
export type Retry = 'never' | 'later';

export interface ErrorDetails {
  /** Stable and documented in docs/errors.md, such as `GitUnreachable`. */
  code: string;
  /** What happened, to what, why. Never a secret, never a URL with credentials. */
  message: string;
  /** What to do. */
  hint?: string;
  cause?: unknown;
  retry?: Retry;
  /** The soonest useful next try, where the other side said so (Retry-After). */
  retryAfterMs?: number;
}

export class PawlError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly retry: Retry;
  readonly retryAfterMs: number | undefined;

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'PawlError';
    this.code = details.code;
    this.hint = details.hint;
    this.retry = details.retry ?? 'never';
    this.retryAfterMs = details.retryAfterMs;
  }
}

export interface ApiStatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** An answer of the API server other than success. `status` 0: no answer came. */
export class ApiError extends PawlError {
  readonly status: number;
  /** The Status object's `reason`, such as `AlreadyExists`; empty where none was given. */
  readonly reason: string;
  readonly causes: readonly ApiStatusCause[];

  constructor(
    details: ErrorDetails & { status: number; reason?: string; causes?: readonly ApiStatusCause[] },
  ) {
    super(details);
    this.name = 'ApiError';
    this.status = details.status;
    this.reason = details.reason ?? '';
    this.causes = details.causes ?? [];
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
