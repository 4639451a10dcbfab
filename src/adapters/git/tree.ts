// Git's tree objects, byte for byte, and what becomes of them when files are put or removed. Names are kept
// as bytes (one latin-1 character each), so that a tree with names in any encoding is written back exactly.

import { PawlError } from '../../model/errors.ts';
import { clean } from './errors.ts';

export interface TreeEntry {
  /** As in the object, without leading zero: 40000, 100644, 100755, 120000, 160000, … */
  mode: string;
  /** Bytes as latin-1. */
  name: string;
  oid: string;
}

/** Path (bytes as latin-1) → what to put there, or null to remove it. */
export type TreeEdits = ReadonlyMap<string, { oid: string; mode: string } | null>;

export interface TreeStore {
  readTree(oid: string): Promise<TreeEntry[]>;
  writeTree(entries: readonly TreeEntry[]): Promise<string>;
}

export const TREE_MODE = '40000';
export const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** Throws an Error for bytes that are no tree. */
export function parseTree(bytes: Uint8Array): TreeEntry[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: TreeEntry[] = [];
  let at = 0;
  while (at < buffer.length) {
    const space = buffer.indexOf(0x20, at);
    const end = buffer.indexOf(0, space + 1);
    if (space < 0 || end < 0 || end + 21 > buffer.length) throw new Error('not a tree object');
    const mode = buffer.toString('latin1', at, space);
    if (!/^[0-7]{5,6}$/.test(mode)) throw new Error('not a tree object: a mode is wrong');
    entries.push({
      mode: mode.replace(/^0+/, ''),
      name: buffer.toString('latin1', space + 1, end),
      oid: buffer.toString('hex', end + 1, end + 21),
    });
    at = end + 21;
  }
  return entries;
}

export function formatTree(entries: readonly TreeEntry[]): Buffer {
  const sorted = [...entries].sort((a, b) => compareBytes(sortName(a), sortName(b)));
  return Buffer.concat(
    sorted.flatMap((entry) => [
      Buffer.from(`${entry.mode} ${entry.name}\0`, 'latin1'),
      Buffer.from(entry.oid, 'hex'),
    ]),
  );
}

/** Git sorts a directory as if its name ended in a slash. */
function sortName(entry: TreeEntry): string {
  return entry.mode === TREE_MODE ? `${entry.name}/` : entry.name;
}

function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The tree that `root` becomes; directories without files vanish, everything else stays as it is. Throws
 * PawlError `GitPathConflict` where a file would have to be a directory as well.
 */
export async function editTree(store: TreeStore, root: string, edits: TreeEdits): Promise<string> {
  return (await editDirectory(store, root, edits, '')) ?? (await store.writeTree([]));
}

async function editDirectory(
  store: TreeStore,
  oid: string | undefined,
  edits: TreeEdits,
  above: string,
): Promise<string | undefined> {
  const before = oid === undefined ? [] : await store.readTree(oid);
  const entries = new Map(before.map((entry) => [entry.name, entry]));
  const { files, directories } = splitByDirectory(edits);

  for (const [name, edit] of files) {
    if (edit === null && entries.get(name)?.mode !== TREE_MODE) entries.delete(name);
  }
  for (const [name, below] of directories) {
    const entry = entries.get(name);
    const isDirectory = entry?.mode === TREE_MODE;
    const puts = [...below.values()].some((edit) => edit !== null);
    if (entry !== undefined && !isDirectory) {
      if (puts) throw conflict(`${above}${name}`);
      continue; // nothing of that name is below a file: nothing to remove
    }
    if (entry === undefined && !puts) continue;
    const edited = await editDirectory(store, entry?.oid, below, `${above}${name}/`);
    if (edited === undefined) entries.delete(name);
    else entries.set(name, { mode: TREE_MODE, name, oid: edited });
  }
  for (const [name, edit] of files) {
    if (edit === null) continue;
    if (entries.get(name)?.mode === TREE_MODE) throw conflict(`${above}${name}`);
    entries.set(name, { mode: edit.mode, name, oid: edit.oid });
  }

  if (entries.size === 0) return undefined;
  const after = [...entries.values()];
  if (oid !== undefined && sameEntries(before, after)) return oid;
  return store.writeTree(after);
}

function splitByDirectory(edits: TreeEdits) {
  const files = new Map<string, { oid: string; mode: string } | null>();
  const directories = new Map<string, Map<string, { oid: string; mode: string } | null>>();
  for (const [path, edit] of edits) {
    const slash = path.indexOf('/');
    if (slash < 0) {
      files.set(path, edit);
      continue;
    }
    const name = path.slice(0, slash);
    const below = directories.get(name) ?? new Map<string, { oid: string; mode: string } | null>();
    below.set(path.slice(slash + 1), edit);
    directories.set(name, below);
  }
  return { files, directories };
}

function sameEntries(a: readonly TreeEntry[], b: readonly TreeEntry[]): boolean {
  if (a.length !== b.length) return false;
  const byName = new Map(a.map((entry) => [entry.name, entry]));
  return b.every((entry) => {
    const other = byName.get(entry.name);
    return other !== undefined && other.oid === entry.oid && other.mode === entry.mode;
  });
}

function conflict(path: string): PawlError {
  return new PawlError({
    code: 'GitPathConflict',
    message: `${clean(Buffer.from(path, 'latin1').toString('utf8'))} would have to be a file and a directory at once`,
    hint: 'Somebody put one in the place of the other outside of what is to be restored; undo it by hand.',
  });
}
