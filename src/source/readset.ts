// The read set of a directory of plain manifests: which of a commit's files a render reads. A commit concerns
// the App when this set differs from every parent's. Names come from whoever may push, so whatever cannot be
// read the same way everywhere is a problem that names its path, never guessed at:
// R1 Files are .yaml, .yml and .json below the path; names that start with a dot are passed over, whole
//    directories of them too (editors, CI and tools keep their own files there).
// R2 A symbolic link or a submodule where a manifest would be read is a problem: it leads out of the commit.
// R3 So is a name that git or another file system would refuse or mistake for a second one.

import { createHash } from 'node:crypto';
import type { TreeFile } from '../model/manifest.ts';
import { oneLine } from '../model/text.ts';

export interface ReadSetProblem {
  path: string;
  reason: 'SymbolicLink' | 'Submodule' | 'BadPath' | 'CaseCollision';
  /** A sentence with the path, for people. */
  message: string;
}

export interface ReadSet {
  /** Sorted by the bytes of the path; without the entries that are problems. */
  files: TreeFile[];
  /** Equal for equal paths, contents and modes, problems included. */
  hash: string;
  problems: ReadSetProblem[];
}

const MANIFEST = /\.(?:ya?ml|json)$/i;
const LINK = '120000';
const SUBMODULE = '160000';

/** `entries`: of a commit, below `path` (the root where it is empty) or anywhere. */
export function readSetOf(entries: readonly TreeFile[], path: string): ReadSet {
  const prefix = path === '' ? '' : `${path}/`;
  const seen = entries
    .filter((entry) => entry.path.startsWith(prefix) && isRead(entry, prefix.length))
    .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const spellings = new Map<string, string>();
  const files: TreeFile[] = [];
  const problems: ReadSetProblem[] = [];
  for (const entry of seen) {
    const problem = problemOf(entry, spellings);
    if (problem === undefined) files.push(entry);
    else problems.push(problem);
  }
  return { files, hash: hashOf(seen), problems };
}

function isRead(entry: TreeFile, from: number): boolean {
  const names = entry.path.slice(from).split('/');
  // Dots alone are no hidden name but a path that leads elsewhere: a problem, not something to pass over.
  if (names.some((name) => name.startsWith('.') && !isDots(name))) return false;
  // What a link or a submodule holds is not known: below the path it could be a directory of manifests.
  return entry.mode === SUBMODULE || entry.mode === LINK || MANIFEST.test(entry.path);
}

function isDots(name: string): boolean {
  return name === '.' || name === '..';
}

function problemOf(entry: TreeFile, spellings: Map<string, string>): ReadSetProblem | undefined {
  const { path } = entry;
  const shown = oneLine(path, 200);
  if (!isPlainPath(path))
    return { path, reason: 'BadPath', message: `${shown} is no path that can be read safely` };
  if (entry.mode === LINK) {
    return {
      path,
      reason: 'SymbolicLink',
      message: `${shown} is a symbolic link; put the file itself there`,
    };
  }
  if (entry.mode === SUBMODULE) {
    return { path, reason: 'Submodule', message: `${shown} is a submodule; its files are not read` };
  }
  const spelling = path.normalize('NFC').toLowerCase();
  const other = spellings.get(spelling);
  if (other !== undefined) {
    const message = `${shown} and ${oneLine(other, 200)} differ only in how they are spelled; rename one of them`;
    return { path, reason: 'CaseCollision', message };
  }
  spellings.set(spelling, path);
  return undefined;
}

function isPlainPath(path: string): boolean {
  // The replacement character stands for bytes that are no UTF-8.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f\\\ufffd]/.test(path)) return false;
  return path.split('/').every((name) => name !== '' && !isDots(name) && name.length <= 255);
}

function hashOf(entries: readonly TreeFile[]): string {
  const hash = createHash('sha256');
  for (const { path, oid, mode } of entries) hash.update(`${path.length} ${path} ${mode} ${oid}\n`);
  return hash.digest('hex');
}
