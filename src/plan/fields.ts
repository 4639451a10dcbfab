// Which fields of an object are ours, and what they hold. Server-side apply keeps the set of owned fields in
// managedFields (the fieldsV1 format of KEP-555); a change of such a field by anybody else is drift, and a
// change of any other field is none of our business.

import { ANNOTATION, FIELD_MANAGER } from '../model/app.ts';
import type { KubeObject, ManagedFieldsEntry } from '../model/object.ts';
import type { FieldDrift } from '../model/plan.ts';

export type FieldSet = Record<string, unknown>;

/** Path (`spec.template.spec.containers[name=web].image`) → the value, as JSON; null where it is missing. */
export type Values = ReadonlyMap<string, string | null>;

/** Never counted: it says which commit changed the object, and changes nothing. */
const IGNORED_PATHS: ReadonlySet<string> = new Set([
  `metadata.annotations[${ANNOTATION.changeCause}]`,
  `metadata.annotations[${ANNOTATION.adopted}]`,
]);

/** The fields that Pawl owns by its applies, or undefined where it never applied the object. */
export function ownFields(object: KubeObject): FieldSet | undefined {
  return object.metadata.managedFields?.find(isOurs)?.fieldsV1;
}

export function isOurs(entry: ManagedFieldsEntry): boolean {
  return entry.manager === FIELD_MANAGER && entry.operation === 'Apply' && (entry.subresource ?? '') === '';
}

/** The values that the fields of the set have in the object. */
export function valuesOf(object: KubeObject, fields: FieldSet): Values {
  const values = new Map<string, string | null>();
  collect(object, fields, '', values);
  for (const path of IGNORED_PATHS) values.delete(path);
  return values;
}

function collect(value: unknown, fields: FieldSet, path: string, into: Map<string, string | null>): void {
  for (const [selector, below] of Object.entries(fields)) {
    if (selector === '.') {
      into.set(`${path}{}`, value === undefined || value === null ? null : 'true');
      continue;
    }
    const found = select(value, selector);
    const at = path + showSelector(selector, path);
    const inner = below as FieldSet;
    if (Object.keys(inner).length === 0) into.set(at, found === undefined ? null : JSON.stringify(found));
    else collect(found, inner, at, into);
  }
}

/** One step down: `f:` a field, `k:` the list entry with these keys, `v:` a member of a set, `i:` an index. */
function select(value: unknown, selector: string): unknown {
  if (value === null || typeof value !== 'object') return undefined;
  const rest = selector.slice(2);
  switch (selector.slice(0, 2)) {
    case 'f:':
      return Object.hasOwn(value, rest) ? (value as Record<string, unknown>)[rest] : undefined;
    case 'k:': {
      const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>);
      return Array.isArray(value)
        ? value.find((entry: Record<string, unknown>) =>
            keys.every(([key, wanted]) => entry?.[key] === wanted),
          )
        : undefined;
    }
    case 'v:': {
      const wanted = JSON.parse(rest) as unknown;
      return Array.isArray(value) ? value.find((entry) => entry === wanted) : undefined;
    }
    case 'i:':
      return Array.isArray(value) ? value[Number(rest)] : undefined;
    default:
      return undefined;
  }
}

function showSelector(selector: string, path: string): string {
  const rest = selector.slice(2);
  if (selector.startsWith('f:')) {
    // Keys of labels and annotations hold dots and slashes themselves.
    if (/[./]/.test(rest)) return `[${rest}]`;
    return path === '' ? rest : `.${rest}`;
  }
  if (selector.startsWith('k:')) {
    const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>);
    return `[${keys.map(([key, value]) => `${key}=${String(value)}`).join(',')}]`;
  }
  return `[${rest}]`;
}

/** Where two readings of the same fields differ. Values of Secrets are left out. */
export function differences(desired: Values, found: Values, isSecret: boolean): FieldDrift[] {
  const drifts: FieldDrift[] = [];
  for (const [path, value] of desired) {
    const now = found.get(path) ?? null;
    if (now === value) continue;
    drifts.push({ path, desired: show(value, isSecret), found: show(now, isSecret) });
  }
  return drifts;
}

function show(value: string | null, isSecret: boolean): unknown {
  if (isSecret || value === null) return undefined;
  return JSON.parse(value) as unknown;
}

/**
 * Who made the change: the newest other manager that owns the field, else the newest other manager at all.
 * An update moves a field from our entry to the updater's, so the entry as it stands now tells.
 */
export function managerOf(object: KubeObject, path: string | undefined): string {
  const owner = path === undefined ? undefined : ownerOf(object, path);
  return owner ?? othersIn(object)[0]?.manager ?? 'unknown';
}

/** The newest other manager that owns the field; undefined where it is nobody's, or ours alone. */
export function ownerOf(object: KubeObject, path: string): string | undefined {
  return othersIn(object).find(
    (entry) => entry.fieldsV1 !== undefined && valuesOf(object, entry.fieldsV1).has(path),
  )?.manager;
}

function othersIn(object: KubeObject): ManagedFieldsEntry[] {
  return (object.metadata.managedFields ?? [])
    .filter((entry) => !isOurs(entry) && (entry.subresource ?? '') !== 'status')
    .sort((a, b) => (b.time ?? '').localeCompare(a.time ?? ''));
}
