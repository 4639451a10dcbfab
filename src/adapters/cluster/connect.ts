// The way to one API server: every request of Pawl goes through here, over connections that are kept. Requests
// share a bounded number of them; watches, which last for minutes, have theirs apart, so that they starve nobody.
// When TLS material changes, new connections are made with it and the old ones end with their last request.
//
// HTTP/1.1, by measurement: 300 applies take as long over HTTP/2 (1.2 ms each, 16 at a time), and on a
// connection that only reads, TCP keep-alive notices a dead peer within 40 s, which it cannot while HTTP/2 pings
// wait unanswered.

import { Agent, ProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import { ApiError, PawlError } from '../../model/errors.ts';
import { errorOfSilence } from './answer.ts';
import { credentialsOf } from './credentials.ts';
import type { ClusterAddress, Credentials } from './credentials.ts';
import { TimedOut, withDeadline } from './deadline.ts';

export interface ConnectOptions extends ClusterAddress {
  /** For the user agent. */
  version: string;
  /** Connections for requests (not watches), at most. */
  maxConnections?: number;
  /** Never goes back; ms. */
  monotonic?: () => number;
}

export interface Ask {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Absolute, with its query. */
  path: string;
  headers?: Record<string, string | string[]>;
  /** Sent as it is. */
  body?: string;
  contentType?: string;
  /** Called at the last moment before it is sent; what it throws ends the call as it is. */
  mayStart?: () => void;
  /** For messages, such as `patch` and `Deployment shop/web`. */
  verb: string;
  what: string;
}

export interface Answer {
  status: number;
  retryAfter: string | undefined;
  contentType: string;
  body: string;
}

export interface Stream {
  status: number;
  retryAfter: string | undefined;
  chunks: AsyncIterable<Uint8Array>;
}

export interface Connection {
  /** For people; holds no credentials. */
  readonly server: string;
  /** The context's namespace; in a cluster, the pod's. */
  readonly namespace: string | undefined;
  /** As the kubeconfig calls the user. */
  readonly user: string | undefined;
  /** One try. Any status is an answer; throws ApiError of status 0 where none came in time. */
  send(ask: Ask, timeoutMs: number, signal: AbortSignal): Promise<Answer>;
  /** As {@link send}, with the body as it comes. `timeoutMs` is for the headers; the body has no deadline. */
  stream(ask: Ask, timeoutMs: number, signal: AbortSignal): Promise<Stream>;
  /** Ends every request and watch. */
  close(): Promise<void>;
}

interface Pools {
  id: string;
  requests: Dispatcher;
  watches: Dispatcher;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** The API server closes an idle connection after 90 s; ours must go first. */
const KEEP_ALIVE_MS = 60_000;
const TCP_KEEP_ALIVE_MS = 30_000;

/** Throws PawlError `ClusterUnnamed`, `ClusterConfig`, `ClusterCredentials`. Sends nothing yet. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const monotonic = options.monotonic ?? (() => performance.now());
  const source = await credentialsOf(options, monotonic);
  const first = await source.current();
  const open = new Set<Pools>();
  let pools = openPools(first);
  let closed = false;

  function openPools(credentials: Credentials): Pools {
    const made = makePools(credentials, options.maxConnections ?? 32);
    open.add(made);
    return made;
  }

  function poolsFor(credentials: Credentials): Pools {
    if (credentials.connectionId === pools.id) return pools;
    const old = pools;
    pools = openPools(credentials);
    void Promise.allSettled([old.requests.close(), old.watches.close()]).then(() => open.delete(old));
    return pools;
  }

  async function once<T>(
    ask: Ask,
    credentials: Credentials,
    pick: (pools: Pools) => Dispatcher,
    signal: AbortSignal,
    take: (data: Dispatcher.ResponseData) => Promise<T>,
  ): Promise<T> {
    const server = new URL(credentials.server);
    const dispatcher = pick(poolsFor(credentials));
    ask.mayStart?.();
    const data = await dispatcher.request({
      origin: server.origin,
      path: server.pathname === '/' ? ask.path : `${server.pathname}${ask.path}`,
      method: ask.method,
      headers: headersOf(ask, credentials.headers, options.version),
      body: ask.body ?? null,
      signal,
    });
    return await take(data);
  }

  /** A token may have expired since it was read, so a 401 is asked again with a new one, where there is one. */
  async function exchange<T extends { status: number }>(
    ask: Ask,
    pick: (pools: Pools) => Dispatcher,
    signal: AbortSignal,
    take: (data: Dispatcher.ResponseData) => Promise<T>,
  ): Promise<T> {
    const credentials = await source.current();
    if (closed) throw new PawlError({ code: 'ClusterClosed', message: 'the connection was closed' });
    const answer = await once(ask, credentials, pick, signal, take);
    if (answer.status !== 401) return answer;
    source.refused();
    const renewed = await source.current();
    if (JSON.stringify(renewed) === JSON.stringify(credentials)) return answer;
    return await once(ask, renewed, pick, signal, take);
  }

  async function withErrors<T>(
    ask: Ask,
    timeoutMs: number,
    signal: AbortSignal,
    run: (ask: Ask, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    let notStarted = false;
    const mayStart = () => {
      notStarted = true;
      ask.mayStart?.();
      notStarted = false;
    };
    try {
      return await withDeadline(timeoutMs, signal, (inner) => run({ ...ask, mayStart }, inner));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (notStarted) throw error;
      if (error instanceof TimedOut) throw errorOfSilence(ask, first.server, error, error.afterMs);
      if (error instanceof PawlError) throw asApiError(ask, error);
      // A CA that rotated shows as a failed handshake.
      if (isTlsFailure(error)) source.refused();
      throw errorOfSilence(ask, first.server, error);
    }
  }

  return {
    server: first.server,
    namespace: first.namespace,
    user: first.user,
    send: (ask, timeoutMs, signal) =>
      withErrors(ask, timeoutMs, signal, (each, inner) =>
        exchange(
          each,
          (pools) => pools.requests,
          inner,
          async (data) => ({
            ...headOf(data),
            contentType: String(data.headers['content-type'] ?? ''),
            body: await data.body.text(),
          }),
        ),
      ),
    stream: (ask, timeoutMs, signal) =>
      withErrors(ask, timeoutMs, signal, (each, inner) =>
        // The deadline ends with the headers, the caller's signal goes on into the body.
        exchange(
          each,
          (pools) => pools.watches,
          AbortSignal.any([inner, signal]),
          async (data) => ({
            ...headOf(data),
            chunks: data.body,
          }),
        ),
      ),
    async close() {
      closed = true;
      await Promise.allSettled(
        [...open].flatMap((each) => [each.requests.destroy(), each.watches.destroy()]),
      );
      open.clear();
    },
  };
}

function asApiError(ask: Ask, error: PawlError): ApiError {
  return new ApiError({
    code: error.code,
    message: `${ask.verb} ${ask.what}: ${error.message}`,
    hint: error.hint,
    retry: error.retry,
    status: 0,
    cause: error,
  });
}

function isTlsFailure(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /CERT|SELF_SIGNED|ISSUER|SIGNATURE|TLS|SSL|EPROTO/.test(code);
}

function makePools(credentials: Credentials, maxConnections: number): Pools {
  const tls = { ...credentials.tls, keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MS };
  const common = {
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Every request has a deadline of its own, every watch a limit of silence.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const make = (connections: number | null): Dispatcher =>
    credentials.proxyUrl === undefined
      ? new Agent({ ...common, connections, connect: { ...tls, timeout: CONNECT_TIMEOUT_MS } })
      : new ProxyAgent({ ...common, connections, uri: credentials.proxyUrl, requestTls: tls });
  return { id: credentials.connectionId, requests: make(maxConnections), watches: make(null) };
}

function headersOf(
  ask: Ask,
  credentials: Record<string, string>,
  version: string,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {
    accept: 'application/json',
    'user-agent': `pawl/${version}`,
    ...credentials,
    ...ask.headers,
  };
  if (ask.body !== undefined) headers['content-type'] = ask.contentType ?? 'application/json';
  return headers;
}

function headOf(data: Dispatcher.ResponseData): { status: number; retryAfter: string | undefined } {
  const retryAfter = data.headers['retry-after'];
  return { status: data.statusCode, retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter };
}
