// Keeps a Mirror true: a list, then a watch from where the list ended, for ever. Whatever goes wrong, the next
// turn begins where the last one was sure.
//
// R1 A broken or ended watch is resumed from the last version it told; only when the server no longer knows that
//    version (410) is everything listed again, and the differences told.
// R2 A silent watch is a broken one. The server sends a bookmark every 60 to 61 s (measured, also for kinds
//    without objects), so silence beyond `silenceMs` means that nothing arrives any more. A peer that is gone
//    without a word is noticed within 40 s already, by TCP keep-alive.
// R3 Without changes there is one request per 5 to 10 minutes and kind: the renewal of the watch.
// R4 Refusals (401, 403, 404) are told by ready(), and tried again slowly, or soon when somebody asks.

import { ApiError } from '../../model/errors.ts';
import type { KubeObject } from '../../model/object.ts';
import type { Clock, FollowQuery, Mirror, ResourceType } from '../../ports.ts';
import { errorOfAnswer, errorOfWatchEvent } from './answer.ts';
import type { Ask, Stream } from './connect.ts';
import { makeWatchdog } from './deadline.ts';
import { linesOf } from './lines.ts';
import { type Listing, makeMirrorState } from './mirror.ts';
import { collectionPath, selectors } from './paths.ts';
import { makeReadiness } from './readiness.ts';
import { backoffMs } from './retry.ts';

export interface ReflectorOptions {
  /** Throws ApiError 404 where the kind is not served. */
  resource: (signal: AbortSignal) => Promise<ResourceType>;
  /** Gives each page to what `begin` returned last; where the list has to begin again it is called again. */
  list: (type: ResourceType, begin: () => Listing, signal: AbortSignal) => Promise<void>;
  stream: (ask: Ask, signal: AbortSignal) => Promise<Stream>;
  clock: Clock;
  random: () => number;
  /** How long a watch may bring nothing, not even a bookmark. */
  silenceMs: number;
  /** How long the server is asked to keep a watch open: between this and its double. */
  renewMs: number;
  /** Told of every failure, for the log. */
  onProblem: (error: unknown) => void;
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 30_000;
const FIRST_REFUSED_WAIT_MS = 5_000;
const LONGEST_REFUSED_WAIT_MS = 60_000;
/** A watch that ended sooner than this counts as a failure, so that none is renewed in a tight loop. */
const SHORTEST_WATCH_MS = 1_000;

export function reflect(query: FollowQuery, options: ReflectorOptions): Mirror {
  const { clock, random } = options;
  const stopping = new AbortController();
  const readiness = makeReadiness(clock, stopping.signal);
  const state = makeMirrorState(
    query,
    (change) => {
      try {
        query.onChange?.(change);
      } catch (error) {
        // A bug in a listener: it must neither end the watch nor go unseen.
        queueMicrotask(() => {
          throw error;
        });
      }
    },
    query.keep,
  );
  /** Up to where everything has been told; undefined: list first. */
  let version: string | undefined;

  async function run(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; ) {
      const startedAt = clock.monotonic();
      try {
        const type = await options.resource(stopping.signal);
        if (version === undefined) {
          version = await listed(type);
          readiness.good();
        }
        const end = await watchOnce(type, version);
        if (end === 'list again') version = undefined;
        failures = clock.monotonic() - startedAt < SHORTEST_WATCH_MS ? failures + 1 : 0;
        if (failures > 0) await pause(backoffMs(failures - 1, FIRST_WAIT_MS, LONGEST_WAIT_MS, random));
      } catch (error) {
        if (stopping.signal.aborted) return;
        options.onProblem(error);
        failures = clock.monotonic() - startedAt > LONGEST_WAIT_MS ? 1 : failures + 1;
        const waitMs = backoffMs(failures - 1, FIRST_WAIT_MS, LONGEST_WAIT_MS, random);
        if (error instanceof ApiError && isRefusal(error)) {
          const longMs = backoffMs(failures - 1, FIRST_REFUSED_WAIT_MS, LONGEST_REFUSED_WAIT_MS, random);
          await readiness.refused(error, longMs);
        } else {
          await pause(error instanceof ApiError ? Math.max(waitMs, error.retryAfterMs ?? 0) : waitMs);
        }
      }
    }
  }

