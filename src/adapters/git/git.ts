// The Git port, with isomorphic-git. Nothing here knows what an App is. Who may read is asked of the host with
// every look; a clone is shared between those who named the same repository and branch.

import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import git from 'isomorphic-git';
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import { Agent, type Dispatcher } from 'undici';
import { PawlError } from '../../model/errors.ts';
import type { ComposeRequest, Git, Repository } from '../../ports.ts';
import { makeClones, type Clone } from './clones.ts';
import { formatCommit, parseCommit } from './commit.ts';
import { checkedEdits, SUBMODULE } from './edits.ts';
import { damaged, fromLibrary, missing, timedOut, tooLarge, unreachable } from './errors.ts';
import { DEEPEST_COMMITS, fetchBranch, wantsMoreHistory, WINDOW_COMMITS } from './fetch.ts';
import { listFiles } from './files.ts';
import { commitsBetween, isReachable } from './history.ts';
import type { ObjectStore } from './objects.ts';
import { pushMove } from './push.ts';
import { makeShare } from './share.ts';
import { makeTransport, type Transport } from './transport.ts';
import { editTree } from './tree.ts';
import { placeOf, type Place } from './url.ts';

const READ_AT_ONCE = 8;
const MAX_FILE_BYTES = 16 * 1024 * 1024;

export interface GitOptions {
  /** Where clones are kept; may be shared by several agents, and may be deleted while none runs. */
  cacheDir: string;
  /** Of one answer of a host. */
  maxPackBytes: number;
  /** For one operation as a whole, redirects and retries included. */
  timeoutMs: number;
  /** Files kept in memory, over all repositories. */
  cachedFilesBytes?: number;
  /** Wall clock, ms. */
  now?: () => number;
  /** For proxies and certificates; the caller closes it. */
  dispatcher?: Dispatcher;
  log?: (message: string, fields: Record<string, unknown>) => void;
}

export interface GitAdapter extends Git {
  /** Closes connections and removes the clones. */
  close(): Promise<void>;
}

