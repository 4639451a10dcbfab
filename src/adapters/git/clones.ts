// The copies of all repositories: one per repository and branch, shared by every App that follows it, with
// one writer at a time. Invariants:
// C1 Writers of a copy wait for each other, in order; readers never wait.
// C2 A copy that is replaced stays readable for whoever reads it at that moment.
// C3 A copy is renewed when many fetches have made it slow (each leaves a pack), but not between the making
//    of a commit and its push, and at once when it is damaged.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { missing } from './errors.ts';
import { makeHome, touchHome } from './home.ts';
import { makeLock, type Lock } from './lock.ts';
import { makeObjectStore, type ObjectStore } from './objects.ts';
import type { Place } from './url.ts';

const TOUCHED_EVERY_MS = 3_600_000;

export interface Clone {
  lock: Lock;
  store: ObjectStore | undefined;
  /** What the last fetch brought. */
  head: string | undefined;
  fetches: number;
  /** How many commits of every line have been asked for. */
  depth: number;
  /** Whether a commit was made here that has not been pushed. */
  holdsCommit: boolean;
  /** The head at which damage was last healed: once per head, or a host that sends damage is asked for ever. */
  healedAt: string | undefined;
}

export interface Clones {
  of(place: Place): Clone;
  /** Reads from a copy; PawlError `GitMissing` where nothing has been fetched. */
  read<T>(place: Place, work: (store: ObjectStore) => Promise<T>): Promise<T>;
  /** A new, empty copy, which becomes the clone's with `adopt`. */
  fresh(place: Place): Promise<ObjectStore>;
  adopt(clone: Clone, store: ObjectStore, fetched: { head: string; depth: number }): Promise<void>;
  /** Whether the next fetch of `head` is to start anew. */
  isWorn(clone: Clone, head: string): boolean;
  all(): Clone[];
  /** Removes everything. */
  close(): Promise<void>;
}

export function makeClones(options: {
  cacheDir: string;
  now: () => number;
  /** C3; a clone that holds a commit is given twice as many. */
  renewAfterFetches: number;
}): Clones {
  const { cacheDir, now, renewAfterFetches } = options;
  const clones = new Map<string, Clone>();
  let home: Promise<string> | undefined;
  let touchedAt = now();
  let made = 0;

  function of(place: Place): Clone {
    const known = clones.get(place.key);
    if (known !== undefined) return known;
    const clone: Clone = {
      lock: makeLock(),
      store: undefined,
      head: undefined,
      fetches: 0,
      depth: 0,
      holdsCommit: false,
      healedAt: undefined,
    };
    clones.set(place.key, clone);
    return clone;
  }

  async function getHome(): Promise<string> {
    home ??= makeHome(cacheDir, now);
    try {
      const path = await home;
      if (now() - touchedAt > TOUCHED_EVERY_MS) {
        touchedAt = now();
        await touchHome(path, touchedAt);
      }
      return path;
    } catch (error) {
      home = undefined; // the disk may have room the next time
      throw error;
    }
  }

  return {
    of,
    async read(place, work) {
      const { store } = of(place);
      if (store === undefined) throw missing(place.url, place.ref);
      return store.use(() => work(store));
    },
    async fresh(place) {
      return makeObjectStore(join(await getHome(), `${place.key}-${++made}`), place.url);
    },
    async adopt(clone, store, fetched) {
      const old = clone.store;
      Object.assign(clone, { ...fetched, store, fetches: 0, holdsCommit: false });
      await old?.retire();
    },
    isWorn(clone, head) {
      const { store } = clone;
      if (store === undefined) return true;
      if (store.isDamaged() && clone.healedAt !== head) return true;
      return clone.fetches >= (clone.holdsCommit ? 2 * renewAfterFetches : renewAfterFetches);
    },
    all: () => [...clones.values()],
    async close() {
      if (home !== undefined) await rm(await home, { recursive: true, force: true });
    },
  };
}
