// Commits as the stages see them.

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

/** The first line, control characters removed, at most 200 characters. */
export function subjectOf(commit: { message: string }): string {
  const line = commit.message.split('\n', 1)[0] ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the point
  return line
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, ' ')
    .trim()
    .slice(0, 200);
}

export function short(oid: string): string {
  return oid.slice(0, 7);
}
