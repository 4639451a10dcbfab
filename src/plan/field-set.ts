// Sets of fields as managedFields writes them (fieldsV1): a tree in which `{}` is a member, and a member that has
// members below it says so by `.`. Pure; nothing given is changed.

import { type FieldPath, keyText, type PathStep } from '../model/field-path.ts';
import type { FieldSet } from './fields.ts';

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = { ...a };
  for (const [selector, below] of Object.entries(b)) {
    const here = Object.hasOwn(a, selector) ? (a[selector] as FieldSet) : undefined;
    result[selector] = here === undefined || selector === '.' ? below : unionBelow(here, below as FieldSet);
  }
  return result;
}

function unionBelow(a: FieldSet, b: FieldSet): FieldSet {
  const result = union(explicit(a), explicit(b));
  return Object.keys(result).every((selector) => selector === '.') ? {} : result;
}

/** A member without members below is written `{}`, and with them `.`: here always `.`. */
function explicit(set: FieldSet): FieldSet {
  return Object.keys(set).length === 0 ? { '.': {} } : set;
}

/** Whether the field, or anything below it, is in the set. */
export function holds(set: FieldSet, path: FieldPath): boolean {
  return below(set, path.steps) !== undefined;
}

/**
 * Whether the field is part of one that is owned as a whole (an atomic list or mapping): then it cannot be left
 * out without removing it.
 */
export function isWithinWhole(set: FieldSet, path: FieldPath): boolean {
  let here: FieldSet | undefined = set;
  for (const [index, step] of path.steps.entries()) {
    here = down(here, step);
    if (here === undefined) return false;
    if (Object.keys(here).length === 0) return index < path.steps.length - 1;
  }
  return false;
}

/** The set without the field and what is below it. */
export function without(set: FieldSet, path: FieldPath): FieldSet {
  return removed(set, path.steps) ?? {};
}

/** Undefined where nothing is left: `{}` would say that the parent itself is a member. */
function removed(set: FieldSet, [step, ...rest]: readonly PathStep[]): FieldSet | undefined {
  const selector = step === undefined ? undefined : selectorOf(set, step);
  if (selector === undefined) return set;
  const inner = set[selector] as FieldSet;
  const next = rest.length === 0 ? undefined : removed(inner, rest);
  if (next === inner) return set;
  // In its place: sets are compared as they are written.
  if (next !== undefined) return { ...set, [selector]: next };
  const { [selector]: _gone, ...others } = set;
  return Object.keys(others).length === 0 ? undefined : others;
}

/** The set without the field, and without the mark that what holds it is there: others may empty it. */
export function withoutTrace(set: FieldSet, path: FieldPath): FieldSet {
  return unmarked(without(set, path), path.steps);
}

function unmarked(set: FieldSet, [step, ...rest]: readonly PathStep[]): FieldSet {
  const { '.': _mark, ...others } = set;
  const selector = step === undefined ? undefined : selectorOf(others, step);
  if (selector === undefined) return others;
  const inner = others[selector] as FieldSet;
  // A member as a whole stays one, and what held only the mark is not made one.
  if (Object.keys(inner).length === 0) return others;
  const next = unmarked(inner, rest);
  if (Object.keys(next).length > 0) return { ...others, [selector]: next };
  const { [selector]: _gone, ...rests } = others;
  return rests;
}

function below(set: FieldSet, steps: readonly PathStep[]): FieldSet | undefined {
  let here: FieldSet | undefined = set;
  for (const step of steps) here = down(here, step);
  return here;
}

function down(set: FieldSet | undefined, step: PathStep): FieldSet | undefined {
  if (set === undefined) return undefined;
  const selector = selectorOf(set, step);
  return selector === undefined ? undefined : (set[selector] as FieldSet);
}

function selectorOf(set: FieldSet, step: PathStep): string | undefined {
  if (step.kind === 'field') {
    const { name } = step;
    return [`f:${name}`, `v:${name}`, `v:${JSON.stringify(name)}`, `i:${name}`].find((one) =>
      Object.hasOwn(set, one),
    );
  }
  return Object.keys(set).find(
    (selector) => selector.startsWith('k:') && isEntry(selector.slice(2), step.keys),
  );
}

function isEntry(json: string, keys: readonly (readonly [string, string])[]): boolean {
  const entry = JSON.parse(json) as Record<string, unknown>;
  return keys.every(([key, value]) => keyText(entry[key]) === value);
}
