// The HTTP that git speaks through, for one operation. Invariants:
// T1 No byte over the limit is kept, and nothing is read after the deadline.
// T2 Credentials go to the host of the URL and to no other: a redirect elsewhere is an error.
// T3 An answer that is not git's, or that ends before its closing flush packet, is an error, never an
//    empty answer. The library would take a cut list of refs for a deleted branch.
// T4 What a fetch brings is looked through before the library unpacks it (pack.ts).
// T5 The first error is kept, because the library swallows errors of the stream.

import type { HttpClient } from 'isomorphic-git';
import { request, type Dispatcher } from 'undici';
import { PawlError } from '../../model/errors.ts';
import type { Credentials } from '../../ports.ts';
import { checkAnswer } from './pack.ts';
import { clean, codeOf, notFound, refusedAccess, tooLarge, unreachable } from './errors.ts';

const MAX_REDIRECTS = 3;
const DROPPED = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
const MAX_ADVERTISED_BYTES = 32 * 1024 * 1024;

export interface TransportOptions {
  dispatcher: Dispatcher;
  url: string;
  credentials: Credentials | undefined;
  /** Of one answer's body, as sent. */
  maxBytes: number;
  signal: AbortSignal;
}

export interface Transport {
  http: HttpClient;
  /** The first error, also where the library went on as if there were none. */
  problem(): PawlError | undefined;
  /** Whether a POST has been sent: before that, nothing can have changed on the host. */
  posted(): boolean;
  /** Closes what nobody read to its end. */
  end(): void;
}

export function makeTransport(options: TransportOptions): Transport {
  const { dispatcher, credentials, signal } = options;
  const state: { base: string; posted: boolean; problem: PawlError | undefined } = {
    base: options.url,
    posted: false,
    problem: undefined,
  };
  const bodies: Dispatcher.ResponseData['body'][] = [];
  const authorization = authorizationOf(credentials);

  function fail(error: PawlError): PawlError {
    state.problem ??= error;
    return error;
  }

  const http: HttpClient = {
    async request({ url, method = 'GET', headers = {}, body }) {
      const rest = url.startsWith(options.url) ? url.slice(options.url.length) : '';
      const service = /git-(?:upload|receive)-pack$/.exec(rest)?.[0];
      if (service === undefined) throw fail(unreachable(options.url, 'a request left the repository'));
      const payload = body === undefined ? undefined : await collect(body);
      for (let redirects = 0; ; redirects++) {
        if (method === 'POST') state.posted = true;
        const response = await send(`${state.base}${rest}`, method, headers, payload);
        bodies.push(response.body);
        if (response.statusCode === 200) {
          const maxBytes = method === 'GET' ? MAX_ADVERTISED_BYTES : options.maxBytes;
          const kind = method === 'GET' ? 'advertisement' : 'result';
          const contentType = String(response.headers['content-type'] ?? '').split(';')[0];
          if (contentType !== `application/x-${service}-${kind}`) {
            await response.body.dump();
            throw fail(notFound(options.url, 'what answers there is not git'));
          }
          return {
            url,
            method,
            statusCode: 200,
            statusMessage: 'OK',
            headers: { 'content-type': contentType },
            body:
              method === 'POST' && service === 'git-upload-pack'
                ? fetched(response)
                : whole(response, maxBytes),
          };
        }
        await response.body.dump({ limit: 65_536 }).catch(() => undefined);
        if (response.statusCode < 300 || response.statusCode > 399 || method !== 'GET') {
          throw fail(failureOf(response));
        }
        if (redirects === MAX_REDIRECTS) throw fail(unreachable(options.url, 'too many redirects'));
        const base = redirected(state.base, rest, String(response.headers.location ?? ''));
        if (base instanceof PawlError) throw fail(base);
        state.base = base;
      }
    },
  };

  async function send(
    url: string,
    method: string,
    headers: Record<string, string>,
    body: Buffer | undefined,
  ): Promise<Dispatcher.ResponseData> {
    const isRead = !url.endsWith('/git-receive-pack');
    for (let attempt = 1; ; attempt++) {
      try {
        return await request(url, {
          dispatcher,
          method,
          headers: { 'user-agent': 'git/pawl', ...headers, ...(authorization && { authorization }) },
          body: body ?? null,
          signal,
          headersTimeout: 0,
          bodyTimeout: 0,
        });
      } catch (error) {
        // A host closes connections that were idle, now and then just when one is used again.
        if (isRead && attempt === 1 && !signal.aborted && DROPPED.has(codeOf(error))) continue;
        throw fail(unreachable(options.url, `no answer${reasonOf(error)}`, { cause: withoutUrl(error) }));
      }
    }
  }

  async function* whole(
    response: Dispatcher.ResponseData,
    maxBytes: number,
  ): AsyncIterableIterator<Uint8Array> {
    let received = Number(response.headers['content-length'] ?? 0);
    if (received > maxBytes) {
      response.body.destroy();
      throw fail(overLimit(maxBytes));
    }
    received = 0;
    let first = true;
    let tail = Buffer.alloc(0);
    try {
      for await (const chunk of response.body) {
        received += chunk.length;
        if (received > maxBytes) throw overLimit(maxBytes);
        if (first) throwSaid(chunk);
        first = false;
        tail = Buffer.concat([tail, chunk.subarray(-4)]).subarray(-4);
        yield chunk;
      }
    } catch (error) {
      if (error instanceof PawlError) throw fail(error);
      throw fail(unreachable(options.url, `the answer broke off${reasonOf(error)}`));
    }
    if (tail.toString('latin1') !== '0000') throw fail(unreachable(options.url, 'the answer broke off'));
  }

  /** Handed to the library only when it has been looked through. */
  async function* fetched(response: Dispatcher.ResponseData): AsyncIterableIterator<Uint8Array> {
    const answer = await collect(whole(response, options.maxBytes));
    try {
      await checkAnswer(options.url, answer);
    } catch (error) {
      throw error instanceof PawlError ? fail(error) : error;
    }
    yield answer;
  }

  function throwSaid(chunk: Buffer): void {
    if (chunk.toString('latin1', 4, 8) !== 'ERR ') return;
    throw unreachable(options.url, `the host said: ${clean(chunk.toString('utf8', 8, 520))}`);
  }

  function overLimit(maxBytes: number): PawlError {
    return tooLarge(
      options.url,
      `the answer is larger than ${Math.floor(maxBytes / 1024 / 1024)} MiB`,
      'Move large files out of the repository, or raise the limit of what is fetched.',
    );
  }

  function failureOf(response: Dispatcher.ResponseData): PawlError {
    const status = response.statusCode;
    const retryAfterMs = retryAfter(response.headers['retry-after']);
    if (status === 429 || status >= 500 || (status === 403 && retryAfterMs !== undefined)) {
      return unreachable(options.url, `the host answered ${status}`, { retryAfterMs });
    }
    if (status === 401 || status === 403) return refusedAccess(options.url, status);
    if (status === 404 || status === 410) return notFound(options.url);
    if (status === 413) {
      const hint = 'Raise the limit of request bodies at the host, or at the proxy in front of it.';
      return tooLarge(options.url, 'the host takes no request of this size (413)', hint);
    }
    return unreachable(options.url, `the host answered ${status}`);
  }

  return {
    http,
    problem: () => state.problem,
    posted: () => state.posted,
    end() {
      for (const body of bodies) body.on('error', () => undefined).destroy();
    },
  };
}

