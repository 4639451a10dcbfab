// Makes an ApiError of what the API server answered instead of success. This is the edge: what leaves here
// may be shown to people, so it holds no Secret's values (see scrubSecret) and no credentials.

import { ApiError } from '../../model/errors.ts';
import type { ApiStatusCause, Retry } from '../../model/errors.ts';

/** What was asked, in words for people: `patch Deployment shop/web`. */
export interface Asked {
  verb: string;
  what: string;
}

interface StatusBody {
  reason?: unknown;
  message?: unknown;
  code?: unknown;
  details?: { retryAfterSeconds?: unknown; causes?: unknown };
}

/** `scrub` is applied to every text that came from the server. */
export function errorOfAnswer(
  asked: Asked,
  answer: { status: number; body: string; retryAfter: string | undefined },
  scrub: (text: string) => string = (text) => text,
): ApiError {
  const body = statusOf(answer.body);
  const text = scrub(textOf(body?.message) ?? plainText(answer.body));
  const reasonGiven = textOf(body?.reason) ?? '';
  const { status, reason } = faultOfObject(answer.status, reasonGiven, text) ?? {
    status: answer.status,
    reason: reasonGiven,
  };
  const retryAfterMs = retryAfterOf(answer.retryAfter) ?? retryAfterOf(body?.details?.retryAfterSeconds);
  const { code, hint, retry } = meaningOf(status, reason, body !== undefined);
  return new ApiError({
    code,
    message: `${asked.verb} ${asked.what}: the API server answered ${answer.status}${text === '' ? '' : `: ${text}`}`,
    hint,
    retry,
    retryAfterMs,
    status,
    reason,
    causes: causesOf(body?.details?.causes, scrub),
  });
}

/**
 * A server-side apply of an object that is wrong as written is, in most ways to be wrong, answered with a bare 500
 * (measured with 1.36: unknown field, wrong type, duplicate list entry: "failed to create typed patch object";
 * quantity, time or base64 that cannot be read: "unable to convert unstructured object"), and one that is too
 * large for etcd with 413 or 500. The object is at fault, not the server, so it is told as 400 or 422.
 */
function faultOfObject(
  status: number,
  reason: string,
  text: string,
): { status: number; reason: string } | undefined {
  const tooLarge =
    status === 413 ||
    (status === 500 && /request is too large|trying to send message larger than max/.test(text));
  if (tooLarge) return { status: 422, reason: 'RequestEntityTooLarge' };
  if (status !== 500 || reason !== '') return undefined;
  const untyped =
    text.startsWith('failed to create typed patch object') && !/no corresponding type/.test(text);
  // With a conversion webhook the same message goes on differently, and then it is the webhook's fault.
  const unreadable = /^failed to convert new object .*: unable to convert unstructured object to /.test(text);
  return untyped || unreadable ? { status: 400, reason: 'BadRequest' } : undefined;
}

/** No answer came: the connection failed or the deadline of the request passed. `status` is 0. */
export function errorOfSilence(asked: Asked, server: string, cause: unknown, timedOutMs?: number): ApiError {
  if (timedOutMs !== undefined) {
    return new ApiError({
      code: 'ApiTimeout',
      message: `${asked.verb} ${asked.what}: no answer from ${server} within ${timedOutMs / 1000} s`,
      hint: 'Look whether the API server is overloaded or an admission webhook hangs.',
      retry: 'later',
      status: 0,
      cause,
    });
  }
  return new ApiError({
    code: 'ApiUnreachable',
    message: `${asked.verb} ${asked.what}: no answer from ${server}: ${systemMessage(cause)}`,
    hint: 'Look whether the API server runs and can be reached from where Pawl runs.',
    retry: 'later',
    status: 0,
    cause: plainCause(cause),
  });
}

/** The Status object that a watch sends as an event of type ERROR. */
export function errorOfWatchEvent(asked: Asked, object: unknown): ApiError {
  const code = typeof object === 'object' && object !== null ? (object as StatusBody).code : undefined;
  return errorOfAnswer(asked, {
    status: typeof code === 'number' ? code : 500,
    body: JSON.stringify(object ?? {}),
    retryAfter: undefined,
  });
}

function meaningOf(
  status: number,
  reason: string,
  isStatus: boolean,
): { code: string; hint?: string; retry: Retry } {
  if (status === 404 && !isStatus) {
    return {
      code: 'ApiKindUnknown',
      hint: 'The server does not serve this kind (any more).',
      retry: 'later',
    };
  }
  switch (status) {
    case 400:
    case 422:
      return { code: 'ApiInvalid', hint: 'Correct the object as the message says.', retry: 'never' };
    case 401:
      return {
        code: 'ApiUnauthorized',
        hint: 'Renew the credentials that Pawl connects with.',
        retry: 'later',
      };
    case 403:
      return {
        code: 'ApiForbidden',
        hint: 'Give the named account the right, by a RoleBinding in the namespace.',
        retry: 'later',
      };
    case 404:
      return { code: 'ApiNotFound', retry: 'later' };
    case 409:
      return reason === 'AlreadyExists'
        ? { code: 'ApiAlreadyExists', retry: 'never' }
        : { code: 'ApiConflict', hint: 'Somebody else wrote in between: read it again.', retry: 'later' };
    case 410:
      return { code: 'ApiGone', hint: 'List again.', retry: 'later' };
    case 429:
      return { code: 'ApiThrottled', hint: 'The API server asks for patience.', retry: 'later' };
    default:
      return status >= 500
        ? { code: 'ApiServerError', hint: "Look at the API server's and its webhooks' logs.", retry: 'later' }
        : { code: 'ApiRefused', retry: 'never' };
  }
}

function statusOf(body: string): StatusBody | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const parsed = JSON.parse(body) as { kind?: unknown } & StatusBody;
    return parsed.kind === 'Status' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Of proxies and of paths that are not served: a line of text, or a page of HTML, of which a start will do. */
function plainText(body: string): string {
  return body.replace(/\s+/g, ' ').trim().slice(0, 200);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Seconds, as a number or as text; the HTTP form with a date is never sent by the API server. */
function retryAfterOf(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function causesOf(value: unknown, scrub: (text: string) => string): ApiStatusCause[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, 100).map((cause: Record<string, unknown> | null) => {
    const out: ApiStatusCause = {};
    const reason = textOf(cause?.['reason']);
    const message = textOf(cause?.['message']);
    const field = textOf(cause?.['field']);
    if (reason !== undefined) out.reason = reason;
    if (message !== undefined) out.message = scrub(message);
    if (field !== undefined) out.field = field;
    return out;
  });
}

/** Without what libraries hang on their errors: sockets, and pieces of what was received. */
function plainCause(cause: unknown): Error {
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  const code = (first as { code?: unknown } | null)?.code;
  return Object.assign(new Error(systemMessage(cause)), typeof code === 'string' ? { code } : {});
}

/** `connect ECONNREFUSED 127.0.0.1:6443`; an AggregateError of several addresses has no message of its own. */
function systemMessage(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') {
    return cause.errors.map((each) => systemMessage(each)).join(', ');
  }
  return cause instanceof Error ? cause.message : String(cause);
}
