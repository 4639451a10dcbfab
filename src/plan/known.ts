// What is remembered of each object since it was last applied: enough to tell, without a request, that
// neither its desired form nor its live state has changed. Memory only: losing it costs requests, nothing else.

import type { FieldPath } from '../model/field-path.ts';
import type { KubeObject } from '../model/object.ts';
import type { FieldDrift, Scaler, Shared } from '../model/plan.ts';
import { withoutTrace } from './field-set.ts';
import { differences, type FieldSet, ownFields, valuesOf, type Values } from './fields.ts';
import { withoutLeft } from './left.ts';

export interface Known {
  /** The manifest's hash when it was applied. */
  hash: string;
  uid: string;
  /** Of what was applied: one watch brings all objects of a kind, in a version that may be another. */
  apiVersion: string;
  /** At which nothing had drifted. */
  resourceVersion: string | undefined;
  fields: FieldSet;
  /** Of the owned fields, but for those that are left to others. */
  values: Values;
  left: readonly FieldPath[];
  scaler: Scaler;
}

/** By object key. */
export type Memory = Map<string, Known>;

/** What to remember of the server's answer to an apply; undefined where it does not name our fields. */
export function knownFrom(
  hash: string,
  answer: KubeObject,
  { left = [], scaler = 'none' }: Partial<Pick<Shared, 'left' | 'scaler'>> = {},
): Known | undefined {
  const own = ownFields(answer);
  return own === undefined ? undefined : knownAs(hash, answer, own, { left, scaler });
}

/** Of an object that is known to be as it was applied; `owned`: the fields that are ours. */
export function knownAs(
  hash: string,
  live: KubeObject,
  owned: FieldSet,
  { left, scaler }: Pick<Shared, 'left' | 'scaler'> = { left: [], scaler: 'none' },
): Known | undefined {
  const { apiVersion, metadata } = live;
  const { uid, resourceVersion } = metadata;
  if (uid === undefined) return undefined;
  const fields = sharedFields(owned);
  const values = new Map<string, string | null>();
  for (const [path, value] of valuesBeside(live, fields, left))
    values.set(sharedText(path), value === null ? null : sharedText(value));
  return { hash, uid, apiVersion, resourceVersion, fields, values, left, scaler };
}

const texts = new Map<string, string>();
const fieldSets = new Map<string, FieldSet>();
const MOST_SHARED = 5_000;
const LONGEST_SHARED = 200;

/** A thousand objects of a kind have the same paths and many of the same values: each is kept once. */
function sharedText(text: string): string {
  return text.length > LONGEST_SHARED ? text : shared(texts, text, text);
}

function sharedFields(fields: FieldSet): FieldSet {
  return shared(fieldSets, JSON.stringify(fields), fields);
}

function shared<T>(kept: Map<string, T>, key: string, value: T): T {
  const before = kept.get(key);
  if (before !== undefined) return before;
  // What is forgotten is kept again, once more.
  if (kept.size >= MOST_SHARED) kept.clear();
  kept.set(key, value);
  return value;
}

/** The owned fields that no longer hold what was applied; empty: no drift. */
export function driftOf(known: Known, live: KubeObject): FieldDrift[] {
  const { uid, resourceVersion } = live.metadata;
  if (resourceVersion !== undefined && resourceVersion === known.resourceVersion && uid === known.uid)
    return [];
  if (live.apiVersion !== known.apiVersion) return lostIn(known, live);
  return differences(known.values, valuesBeside(live, known.fields, known.left), live.kind === 'Secret');
}

/** As {@link valuesOf}, without what is left to others, be it a field or part of one. */
function valuesBeside(object: KubeObject, fields: FieldSet, left: readonly FieldPath[]): Values {
  return left.length === 0
    ? valuesOf(object, fields)
    : valuesOf(withoutLeft(object, left), left.reduce(withoutTrace, fields));
}

/**
 * In another version fields have other names, so values cannot be compared. But whoever changes a field takes it
 * from our set, which the server keeps in the version that was applied. A mirror keeps no sets: there it is the
 * events that tell.
 */
function lostIn(known: Known, live: KubeObject): FieldDrift[] {
  const owned = live.metadata.managedFields === undefined ? known.fields : (ownFields(live) ?? {});
  const still = valuesBeside(live, owned, known.left);
  const isSecret = live.kind === 'Secret';
  return [...known.values]
    .filter(([path]) => !still.has(path))
    .map(([path, value]) => ({
      path,
      desired: isSecret || value === null ? undefined : (JSON.parse(value) as unknown),
      found: undefined,
    }));
}

/** Whether the mirror's copy can be compared with what was applied, or is that very state. */
export function isComparable(known: Known, mirrored: KubeObject): boolean {
  const { resourceVersion } = mirrored.metadata;
  return mirrored.apiVersion === known.apiVersion || resourceVersion === known.resourceVersion;
}
