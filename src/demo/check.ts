// What must be true after a story, as data: what was looked at, what it should be, what it is. The demo believes
// these, read from the branch and the cluster, and not what it told.

import { isDeepStrictEqual } from 'node:util';

export interface Check {
  what: string;
  want: unknown;
  found: unknown;
}

export function failing(checks: readonly Check[]): Check[] {
  return checks.filter(({ want, found }) => !isDeepStrictEqual(want, found));
}

/** Lines for people; nothing else is said about a check that failed. */
export function describe({ what, want, found }: Check): string[] {
  return [`not so: ${what}`, `  expected ${show(want)}`, `  found    ${show(found)}`];
}

const LONGEST = 300;

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