export function makeGit(options: GitOptions): GitAdapter {
  const { maxPackBytes, timeoutMs, log = () => undefined } = options;
  const ownDispatcher = options.dispatcher === undefined ? new Agent() : undefined;
  const dispatcher = options.dispatcher ?? (ownDispatcher as Dispatcher);
  const clones = makeClones(options.cacheDir, options.now ?? Date.now);
  const looks = makeShare<string | undefined>();
  const limit = pLimit(READ_AT_ONCE);
  const contents = new LRUCache<string, Uint8Array>({
    maxSize: options.cachedFilesBytes ?? 64 * 1024 * 1024,
    sizeCalculation: (content) => content.byteLength + 200,
  });

  /** One operation with the host: one deadline, one limit, and errors that say what happened. */
  async function talk<T>(
    repository: Repository,
    place: Place,
    signal: AbortSignal,
    work: (transport: Transport) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const deadline = AbortSignal.timeout(timeoutMs);
    const ended = new AbortController();
    const transport = makeTransport({
      dispatcher,
      url: place.url,
      credentials: repository.credentials,
      maxBytes: maxPackBytes,
      signal: AbortSignal.any([signal, deadline, ended.signal]),
    });
    try {
      return await work(transport);
    } catch (error) {
      signal.throwIfAborted();
      if (deadline.aborted) throw timedOut(place.shown, timeoutMs);
      throw transport.problem() ?? fromLibrary(place.shown, error, 'unreachable');
    } finally {
      ended.abort(); // a body that nobody read to its end
    }
  }

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
        throw unreachable(place.shown, 'the branch points at something that is no SHA-1 commit id');
      }
      return oid;
    });
  }

  /** A fetch into a new copy, which takes the old one's place only when it is whole. */
  async function fetchAnew(
    repository: Repository,
    place: Place,
    clone: Clone,
    depth: number,
    signal: AbortSignal,
  ) {
    for (let attempt = 1; ; attempt++) {
      const store = await clones.fresh(place);
      try {
        const head = await talk(repository, place, signal, (t) => fetchBranch(store, place, t, depth));
        await clones.adopt(clone, store);
        clone.depth = depth;
        return head;
      } catch (error) {
        await store.retire();
        const again = attempt === 1 && error instanceof PawlError && error.code === 'GitDamaged';
        if (!again) throw error;
        log('fetched a damaged pack, fetching anew', { repository: place.shown });
      }
    }
  }

  async function fetchMore(
    repository: Repository,
    place: Place,
    clone: Clone,
    depth: number,
    signal: AbortSignal,
  ) {
    const store = clone.store;
    if (store === undefined || clones.isWorn(clone))
      return fetchAnew(repository, place, clone, depth, signal);
    try {
      const head = await talk(repository, place, signal, (t) => fetchBranch(store, place, t, depth));
      clone.fetches++;
      clone.depth = Math.max(clone.depth, depth);
      return head;
    } catch (error) {
      if (!(error instanceof PawlError) || error.code !== 'GitDamaged') throw error;
      log('the clone is damaged, fetching anew', { repository: place.shown });
      return fetchAnew(repository, place, clone, depth, signal);
    }
  }

  async function fetchWanted(
    repository: Repository,
    place: Place,
    want: { head: string; back?: string },
    signal: AbortSignal,
  ): Promise<string> {
    const clone = clones.of(place);
    let head = want.head;
    if (clones.isWorn(clone) || !(await holds(clone.store, head))) {
      const first = clone.store === undefined && want.back === undefined;
      head = await fetchMore(repository, place, clone, first ? 1 : WINDOW_COMMITS, signal);
    }
    const { back } = want;
    for (let depth = 2 * WINDOW_COMMITS; back !== undefined && depth <= DEEPEST_COMMITS; depth *= 2) {
      if (!(await wantsMore(clone.store, head, back))) break;
      if (depth > clone.depth) head = await fetchMore(repository, place, clone, depth, signal);
    }
    if (head === want.head || (await holds(clone.store, want.head))) return head;
    throw new PawlError({
      code: 'GitMoved',
      message: `${place.shown}: the branch changed while it was fetched`,
      hint: 'It is looked at again.',
      retry: 'later',
    });
  }

  async function holds(store: ObjectStore | undefined, oid: string): Promise<boolean> {
    try {
      return store !== undefined && (await store.use(() => store.has(oid)));
    } catch (error) {
      if (error instanceof PawlError && error.code === 'GitDamaged') return false;
      throw error;
    }
  }

  async function wantsMore(store: ObjectStore | undefined, head: string, back: string): Promise<boolean> {
    return store !== undefined && (await store.use(() => wantsMoreHistory(store, head, back)));
  }

  async function makeTree(store: ObjectStore, request: ComposeRequest): Promise<string> {
    const edits = checkedEdits(request.edits);
    for (const edit of edits.values()) {
      if (edit === null || edit.mode === SUBMODULE) continue; // a submodule's commit is in no clone of ours
      if (!(await store.has(edit.oid, 'blob'))) throw missing(store.shown, edit.oid);
    }
    return editTree(store, (await store.commit(request.onto)).tree, edits);
  }

  /** Writes a commit whose bytes `bytesOf` makes from the tree. */
  async function writeCommit(
    repository: Repository,
    request: ComposeRequest,
    bytesOf: (tree: string) => Uint8Array,
  ): Promise<{ oid: string; bytes: Uint8Array }> {
    const place = placeOf(repository);
    const clone = clones.of(place);
    return clone.lock.run(undefined, () =>
      clones.read(place, async (store) => {
        const bytes = bytesOf(await makeTree(store, request));
        const oid = await store.write('commit', bytes);
        clone.holdsCommit = true;
        return { oid, bytes };
      }),
    );
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
      try {
        return await clones.of(place).lock.run(signal, () => fetchWanted(repository, place, want, signal));
      } catch (error) {
        signal.throwIfAborted();
        throw fromLibrary(place.shown, error, 'damaged');
      }
    },

    async has(repository, oid) {
      return holds(clones.of(placeOf(repository)).store, oid);
    },

    async commit(repository, oid) {
      return clones.read(placeOf(repository), (store) => store.commit(oid));
    },

    async isAncestor(repository, older, newer) {
      const { store } = clones.of(placeOf(repository));
      if (older === newer) return true;
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
      return clones.read(place, async (store) =>
        Promise.all(
          files.map((file) =>
            limit(async () => {
              const key = `${place.key}${file.oid}`;
              const content = contents.get(key) ?? (await store.blob(file.oid));
              if (content.byteLength > MAX_FILE_BYTES) {
                throw tooLarge(
                  place.shown,
                  `${file.path} is larger than 16 MiB`,
                  'Move it out of spec.source.path.',
                );
              }
              contents.set(key, content);
              return { ...file, content };
            }),
          ),
        ),
      );
    },

    async compose(repository, request) {
      return writeCommit(repository, request, (tree) =>
        formatCommit({ ...request, tree, parent: request.onto }),
      );
    },

    async restore(repository, request, bytes) {
      const { oid } = await writeCommit(repository, request, (tree) => {
        const stored = parseCommit('', bytes);
        if (stored.tree !== tree || stored.parents.join() !== request.onto) {
          throw new PawlError({
            code: 'GitBadCommit',
            message: 'the stored commit does not hold what its edits give',
            hint: 'It is not pushed; the revert is decided anew.',
          });
        }
        return bytes;
      });
      return oid;
    },

    async push(repository, move, signal) {
      const place = placeOf(repository);
      const clone = clones.of(place);
      return clone.lock.run(signal, () =>
        clones.read(place, async (store) => {
          if (!(await store.has(move.oid))) throw missing(place.shown, move.oid);
          const answer = await pushOnce(repository, place, store, move, signal);
          if (answer.kind === 'pushed') clone.holdsCommit = false;
          return answer;
        }),
      );
    },

    async close() {
      for (const clone of clones.all()) await clone.lock.run(undefined, async () => clone.store?.retire());
      await rm(await clones.home(), { recursive: true, force: true });
      await ownDispatcher?.close();
    },
  };

  async function pushOnce(
    repository: Repository,
    place: Place,
    store: ObjectStore,
    move: { onto: string; oid: string },
    signal: AbortSignal,
  ) {
    const head = () => look(repository, place, signal);
    try {
      return await talk(repository, place, signal, (transport) =>
        pushMove({ store, place, transport, move, head }),
      );
    } catch (error) {
      if (error instanceof PawlError && error.code === 'GitTimeout') {
        return { kind: 'unknown' as const, message: error.message };
      }
      throw error;
    }
  }
}
