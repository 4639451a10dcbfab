// How people name a commit: in full, by its start, or as Pawl prints it, `main@sha1:<40 hex>`.

import type { App } from '../model/app.ts';
import { PawlError } from '../model/errors.ts';

/** A text that may name a commit: its hex digits (7 to 40), and the branch where one was given. */
export interface RevisionText {
  hex: string;
  branch: string | undefined;
}

export const SHORTEST_PREFIX = 7;
const FULL = 40;

/** Throws PawlError `BadRevision`. */
export function parseRevision(text: string): RevisionText {
  const at = text.lastIndexOf('@sha1:');
  const branch = at < 0 ? undefined : text.slice(0, at);
  const hex = (at < 0 ? text : text.slice(at + '@sha1:'.length)).toLowerCase();
  if (!/^[0-9a-f]+$/.test(hex) || hex.length > FULL || hex.length < SHORTEST_PREFIX || branch === '') {
    throw new PawlError({
      code: 'BadRevision',
      message: `${JSON.stringify(text.slice(0, 100))} does not name a commit`,
      hint: `Write its id in full or its first ${SHORTEST_PREFIX} or more digits, as \`pawl history\` prints it.`,
    });
  }
  return { hex, branch };
}

export function isFull(hex: string): boolean {
  return hex.length === FULL;
}

/** Throws PawlError `BadRevision` where the text names another branch than the App follows. */
export function onBranch(revision: RevisionText, app: App): void {
  const branch = app.spec.source.branch ?? 'main';
  if (revision.branch === undefined || revision.branch === branch) return;
  throw new PawlError({
    code: 'BadRevision',
    message: `the revision is of the branch ${revision.branch}, but ${app.metadata.name} follows ${branch}`,
    hint: 'Name a commit of the branch that the App follows.',
  });
}

/**
 * The one commit among `known` that starts with `hex`; undefined where there is none. `known` may repeat.
 * Throws PawlError `AmbiguousRevision`.
 */
export function complete(hex: string, known: Iterable<string>): string | undefined {
  const matches = [...new Set([...known].filter((commit) => commit.startsWith(hex)))];
  if (matches.length < 2) return matches[0];
  throw new PawlError({
    code: 'AmbiguousRevision',
    message: `${hex} is the start of several commits: ${matches.slice(0, 5).join(', ')}`,
    hint: 'Write more of its digits.',
  });
}

/** Every commit that the App's status names. */
export function commitsIn(app: App): string[] {
  const { head, applied, healthy, release, revert, history = [], undo } = app.status ?? {};
  const named = [
    head?.commit,
    applied?.commit,
    healthy?.commit,
    release?.commit,
    revert?.commit,
    undo?.commit,
    ...history.flatMap((entry) => [entry.commit, entry.revertedBy]),
  ];
  return [...new Set(named.filter((commit) => commit !== undefined))];
}
