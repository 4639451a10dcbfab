// Paths of fields, written as drift shows them: `spec.template.spec.containers[name=web].image`,
// `metadata.annotations[example.com/owner]`, `spec.ports[port=80,protocol=TCP].nodePort`. Where a list entry is
// meant it is named by its keys, never by its place, as the place changes when others add entries.
//
// 1. Nothing given is changed: `withField` and `withoutField` return copies that share what they did not touch.

import type { KubeObject } from './object.ts';

export type PathStep =
  /** A field, or a key of a mapping. In `[ ]` it may also be a member of a list of values, or a place in a list. */
  | { kind: 'field'; name: string }
  /** The list entry whose keys have these values, as texts. */
  | { kind: 'entry'; keys: readonly (readonly [key: string, value: string])[] };

export interface FieldPath {
  /** As it was written. */
  text: string;
  steps: readonly PathStep[];
}

/** What the server takes a key for that is not written. */
const KEY_DEFAULTS: Readonly<Record<string, string>> = { protocol: 'TCP' };

/** Undefined for what is no path. */
export function parseFieldPath(text: string): FieldPath | undefined {
  const steps: PathStep[] = [];
  const token = /(?<dot>\.?)(?<name>[A-Za-z_$][\w$-]*)|\[(?<inner>[^[\]]+)\]/y;
  while (token.lastIndex < text.length) {
    const isFirst = steps.length === 0;
    const groups = token.exec(text)?.groups;
    if (groups === undefined) return undefined;
    const { dot, name, inner } = groups;
    if (name !== undefined) {
      if ((dot === '') !== isFirst) return undefined;
      steps.push({ kind: 'field', name });
    } else {
      const step = isFirst ? undefined : bracket(inner ?? '');
      if (step === undefined) return undefined;
      steps.push(step);
    }
  }
  return steps.length === 0 ? undefined : { text, steps };
}

function bracket(inner: string): PathStep | undefined {
  if (!inner.includes('=')) return { kind: 'field', name: inner };
  const keys = inner.split(',').map((pair): [string, string] => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  });
  return keys.every(([key, value]) => /^[A-Za-z_$][\w$-]*$/.test(key) && value !== '')
    ? { kind: 'entry', keys }
    : undefined;
}

/** Cuts a list of paths at its commas; those within `[ ]` belong to a path. */
export function splitFieldPaths(text: string): string[] {
  return text
    .split(/,(?![^[]*\])/)
    .map((path) => path.trim())
    .filter((path) => path !== '');
}

export function valueAt(object: unknown, path: FieldPath): unknown {
  let value = object;
  for (const step of path.steps) value = child(value, step);
  return value;
}

/** Whether every list entry on the way is there: the field of an entry that is not is nobody's yet. */
export function isPlaceIn(object: unknown, path: FieldPath): boolean {
  let value = object;
  for (const step of path.steps) {
    value = child(value, step);
    if (step.kind === 'entry' && value === undefined) return false;
  }
  return true;
}

export function withoutField(object: KubeObject, path: FieldPath): KubeObject {
  return removed(object, path.steps) as KubeObject;
}

/** Puts the value where the path leads; the object as it is where a list on the way has no such entry. */
export function withField(object: KubeObject, path: FieldPath, value: unknown): KubeObject {
  return put(object, path.steps, value) as KubeObject;
}

function removed(value: unknown, steps: readonly PathStep[]): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || value === null || typeof value !== 'object') return value;
  const key = keyIn(value, step);
  if (key === undefined) return value;
  const inner = (value as Record<string, unknown>)[key];
  const next = rest.length === 0 ? undefined : removed(inner, rest);
  if (next === inner) return value;
  // A mapping that held nothing else would say that it is to be empty.
  const isGone = next === undefined || (step.kind === 'field' && isEmpty(next) && !isEmpty(inner));
  if (Array.isArray(value))
    return isGone ? value.filter((_, at) => at !== Number(key)) : value.with(Number(key), next);
  const { [key]: _gone, ...others } = value as Record<string, unknown>;
  return isGone ? others : { ...value, [key]: next };
}

function put(value: unknown, steps: readonly PathStep[], wanted: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return wanted;
  if (Array.isArray(value)) {
    const key = keyIn(value, step);
    if (key !== undefined) return value.with(Number(key), put(value[Number(key)], rest, wanted));
    return step.kind === 'entry' && rest.length === 0 ? [...value, wanted] : value;
  }
  if (step.kind === 'entry') return value === undefined && rest.length === 0 ? [wanted] : value;
  const mapping = value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  const inner = Object.hasOwn(mapping, step.name) ? mapping[step.name] : undefined;
  const next = put(inner, rest, wanted);
  return next === undefined ? value : { ...mapping, [step.name]: next };
}

function child(value: unknown, step: PathStep): unknown {
  if (value === null || typeof value !== 'object') return undefined;
  const key = keyIn(value, step);
  return key === undefined ? undefined : (value as Record<string, unknown>)[key];
}

/** The key or the place in `value` (a mapping or a list) that the step means. */
function keyIn(value: object, step: PathStep): string | undefined {
  if (!Array.isArray(value))
    return step.kind === 'field' && Object.hasOwn(value, step.name) ? step.name : undefined;
  const at = value.findIndex((entry: unknown) => isMeant(entry, step));
  if (at >= 0) return String(at);
  return step.kind === 'field' && /^\d+$/.test(step.name) && Number(step.name) < value.length
    ? step.name
    : undefined;
}

function isMeant(entry: unknown, step: PathStep): boolean {
  if (step.kind === 'field')
    return typeof entry === 'string' && (entry === step.name || JSON.stringify(entry) === step.name);
  if (entry === null || typeof entry !== 'object') return false;
  const fields = entry as Record<string, unknown>;
  return step.keys.every(([key, value]) => keyText(fields[key] ?? KEY_DEFAULTS[key]) === value);
}

/** How a key of a list entry is written in a path: these are texts, numbers, or true and false. */
export function keyText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function isEmpty(value: unknown): boolean {
  return (
    value !== null && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0
  );
}
