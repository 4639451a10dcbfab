// What may be written into a tree. Paths come from trees that anyone can push: a path that git itself would
// refuse, or that would mean something else in a work tree, is refused here (`GitBadPath`).

import { PawlError } from '../../model/errors.ts';
import type { ComposeRequest } from '../../ports.ts';
import { clean } from './errors.ts';
import type { TreeEdits } from './tree.ts';

export const SUBMODULE = '160000';
const MODES = new Set(['100644', '100755', '100664', '120000', SUBMODULE]);

/** Checked, with paths as bytes. */
export function checkedEdits(edits: ComposeRequest['edits']): TreeEdits {
  const checked = new Map<string, { oid: string; mode: string } | null>();
  for (const [path, edit] of edits) {
    if (!isWritablePath(path)) throw refused(path, 'is no path that may be written');
    if (edit !== null && !MODES.has(edit.mode)) throw refused(path, 'is no entry that may be written');
    if (edit !== null && !/^[0-9a-f]{40}$/.test(edit.oid)) throw refused(path, 'has no object id');
    checked.set(Buffer.from(path, 'utf8').toString('latin1'), edit);
  }
  return checked;
}

export function isWritablePath(path: string): boolean {
  // A lone surrogate, or the replacement character, stands for bytes that were not UTF-8: they are lost.
  if (path === '' || path.length > 4096 || path.includes('\0') || path.includes('\ufffd')) return false;
  if (!path.isWellFormed()) return false;
  return path.split('/').every((name) => name !== '' && name !== '.' && name !== '..' && !isDotGit(name));
}

/** `.git` as any file system would read it: case, trailing dots and spaces, short names, ignored characters. */
function isDotGit(name: string): boolean {
  const plain = name.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '').toLowerCase();
  return plain
    .split('\\')
    .some(
      (part) => /^(?:\.git|git~\d+)[. ]*(?::.*)?$/.test(part) || (plain !== part && /^\.{1,2}$/.test(part)),
    );
}

function refused(path: string, why: string): PawlError {
  return new PawlError({
    code: 'GitBadPath',
    message: `${JSON.stringify(clean(path, 120))} ${why}`,
    hint: 'Nothing was written. Remove the file from the repository by hand.',
  });
}
