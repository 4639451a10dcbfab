// One copy of a repository on disk (bare, shallow), and how objects are read from it and written to it.
// Invariants:
// O1 A file appears whole or not at all (written beside, then renamed): readers may read while a fetch runs.
// O2 What readers take for the end of history changes only when a fetch has been verified.
// O3 Packs that the library keeps in memory are dropped when they have grown large and nobody reads.

import { randomBytes } from 'node:crypto';
import * as fsPromises from 'node:fs/promises';
import { join } from 'node:path';
import * as git from 'isomorphic-git';
import { LRUCache } from 'lru-cache';
import type { Commit } from '../../model/commit.ts';
import { PawlError } from '../../model/errors.ts';
import { parseCommit } from './commit.ts';
import { badObject, codeOf, fromLibrary, missing } from './errors.ts';
import type { ParentsOf } from './history.ts';
import { EMPTY_TREE, formatTree, parseTree, type TreeEntry, type TreeStore } from './tree.ts';

const KEPT_IN_MEMORY_BYTES = 32 * 1024 * 1024;
const KEPT_COMMITS = 5_000;

export interface ObjectStore extends TreeStore {
  readonly gitdir: string;
  /** How the repository is named in errors. */
  readonly shown: string;
  commit(oid: string): Promise<Commit>;
  has(oid: string, type?: 'commit' | 'blob'): Promise<boolean>;
  blob(oid: string): Promise<Uint8Array>;
  write(type: 'commit' | 'tree', bytes: Uint8Array): Promise<string>;
  parentsOf: ParentsOf;
  /** Takes in what a verified fetch brought: a pack of that size, and where history now ends. */
  refresh(packBytes: number): Promise<void>;
  /** Whether the commit's parents are cut off. */
  isCut(oid: string): boolean;
  /** Runs `work`, during which nothing is dropped. */
  use<T>(work: () => Promise<T>): Promise<T>;
  /** Removes the copy when the last reader is through. */
  retire(): Promise<void>;
  /** Whether something was found damaged, or gone: the next fetch starts anew. */
  isDamaged(): boolean;
  spoil(): void;
}

/** A file system for the library, with O1. */
export const wholeFiles = {
  promises: {
    ...fsPromises,
    async writeFile(path: string, data: string | Uint8Array, options?: object | string): Promise<void> {
      const draft = `${path}.${randomBytes(4).toString('hex')}.draft`;
      try {
        await fsPromises.writeFile(draft, data, options as { encoding?: BufferEncoding });
        await fsPromises.rename(draft, path);
      } catch (error) {
        await fsPromises.rm(draft, { force: true });
        throw error;
      }
    },
  },
};

export async function makeObjectStore(gitdir: string, shown: string): Promise<ObjectStore> {
  await git.init({ fs: wholeFiles, dir: gitdir, bare: true, defaultBranch: 'none' });
  await git.addRemote({ fs: wholeFiles, gitdir, remote: 'origin', url: 'https://unused.invalid' });

  let cache: object = {};
  let cachedBytes = 0;
  let packsBytes = 0;
  let users = 0;
  let retired = false;
  let isBroken = false;
  let cut: ReadonlySet<string> = new Set();
  const commits = new LRUCache<string, Commit>({ max: KEPT_COMMITS });

  async function raw(oid: string): Promise<{ type: string; bytes: Uint8Array }> {
    if (oid === EMPTY_TREE) return { type: 'tree', bytes: new Uint8Array() };
    try {
      const found = await git.readObject({ fs: wholeFiles, gitdir, oid, format: 'content', cache });
      const bytes = found.object as Uint8Array;
      cachedBytes += bytes.byteLength;
      return { type: found.type, bytes };
    } catch (error) {
      if (codeOf(error) === 'NotFoundError') throw missing(shown, oid);
      const known = fromLibrary(shown, error, 'damaged');
      isBroken ||= known.code === 'GitDamaged';
      throw known;
    }
  }

  /** What a commit or a tree of ours names must be there. */
  async function named<T>(found: Promise<T>): Promise<T> {
    try {
      return await found;
    } catch (error) {
      isBroken ||= error instanceof PawlError && error.code === 'GitMissing';
      throw error;
    }
  }

  async function read<T>(oid: string, type: string, parse: (bytes: Uint8Array) => T): Promise<T> {
    const found = await raw(oid);
    if (found.type !== type) throw missing(shown, `${type} ${oid}`);
    try {
      return parse(found.bytes);
    } catch (error) {
      throw badObject(shown, oid, error); // whole, as its checksum says, but nothing that git would write
    }
  }

  async function commit(oid: string): Promise<Commit> {
    const known = commits.get(oid);
    if (known !== undefined) return known;
    const parsed = await read(oid, 'commit', (bytes) => parseCommit(oid, bytes));
    commits.set(oid, parsed);
    return parsed;
  }

  async function write(type: 'commit' | 'tree', bytes: Uint8Array): Promise<string> {
    try {
      return await git.writeObject({ fs: wholeFiles, gitdir, type, object: bytes, format: 'content' });
    } catch (error) {
      throw fromLibrary(shown, error, 'damaged');
    }
  }

  async function drop(): Promise<void> {
    if (users > 0) return;
    if (retired) await fsPromises.rm(gitdir, { recursive: true, force: true });
    if (retired || cachedBytes + packsBytes > KEPT_IN_MEMORY_BYTES) {
      cache = {};
      cachedBytes = 0;
    }
  }

  return {
    gitdir,
    shown,
    commit,
    write,
    async has(oid, type = 'commit') {
      if (commits.has(oid)) return type === 'commit';
      try {
        return (await raw(oid)).type === type;
      } catch (error) {
        if (error instanceof PawlError && error.code === 'GitMissing') return false;
        throw error;
      }
    },
    blob: (oid) => named(read(oid, 'blob', (bytes) => bytes)),
    readTree: (oid) => named(read<TreeEntry[]>(oid, 'tree', parseTree)),
    writeTree: (entries) => write('tree', formatTree(entries)),
    async parentsOf(oid) {
      return cut.has(oid) ? [] : (await commit(oid)).parents;
    },
    async refresh(packBytes) {
      packsBytes += packBytes;
      const text = await readIfThere(join(gitdir, 'shallow'));
      cut = new Set(text.split('\n').filter((line) => line !== ''));
    },
    isCut: (oid) => cut.has(oid),
    async use(work) {
      users++;
      try {
        return await work();
      } finally {
        users--;
        await drop();
      }
    },
    async retire() {
      retired = true;
      await drop();
    },
    isDamaged: () => isBroken,
    spoil() {
      isBroken = true;
    },
  };
}

/** Empty where there is no such file. */
async function readIfThere(path: string): Promise<string> {
  try {
    return await fsPromises.readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}
