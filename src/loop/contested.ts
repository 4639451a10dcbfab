// Who changes an object again each time it is set back is not fought: after five corrections within a minute the
// object is left as it is, and that is said. It is set back once nobody has changed it for a minute. Only what was set
// back counts: a correction that the server refuses, and that is tried again and again, is nobody's contest.

import { idFromKey, showId } from '../model/object.ts';
import { oneLine } from '../model/text.ts';
import type { Session } from './context.ts';

const CONTESTED = { times: 5, withinMs: 60_000 };

type Memory = Pick<Session, 'contested' | 'corrections'>;

/**
 * Asked before each correction. Undefined: to be set back; else for how long it is left as it is,
 * if nobody changes it again. `isFresh`: it has been changed since this was asked last.
 */
export function contestedForMs(
  { contested, corrections }: Memory,
  key: string,
  isFresh: boolean,
  nowMs: number,
): number | undefined {
  const recent = (corrections.get(key) ?? []).filter((at) => nowMs - at < CONTESTED.withinMs);
  const before = contested.get(key);
  if (isFresh && (before !== undefined || recent.length >= CONTESTED.times)) contested.set(key, nowMs);
  const lastMs = contested.get(key);
  if (lastMs !== undefined && nowMs - lastMs < CONTESTED.withinMs)
    return CONTESTED.withinMs - (nowMs - lastMs);
  contested.delete(key);
  if (recent.length > 0) corrections.set(key, recent);
  else corrections.delete(key);
  return undefined;
}

/** It was set back. */
export function noteCorrected(
  { corrections }: Pick<Memory, 'corrections'>,
  key: string,
  nowMs: number,
): void {
  corrections.set(key, [...(corrections.get(key) ?? []), nowMs]);
}

/** What is left as others have it, for the status; undefined where nothing is. */
export function contestedNow({
  contested,
  drifted,
}: Pick<Session, 'contested' | 'drifted'>): string | undefined {
  const all = [...contested.keys()].filter((key) => drifted.has(key)).sort();
  const [first = ''] = all;
  const drift = drifted.get(first);
  const id = idFromKey(first);
  if (drift === undefined || id === undefined) return undefined;
  const what = drift.deleted
    ? 'which is deleted'
    : `${oneLine(drift.fields[0]?.path ?? '', 200)}, which is changed`;
  const more = all.length > 1 ? `; and ${all.length - 1} more objects` : '';
  return `contested: ${showId(id)} ${what} again each time it is set back, by ${oneLine(drift.manager, 63)}${more}`;
}