/** The new base URL; an error for another host, another port, or a step down from https. */
function redirected(base: string, rest: string, location: string): string | PawlError {
  const from = new URL(`${base}${rest}`);
  let to: URL;
  try {
    to = new URL(location, from);
  } catch {
    return unreachable(base, 'a redirect leads nowhere');
  }
  const upgraded =
    from.protocol === 'http:' && from.port === '' && to.protocol === 'https:' && to.port === '';
  const same = to.origin === from.origin || (upgraded && to.hostname === from.hostname);
  if (!same || !to.href.endsWith(rest) || to.username !== '' || to.password !== '') {
    return new PawlError({
      code: 'GitRedirected',
      message: `${base}: the host redirects elsewhere, to ${clean(to.host, 100)}`,
      hint: 'Credentials are sent to no other host. Set spec.source.url to where the repository now is.',
    });
  }
  return to.href.slice(0, to.href.length - rest.length);
}

function authorizationOf(credentials: Credentials | undefined): string | undefined {
  if (credentials?.token !== undefined) return `Bearer ${credentials.token}`;
  if (credentials?.username === undefined && credentials?.password === undefined) return undefined;
  const pair = `${credentials.username ?? ''}:${credentials.password ?? ''}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

async function collect(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Seconds or an HTTP date, at most an hour. */
function retryAfter(header: string | string[] | undefined): number | undefined {
  const seconds = Number(header);
  if (header === undefined || !Number.isFinite(seconds) || seconds < 0) return undefined;
  return Math.min(seconds, 3600) * 1000;
}

function reasonOf(error: unknown): string {
  const code = codeOf(error) || codeOf((error as Error | undefined)?.cause);
  return code === '' ? '' : ` (${code})`;
}

/** Causes reach logs; those of undici may hold the request. */
function withoutUrl(error: unknown): Error {
  return new Error(error instanceof Error ? clean(error.message) : 'request failed');
}
