// Whether a live object is exactly what applying would make of it, told without asking the server: the fields that
// Pawl owns are those of the desired form, each with its value. By this a process that starts on an unchanged cluster
// reads one list per kind, and writes nothing.
//
// 1. True is proof: whoever changes a field takes it from our set or gives it another value, and a field that left
//    the manifest is still in our set.
// 2. False proves nothing. What the server writes in another way than it was told (a quantity, a default within a
//    list entry) is left to a dry-run.

import type { KubeObject } from '../model/object.ts';
import type { FieldSet } from './fields.ts';
import { isMapping } from '../model/mapping.ts';

/** `desired` as it would be sent; `owned`: the fields of `live` that are ours. */
export function isAsApplied(desired: KubeObject, live: KubeObject, owned: FieldSet): boolean {
  const { apiVersion: _a, kind: _k, metadata: given, ...rest } = desired;
  // What names the object is no field of anybody's.
  const { name: _n, namespace: _s, ...metadata } = given;
  const fields = Object.keys(metadata).length === 0 ? rest : { ...rest, metadata };
  return isHeld(fields, live, owned);
}

function isHeld(desired: unknown, live: unknown, owned: FieldSet): boolean {
  const selectors = Object.keys(owned).filter((selector) => selector !== '.');
  if (selectors.length === 0) return isEqual(desired, live);
  if (Array.isArray(desired)) return isListHeld(desired, live, owned, selectors);
  if (!isMapping(desired) || !isMapping(live)) return false;
  const keys = Object.keys(desired);
  return (
    keys.length === selectors.length &&
    keys.every((key) => {
      const below = owned[`f:${key}`] as FieldSet | undefined;
      return below !== undefined && isHeld(desired[key], live[key], below);
    })
  );
}

/** Entries by their keys (`k:`) or as members of a set (`v:`). */
function isListHeld(
  desired: readonly unknown[],
  live: unknown,
  owned: FieldSet,
  selectors: readonly string[],
): boolean {
  if (!Array.isArray(live) || desired.length !== selectors.length) return false;
  return selectors.every((selector) => {
    const chosen = choose(selector);
    const wanted = desired.filter(chosen);
    const found = live.filter(chosen);
    if (wanted.length !== 1 || found.length !== 1) return false;
    return isHeld(wanted[0], found[0], owned[selector] as FieldSet);
  });
}

function choose(selector: string): (entry: unknown) => boolean {
  const kind = selector.slice(0, 2);
  if (kind !== 'k:' && kind !== 'v:') return () => false;
  const wanted = JSON.parse(selector.slice(2)) as unknown;
  if (kind === 'v:') return (entry) => isEqual(entry, wanted);
  const keys = Object.entries(wanted as Record<string, unknown>);
  return (entry) => isMapping(entry) && keys.every(([key, value]) => isEqual(keyIn(entry, key), value));
}

/** The one key of lists that the server fills in itself: ports are of TCP where they do not say. */
function keyIn(entry: Record<string, unknown>, key: string): unknown {
  return entry[key] ?? (key === 'protocol' ? 'TCP' : undefined);
}

/** As JSON means it; a field without a value (null) is never equal to one that is not there. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((one, index) => isEqual(one, b[index]));
  }
  if (!isMapping(a) || !isMapping(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]))
  );
}
