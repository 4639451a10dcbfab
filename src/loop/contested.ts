// Who changes an object again each time it is set back is not fought: after five corrections within a minute the
// object is left as it is, and that is said. It is set back once nobody has changed it for a minute.

import { idFromKey, showId } from '../model/object.ts';
import { oneLine } from '../model/text.ts';
import type { Session } from './context.ts';

const CONTESTED = { times: 5, withinMs: 60_000 };

type Memory = Pick<Session, 'contested' | 'corrections'>;

/**
 * Asked before each correction, which it counts. Undefined: to be set back; else for how long it is left as it is,
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
  if (before === undefined ? recent.length >= CONTESTED.times : isFresh) contested.set(key, nowMs);
  const lastMs = contested.get(key);
  if (lastMs !== undefined && nowMs - lastMs < CONTESTED.withinMs)
    return CONTESTED.withinMs - (nowMs - lastMs);
  contested.delete(key);
  corrections.set(key, [...recent, nowMs]);
  return undefined;
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
