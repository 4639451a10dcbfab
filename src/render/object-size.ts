// How large an object is for the store of the API server: etcd takes requests of 1.5 MiB at most. What is counted
// is the least that it can be stored in (texts, names of fields, digits), so nothing is refused that would fit.

import { isExactInteger } from './scalar.ts';

export const MAX_OBJECT_BYTES = 1.5 * 1024 * 1024;

/** Counts no further than a little above `most`; where aliases were, the same text counts each time. */
export function leastBytes(value: unknown, most = MAX_OBJECT_BYTES): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (value === null || typeof value !== 'object' || isExactInteger(value)) return 1;
  let bytes = 0;
  for (const [key, inner] of Object.entries(value)) {
    bytes += (Array.isArray(value) ? 0 : Buffer.byteLength(key)) + leastBytes(inner, most - bytes);
    if (bytes > most) break;
  }
  return bytes;
}
