// Commits as the stages see them.

import { oneLine } from './text.ts';

export interface Person {
  name: string;
  email: string;
}

export interface Commit {
  oid: string;
  parents: string[];
  tree: string;
  message: string;
  author: Person;
  /** Author time, seconds since the epoch. Shown, never compared: anyone can write any time. */
  authoredAt: number;
}

/** The first line, without what does not show, at most 200 characters. */
export function subjectOf(commit: { message: string }): string {
  return oneLine(commit.message.split('\n', 1)[0] ?? '', 200);
}

export function short(oid: string): string {
  return oid.slice(0, 7);
}
