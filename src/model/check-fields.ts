// The fields of one check: each reads what it is meant for, or complains by the field's name. No value is quoted:
// people write secrets into headers all the same.

import type { Invalid } from './source-rules.ts';
import { isMapping } from './mapping.ts';

export interface StatusRange {
  from: number;
  to: number;
}

/** Milliseconds; complains of what is no duration, or shorter than `leastMs`. */
export type ReadDuration = (
  field: string,
  text: string | undefined,
  fallback: string,
  leastMs: number,
) => number;

export type Fields = Record<string, unknown>;

export interface Reader {
  defaultNamespace: string;
  duration: ReadDuration;
  invalid: Invalid;
}

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const PORT_NAME = /^(?=.{1,15}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const HEADER_NAME = /^[-!#$%&'*+.^_`|~0-9A-Za-z]{1,100}$/;
const HEADER_VALUE = /^[ -~]{0,1024}$/;
/** What says where the request goes, or how it is framed. */
const OWN_HEADERS =
  /^(?:host|connection|content-length|transfer-encoding|expect|upgrade|te|trailer|keep-alive|proxy-.*)$/i;
const MAX_TIMES = 100;
const MAX_HEADERS = 20;

/** `200`, `2xx`, `200-299`, or several of them with commas between; undefined where it means nothing. */
export function parseStatus(text: string): StatusRange[] | undefined {
  const ranges = text.split(',').map((part): StatusRange | undefined => {
    const word = part.trim();
    const hundred = /^([1-5])xx$/i.exec(word)?.[1];
    if (hundred !== undefined) return { from: Number(hundred) * 100, to: Number(hundred) * 100 + 99 };
    const [, from = '', to = from] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(word) ?? [];
    return from === '' || Number(from) > Number(to) ? undefined : { from: Number(from), to: Number(to) };
  });
  return ranges.length <= 20 && ranges.every((range) => range !== undefined) ? ranges : undefined;
}

export function statusOf(value: unknown, at: string, invalid: Invalid): readonly StatusRange[] {
  const text = isGiven(value) ? value : '2xx';
  const ranges = typeof text === 'number' || typeof text === 'string' ? parseStatus(String(text)) : undefined;
  if (ranges !== undefined) return ranges;
  invalid(`${at}.status is no status`, 'Write 200, 2xx, 200-299, or several with commas between.');
  return [];
}

export function headersOf(value: unknown, at: string, invalid: Invalid): [string, string][] {
  if (!isGiven(value)) return [];
  if (!isMapping(value) || Object.keys(value).length > MAX_HEADERS) {
    invalid(`${at}.headers is not a mapping of at most ${MAX_HEADERS} headers`, 'Name: value.');
    return [];
  }
  return Object.entries(value).flatMap(([name, text]): [string, string][] => {
    if (!HEADER_NAME.test(name) || OWN_HEADERS.test(name)) {
      invalid(`${at}.headers holds a name that cannot be set`, 'The host has a field of its own.');
      return [];
    }
    if (typeof text !== 'string' || !HEADER_VALUE.test(text)) {
      invalid(
        `${at}.headers holds a value that is no line of ASCII text`,
        'Quote numbers; 1,024 characters.',
      );
      return [];
    }
    return [[name, text]];
  });
}

export function portOf(value: unknown, at: string, invalid: Invalid): number | string {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536) return value;
  if (typeof value === 'string' && PORT_NAME.test(value)) return value;
  invalid(`${at}.port is not a port of a Service`, 'Its number from 1 to 65535, or its name.');
  return 0;
}

export function timesOf(value: unknown, at: string, invalid: Invalid): number {
  const times = isGiven(value) ? value : 1;
  if (typeof times === 'number' && Number.isInteger(times) && times >= 1 && times <= MAX_TIMES) return times;
  invalid(`${at}.times must be a whole number from 1 to ${MAX_TIMES}`, 'Leave it out for 1.');
  return 1;
}

export function numberOf(fields: Fields, name: string, at: string, invalid: Invalid): number | undefined {
  const value = fields[name];
  if (!isGiven(value)) return undefined;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  invalid(`${at}.${name} is not a number`, 'Write it like 0.05.');
  return undefined;
}

export function objectName(fields: Fields, name: string, rule: RegExp, at: string, reader: Reader): string {
  const value = textOf(fields, name, at, reader) ?? '';
  if (!rule.test(value)) reader.invalid(`${at}.${name} is not the name of such an object`, 'It is required.');
  return value;
}

export function namespaceOf(fields: Fields, at: string, reader: Reader): string {
  const value = textOf(fields, 'namespace', at, reader) ?? reader.defaultNamespace;
  if (!LABEL.test(value))
    reader.invalid(`${at}.namespace is not the name of a namespace`, 'Or leave it out.');
  return value;
}

export function durationOf(
  fields: Fields,
  name: string,
  fallback: string,
  leastMs: number,
  at: string,
  reader: Reader,
): number {
  return reader.duration(`${at}.${name}`, textOf(fields, name, at, reader), fallback, leastMs);
}

export function choice<T extends string>(
  fields: Fields,
  name: string,
  values: readonly [T, ...T[]],
  at: string,
  reader: Reader,
): T {
  const value = fields[name];
  const found = values.find((one) => one === value);
  if (isGiven(value) && found === undefined)
    reader.invalid(`${at}.${name} is not one of ${values.join(', ')}`, `Left out, it is ${values[0]}.`);
  return found ?? values[0];
}

export function textOf(fields: Fields, name: string, at: string, reader: Reader): string | undefined {
  const value = fields[name];
  if (!isGiven(value)) return undefined;
  if (typeof value === 'string') return value;
  reader.invalid(`${at}.${name} is not a text`, 'Quote it.');
  return undefined;
}

export function onlyKnown(fields: Fields, known: readonly string[], at: string, reader: Reader): void {
  for (const name of Object.keys(fields)) {
    if (!known.includes(name))
      reader.invalid(
        `${at} has an unknown field ${JSON.stringify(name.slice(0, 60))}`,
        `Known are ${known.join(', ')}.`,
      );
  }
}

export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
