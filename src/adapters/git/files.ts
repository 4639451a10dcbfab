// Lists what a commit holds below a path, without reading a file. A tree can name the same subtree many
// times over, so that a small pack lists as millions of files: both width and depth have a limit.

import type { TreeFile } from '../../model/manifest.ts';
import { tooLarge } from './errors.ts';
import type { ObjectStore } from './objects.ts';
import { TREE_MODE } from './tree.ts';

const MAX_ENTRIES = 100_000;
const MAX_DEPTH = 64;

/** Sorted by the bytes of the path. Nothing where the path is no directory. Throws `GitTooLarge`. */
export async function listFiles(store: ObjectStore, oid: string, path: string): Promise<TreeFile[]> {
  const found: { path: string; oid: string; mode: string }[] = [];
  let entriesSeen = 0;

  async function list(tree: string, above: string, depth: number): Promise<void> {
    const entries = await store.readTree(tree);
    entriesSeen += entries.length;
    if (entriesSeen > MAX_ENTRIES || depth > MAX_DEPTH) throw overLimit(store);
    for (const entry of entries) {
      const entryPath = `${above}${entry.name}`;
      if (entry.mode === TREE_MODE) await list(entry.oid, `${entryPath}/`, depth + 1);
      else found.push({ path: entryPath, oid: entry.oid, mode: entry.mode });
    }
  }

  let tree: string | undefined = (await store.commit(oid)).tree;
  const prefix = Buffer.from(path, 'utf8').toString('latin1');
  for (const name of prefix === '' ? [] : prefix.split('/')) {
    const entries = await store.readTree(tree);
    tree = entries.find((entry) => entry.name === name && entry.mode === TREE_MODE)?.oid;
    if (tree === undefined) return [];
  }
  await list(tree, prefix === '' ? '' : `${prefix}/`, 0);
  return found
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
    .map((file) => ({ ...file, path: Buffer.from(file.path, 'latin1').toString('utf8') }));
}

function overLimit(store: ObjectStore) {
  return tooLarge(
    store.shown,
    `a commit lists more than ${MAX_ENTRIES} files, or directories nested more than ${MAX_DEPTH} deep`,
    'Let spec.source.path name a smaller directory.',
  );
}
