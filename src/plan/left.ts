// Fields that are left to others though they may stand in the manifest: those that `pawl.dev/ignore-fields` names,
// and the replicas of what an autoscaler scales. They are applied when the object is created, and not sent any more.
//
// F1 Not to send a field that we own removes it, which would reset replicas to 1: it is given up first
//    (plan/takeover.ts), or sent with its live value where it is part of a whole (an atomic list or mapping).
// F2 Such a field is never drift and never a difference.
// F3 An entry of a list that is not there yet is new, and what is new is applied whole.

import {
  type FieldPath,
  isPlaceIn,
  parseFieldPath,
  valueAt,
  withField,
  withoutField,
} from '../model/field-path.ts';
import type { Manifest } from '../model/manifest.ts';
import type { KubeObject } from '../model/object.ts';
import { isWithinWhole, without } from './field-set.ts';
import type { FieldSet } from './fields.ts';

export const REPLICAS = parseFieldPath('spec.replicas') as FieldPath;

/** `isScaled`: an autoscaler names the object. */
export function leftTo(manifest: Manifest, isScaled: boolean): readonly FieldPath[] {
  const ignored = manifest.policy.ignoreFields.map(parseFieldPath).filter((path) => path !== undefined);
  return isScaled ? [...ignored, REPLICAS] : ignored;
}

/** The object without these fields, for comparing. */
export function withoutLeft(object: KubeObject, left: readonly FieldPath[]): KubeObject {
  return left.reduce(withoutField, object);
}

export function ownedBeside(fields: FieldSet | undefined, left: readonly FieldPath[]): FieldSet | undefined {
  return fields === undefined ? undefined : left.reduce(without, fields);
}

/** As it is dry-run: with the live values, so that the answer says neither a reset nor that something is missing. */
export function withLiveValues(
  object: KubeObject,
  live: KubeObject | undefined,
  left: readonly FieldPath[],
): KubeObject {
  return left.reduce((form, path) => {
    if (live === undefined || !isPlaceIn(live, path)) return form;
    const value = valueAt(live, path);
    return value === undefined ? withoutField(form, path) : withField(form, path, value);
  }, object);
}

/** As it is applied. `fields`: what an apply owns, from an answer of the server, to know what is a whole (F1). */
export function withoutValues(
  object: KubeObject,
  live: KubeObject | undefined,
  left: readonly FieldPath[],
  fields: FieldSet | undefined,
): KubeObject {
  if (live === undefined) return object;
  const isWhole = (path: FieldPath) => fields !== undefined && isWithinWhole(fields, path);
  const kept = withLiveValues(object, live, left.filter(isWhole));
  return left.filter((path) => !isWhole(path) && isPlaceIn(live, path)).reduce(withoutField, kept);
}
