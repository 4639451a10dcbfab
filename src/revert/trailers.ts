// The trailers of a message: `Key: value` lines in its last paragraph and nowhere else. Anyone can write
// them, so they tell what a commit says of itself, and prove nothing.

export interface Trailer {
  key: string;
  value: string;
}

/** None, where the last paragraph holds anything else, or is the only one (a subject is no trailer). */
export function trailersOf(message: string): Trailer[] {
  const paragraphs = message
    .replace(/\r\n?/g, '\n')
    .trim()
    .split(/\n[ \t]*\n/);
  const last = paragraphs.at(-1);
  if (paragraphs.length < 2 || last === undefined) return [];
  const found: Trailer[] = [];
  for (const line of last.split('\n')) {
    const match = /^([A-Za-z0-9][A-Za-z0-9-]*): *(.*)$/.exec(line.trimEnd());
    if (match?.[1] === undefined) return [];
    found.push({ key: match[1], value: match[2] ?? '' });
  }
  return found;
}

export interface PawlTrailers {
  /** `<cluster>/<namespace>/<name>` of the App that a revert was made for. */
  app: string | undefined;
  /** Full ids of the commits that it undoes. */
  reverts: string[];
  restores: string | undefined;
  /** `Pawl-Rollback: Hold`: this commit's release is never reverted by Pawl. */
  holdsRollback: boolean;
}

export function pawlTrailers(message: string): PawlTrailers {
  const trailers = trailersOf(message);
  const values = (key: string) =>
    trailers.filter((trailer) => trailer.key.toLowerCase() === key).map((trailer) => trailer.value);
  return {
    app: values('pawl-app').at(-1),
    reverts: values('pawl-reverts').filter(isCommitId),
    restores: values('pawl-restores').filter(isCommitId).at(-1),
    holdsRollback: values('pawl-rollback').some((value) => value.toLowerCase() === 'hold'),
  };
}

function isCommitId(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}
