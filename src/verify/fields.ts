// Reading objects that nobody vouches for: a field of the wrong type reads like one that is missing.

import { isMapping } from '../model/mapping.ts';

export type Fields = Record<string, unknown>;

/** The object at the path, empty where there is none. */
export function at(value: unknown, ...path: string[]): Fields {
  let found: unknown = value;
  for (const name of path) found = own(found, name);
  return isMapping(found) ? found : {};
}

/** The objects of the list at the path. */
export function listAt(value: unknown, ...path: string[]): Fields[] {
  let found: unknown = value;
  for (const name of path) found = own(found, name);
  return Array.isArray(found) ? found.filter(isMapping) : [];
}

export function numberIn(fields: Fields, name: string): number | undefined {
  const value = own(fields, name);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** A counter of a status: controllers leave zero out. */
export function countIn(fields: Fields, name: string): number {
  return numberIn(fields, name) ?? 0;
}

export function textIn(fields: Fields, name: string): string {
  const value = own(fields, name);
  return typeof value === 'string' ? value : '';
}

/** Milliseconds since the epoch; undefined where there is no time to read. */
export function timeIn(fields: Fields, name: string): number | undefined {
  const ms = Date.parse(textIn(fields, name));
  return Number.isNaN(ms) ? undefined : ms;
}

export interface ConditionView {
  status: string;
  reason: string;
  message: string;
  lastUpdateTime: string;
  observedGeneration: number | undefined;
}

export function conditionOf(object: unknown, type: string): ConditionView | undefined {
  const found = listAt(object, 'status', 'conditions').find((condition) => condition.type === type);
  if (found === undefined) return undefined;
  return {
    status: textIn(found, 'status'),
    reason: textIn(found, 'reason'),
    message: textIn(found, 'message'),
    lastUpdateTime: textIn(found, 'lastUpdateTime'),
    observedGeneration: numberIn(found, 'observedGeneration'),
  };
}

/**
 * A reason that may go into a commit: one CamelCase word. Anyone with rights on a status can write any text
 * there, so what is no such word is replaced.
 */
export function word(text: string, otherwise: string): string {
  return /^[A-Z][A-Za-z0-9]{0,63}$/.test(text) ? text : otherwise;
}

function own(value: unknown, name: string): unknown {
  return isMapping(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