  async function listed(type: ResourceType): Promise<string> {
    let reached = '';
    const begin = (): Listing => {
      const { page, end } = state.listing();
      return {
        page(items, resourceVersion) {
          reached = resourceVersion;
          page(items, resourceVersion);
        },
        end,
      };
    };
    await options.list(type, begin, stopping.signal);
    return reached;
  }

  async function watchOnce(type: ResourceType, from: string): Promise<'renew' | 'list again'> {
    const asked = { verb: 'watch', what: type.gvk.kind };
    const path = collectionPath(type, query.namespace, {
      ...selectors(query),
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: from,
      timeoutSeconds: Math.ceil((options.renewMs * (1 + random())) / 1000),
    });
    const watch = new AbortController();
    const onStop = () => watch.abort(stopping.signal.reason);
    stopping.signal.addEventListener('abort', onStop, { once: true });
    const watchdog = makeWatchdog(options.silenceMs, () =>
      watch.abort(silence(asked.what, options.silenceMs)),
    );
    try {
      const stream = await options.stream({ ...asked, method: 'GET', path }, watch.signal);
      watchdog.feed();
      if (stream.status !== 200) {
        const error = errorOfAnswer(asked, { ...stream, body: await textOf(stream.chunks) });
        if (isTooOld(error)) return 'list again';
        throw error;
      }
      readiness.good();
      for await (const line of linesOf(fed(stream.chunks, watchdog.feed))) {
        const error = take(JSON.parse(line) as WatchEvent);
        if (error !== undefined && isTooOld(error)) return 'list again';
        if (error !== undefined) throw error;
      }
      return 'renew';
    } catch (error) {
      throw watch.signal.aborted ? watch.signal.reason : error;
    } finally {
      watchdog.stop();
      stopping.signal.removeEventListener('abort', onStop);
    }
  }

  function take(event: WatchEvent): ApiError | undefined {
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
        state.set(event.object);
        break;
      case 'DELETED':
        state.gone(event.object);
        break;
      case 'BOOKMARK':
        state.reached(event.object.metadata.resourceVersion ?? '');
        break;
      case 'ERROR':
        return errorOfWatchEvent({ verb: 'watch', what: query.gvk.kind }, event.object);
      default:
        // A type of a newer server, which has told us nothing that we know how to take.
        return undefined;
    }
    version = event.object.metadata.resourceVersion ?? version;
    return undefined;
  }

  async function pause(ms: number): Promise<void> {
    await clock.delay(ms, stopping.signal).catch(() => {});
  }

  void run();
  return {
    ready: (signal) => readiness.wait(signal),
    get: state.get,
    all: state.all,
    observe: state.observe,
    stop() {
      stopping.abort(new Error('the mirror was stopped'));
    },
  };
}

type WatchEvent = { type: string; object: KubeObject };

/** What only a person (or another commit) can change. */
function isRefusal(error: ApiError): boolean {
  return error.status === 401 || error.status === 403 || error.status === 404;
}

/** The server no longer has the version asked for, or, after a restored backup, not yet. */
function isTooOld(error: ApiError): boolean {
  return error.status === 410 || error.causes.some((cause) => cause.reason === 'ResourceVersionTooLarge');
}

function silence(kind: string, limitMs: number): ApiError {
  return new ApiError({
    code: 'ApiSilent',
    message: `watch ${kind}: nothing came for ${limitMs / 1000} s`,
    retry: 'later',
    status: 0,
  });
}

async function* fed(chunks: AsyncIterable<Uint8Array>, feed: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    feed();
    yield chunk;
  }
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return Buffer.concat(pieces).toString('utf8');
}
