// What a revert does to the files. Restoring files needs no merge: each file that the App read at the healthy
// revision, or at any commit since, is put back as it was there, or removed if it was not there. Every other
// file stays as it is at the head.

import type { TreeFile } from '../model/manifest.ts';

/** Path → the entry to put there, or null to remove it; as git composes a commit from. */
export type Edits = Map<string, { oid: string; mode: string } | null>;

/**
 * `paths`: the union of the read sets; `healthy` and `head`: the entries of those commits, at least those
 * paths. Only what differs is an edit, so nothing to do is an empty map. Sorted by path.
 */
export function restoreEdits(
  paths: Iterable<string>,
  healthy: readonly TreeFile[],
  head: readonly TreeFile[],
): Edits {
  const before = byPath(healthy);
  const now = byPath(head);
  const edits: Edits = new Map();
  for (const path of [...new Set(paths)].sort()) {
    const was = before.get(path);
    const is = now.get(path);
    if (was?.oid === is?.oid && was?.mode === is?.mode) continue;
    edits.set(path, was === undefined ? null : { oid: was.oid, mode: was.mode });
  }
  return edits;
}

function byPath(files: readonly TreeFile[]): Map<string, TreeFile> {
  return new Map(files.map((file) => [file.path, file]));
}

/** The directory that holds all paths; empty for the root. */
export function commonDirectory(paths: Iterable<string>): string {
  let common: string[] | undefined;
  for (const path of paths) {
    const names = path.split('/').slice(0, -1);
    const before: string[] = common ?? names;
    const end = before.findIndex((name, i) => name !== names[i]);
    common = end < 0 ? before : before.slice(0, end);
  }
  return (common ?? []).join('/');
}
