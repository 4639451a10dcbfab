// Hashes of values. With a key: the hashes end up in statuses, and a plain hash of a Secret could be guessed.

import { createHmac } from 'node:crypto';
import { isMapping } from './compose.ts';

/** JSON with keys in order: the same for values that mean the same. */
export function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`;
  if (!isMapping(value)) return JSON.stringify(value) ?? 'null';
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${stableJson(value[key])}`).join(',')}}`;
}

/** Hex, 64 characters. */
export function keyedHash(hmacKey: Uint8Array, value: unknown): string {
  return createHmac('sha256', hmacKey).update(stableJson(value)).digest('hex');
}
