// The Git port, with isomorphic-git. Nothing here knows what an App is. Who may read is asked of the host with
// every look; a clone is shared between those who named the same repository and branch.

import { createHash } from 'node:crypto';
import * as git from 'isomorphic-git';
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import { Agent, type Dispatcher } from 'undici';
import { PawlError } from '../../model/errors.ts';
import type { Git, PushAnswer, Repository } from '../../ports.ts';
import { type Clone, makeClones } from './clones.ts';
import { composeCommit, restoreCommit } from './compose.ts';
import { diskError, missing, tooLarge, unreachable } from './errors.ts';
import { listFiles } from './files.ts';
import { commitsBetween, isReachable } from './history.ts';
import type { ObjectStore } from './objects.ts';
import { pushMove } from './push.ts';
import { bringTo, holds } from './renew.ts';
import { makeShare } from './share.ts';
import { makeTalk } from './talk.ts';
import { placeOf, type Place } from './url.ts';

const READ_AT_ONCE = 8;
const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** What a cached file costs beside its content. */
const ENTRY_BYTES = 200;

export interface GitOptions {
  /** Where clones are kept; may be shared by several agents, and may be deleted while none runs. */
  cacheDir: string;
  /** Of one answer of a host. */
  maxPackBytes: number;
  /** For one operation with a host as a whole. */
  timeoutMs: number;
  /** Contents of files kept in memory, over all repositories. */
  cachedFilesBytes?: number;
  /** Each fetch leaves a pack, and many packs are slow to read: then a clone is made anew. Default: 100. */
  renewAfterFetches?: number;
  /** Wall clock, ms. */
  now?: () => number;
  /** For proxies and certificates; the caller closes it. */
  dispatcher?: Dispatcher;
  log?: (message: string, fields: Record<string, unknown>) => void;
}

export interface GitAdapter extends Git {
  /** Closes connections and removes the clones. Operations under way are to be aborted before. */
  close(): Promise<void>;
}

export function makeGit(options: GitOptions): GitAdapter {
  const ownDispatcher = new Agent(); // opens nothing until it is used
  const dispatcher = options.dispatcher ?? ownDispatcher;
  const talk = makeTalk({ dispatcher, maxPackBytes: options.maxPackBytes, timeoutMs: options.timeoutMs });
  const clones = makeClones({
    cacheDir: options.cacheDir,
    now: options.now ?? Date.now,
    renewAfterFetches: options.renewAfterFetches ?? 100,
  });
  const fetching = { clones, talk, log: options.log ?? (() => undefined) };
  const looks = makeShare<string | undefined>();
  const limit = pLimit(READ_AT_ONCE);
  const contents = new LRUCache<string, Uint8Array>({
    maxSize: options.cachedFilesBytes ?? 64 * 1024 * 1024,
    sizeCalculation: (content) => content.byteLength + ENTRY_BYTES,
  });

  async function look(
    repository: Repository,
    place: Place,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    return talk(repository, place, signal, async (transport) => {
      const refs = await git.listServerRefs({ http: transport.http, url: place.url, prefix: place.ref });
      const problem = transport.problem();
      if (problem !== undefined) throw problem;
      const oid = refs.find((ref) => ref.ref === place.ref)?.oid;
      if (oid !== undefined && !/^[0-9a-f]{40}$/.test(oid)) {
        throw unreachable(place.url, 'the branch points at something that is no SHA-1 commit id');
      }
      return oid;
    });
  }

  /** Writers wait for each other; errors of the disk are told as such. */
  async function write<T>(
    place: Place,
    signal: AbortSignal | undefined,
    work: (clone: Clone) => Promise<T>,
  ): Promise<T> {
    const clone = clones.of(place);
    try {
      return await clone.lock.run(signal, () => work(clone));
    } catch (error) {
      throw diskError(place.url, error) ?? error;
    }
  }

  async function make<T>(repository: Repository, work: (store: ObjectStore) => Promise<T>): Promise<T> {
    const place = placeOf(repository);
    return write(place, undefined, async (clone) => {
      const made = await clones.read(place, work);
      clone.holdsCommit = true;
      return made;
    });
  }

  return {
    async head(repository, signal) {
      const place = placeOf(repository);
      const { username, password, token } = repository.credentials ?? {};
      const secret = JSON.stringify([username, password, token]);
      const key = createHash('sha256').update(`${place.url}\n${place.ref}\n${secret}`).digest('hex');
      return looks(key, signal, (shared) => look(repository, place, shared));
    },

    async fetch(repository, want, signal) {
      const place = placeOf(repository);
      return write(place, signal, () => bringTo(fetching, repository, place, want, signal));
    },

    async has(repository, oid) {
      return holds(clones.of(placeOf(repository)).store, oid);
    },

    async commit(repository, oid) {
      return clones.read(placeOf(repository), (store) => store.commit(oid));
    },

    async isAncestor(repository, older, newer) {
      if (older === newer) return true;
      const { store } = clones.of(placeOf(repository));
      if (store === undefined || !(await holds(store, newer))) return false;
      return store.use(() => isReachable(store.parentsOf, older, newer));
    },

    async between(repository, base, head) {
      return clones.read(placeOf(repository), async (store) => {
        const oids = await commitsBetween(store.parentsOf, base, head);
        return Promise.all(oids.map((oid) => store.commit(oid)));
      });
    },

    async files(repository, oid, path) {
      return clones.read(placeOf(repository), (store) => listFiles(store, oid, path));
    },

    async read(repository, files) {
      const place = placeOf(repository);
      return clones.read(place, async (store) => {
        const content = async (oid: string, path: string) => {
          // By clone: an id in somebody's tree must not give them another repository's file.
          const key = `${place.key}/${oid}`;
          const found = contents.get(key) ?? (await store.blob(oid));
          if (found.byteLength > MAX_FILE_BYTES) throw largeFile(place, path);
          contents.set(key, found);
          return found;
        };
        return Promise.all(
          files.map((file) => limit(async () => ({ ...file, content: await content(file.oid, file.path) }))),
        );
      });
    },

    async compose(repository, request) {
      return make(repository, (store) => composeCommit(store, request));
    },

    async restore(repository, request, bytes) {
      return make(repository, (store) => restoreCommit(store, request, bytes));
    },

    async push(repository, move, signal) {
      const place = placeOf(repository);
      return write(place, signal, async (clone) => {
        const answer = await clones.read(place, (store) => pushOnce(repository, place, store, move, signal));
        if (answer.kind === 'pushed') clone.holdsCommit = false;
        return answer;
      });
    },

    async close() {
      for (const clone of clones.all()) await clone.lock.run(undefined, async () => clone.store?.retire());
      await clones.close();
      await ownDispatcher.destroy();
    },
  };

  async function pushOnce(
    repository: Repository,
    place: Place,
    store: ObjectStore,
    move: { onto: string; oid: string },
    signal: AbortSignal,
  ): Promise<PushAnswer> {
    if (!(await store.has(move.oid))) throw missing(place.url, move.oid);
    const head = () => look(repository, place, signal);
    try {
      const answer = await talk(repository, place, signal, (transport) =>
        pushMove({ store, place, transport, move, head }),
      );
      if (answer.kind === 'unknown') signal.throwIfAborted();
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PawlError) || error.code !== 'GitTimeout') throw error;
      return { kind: 'unknown', message: error.message };
    }
  }
}

function largeFile(place: Place, path: string): PawlError {
  return tooLarge(
    place.url,
    `${JSON.stringify(path.slice(0, 200))} is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`,
    'Move it out of spec.source.path.',
  );
}
