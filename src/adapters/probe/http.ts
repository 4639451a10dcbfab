// One HTTP request to an address, as a check makes it: a connection of its own, no name resolution, no redirect, no
// proxy, no cookie, and an answer that is read up to a limit and no further.

import { isIP } from 'node:net';
import { Client } from 'undici';
import type { HttpAnswer, HttpProbe, Prober } from '../../ports.ts';

/** Refused by something on the way, or answered by nothing: says nothing of what listens there. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'EACCES',
  'EADDRNOTAVAIL',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'EPERM',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** What the other side sent is no HTTP, or it went away. */
const BROKEN: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'EPROTO',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
  'UND_ERR_RESPONSE',
  'UND_ERR_SOCKET',
]);
const TLS = ['ERR_SSL_', 'ERR_TLS_', 'ERR_OSSL_'];
const TIMED_OUT: ReadonlySet<string> = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
const MAX_HEADER_BYTES = 16 * 1024;

export function makeProber(monotonic: () => number): Prober {
  return {
    async http(probe, signal) {
      const startedMs = monotonic();
      const stalls = watchStalls(monotonic);
      try {
        const answer = await once(probe, signal);
        const latencyMs = Math.max(Math.round(monotonic() - startedMs), 0);
        return { ...answer, latencyMs, stalledMs: stalls.read() };
      } finally {
        stalls.stop();
      }
    },
  };
}

type Untimed =
  | { kind: 'answer'; status: number; body: string }
  | { kind: Exclude<HttpAnswer['kind'], 'answer'> };

const TICK_MS = 20;
/** A timer is late by some ms on a busy machine that keeps up. */
const LATE_MS = 20;

/** For how long in all the event loop did not turn: by how much a timer was late. */
function watchStalls(monotonic: () => number): { read(): number; stop(): void } {
  let atMs = monotonic();
  let stalledMs = 0;
  const note = () => {
    const nowMs = monotonic();
    const lateMs = nowMs - atMs - TICK_MS;
    if (lateMs > LATE_MS) stalledMs += lateMs;
    atMs = nowMs;
  };
  const timer = setInterval(note, TICK_MS);
  return {
    read() {
      note();
      return Math.round(stalledMs);
    },
    stop: () => clearInterval(timer),
  };
}

async function once(probe: HttpProbe, signal: AbortSignal): Promise<Untimed> {
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(probe.timeoutMs);
  let isConnected = false;
  const client = clientFor(probe);
  client.on('connect', () => {
    isConnected = true;
  });
  try {
    const { statusCode, body } = await client.request({
      method: probe.method,
      path: probe.path,
      headers: [...probe.headers.flat(), 'host', probe.host, ...userAgent(probe)],
      signal: AbortSignal.any([signal, deadline]),
    });
    return { kind: 'answer', status: statusCode, body: await beginning(body, probe.maxBodyBytes) };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: deadline.aborted ? (isConnected ? 'timeout' : 'unreachable') : kindOf(error) };
  } finally {
    await client.destroy().catch(() => {});
  }
}

function clientFor({ scheme, address, port, host, timeoutMs }: HttpProbe): Client {
  const place = address.includes(':') ? `[${address}]` : address;
  return new Client(`${scheme}://${place}:${port}`, {
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxHeaderSize: MAX_HEADER_BYTES,
    pipelining: 1,
    // As the kubelet's probes: certificates inside a cluster are seldom signed by anybody, and no secret is sent.
    connect: { timeout: timeoutMs, rejectUnauthorized: false, servername: serverName(host) },
  });
}

/** TLS knows names only, no addresses. */
function serverName(host: string): string {
  const name = host.replace(/:\d+$/, '');
  return isIP(name) === 0 ? name : '';
}

function userAgent({ headers }: HttpProbe): string[] {
  return headers.some(([name]) => name.toLowerCase() === 'user-agent') ? [] : ['user-agent', 'pawl-check'];
}

/** The first `maxBytes`; the rest is not read. */
async function beginning(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= maxBytes) break;
  }
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, maxBytes));
}

/** Only what the other side is known to have done is held against it. */
export function kindOf(error: unknown): Exclude<HttpAnswer['kind'], 'answer'> {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  // The parser's errors come with a code or without.
  if (name === 'HTTPParserError') return 'broken';
  if (typeof code !== 'string') return 'unable';
  if (code === 'ECONNREFUSED') return 'refused';
  if (UNREACHABLE.has(code)) return 'unreachable';
  if (TIMED_OUT.has(code)) return 'timeout';
  return BROKEN.has(code) || TLS.some((beginning) => code.startsWith(beginning)) ? 'broken' : 'unable';
}
