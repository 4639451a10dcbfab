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
  const fields = ownFields(answer);
  if (fields === undefined || answer.metadata.uid === undefined) return undefined;
  const values = valuesBeside(answer, fields, left);
  return { hash, uid: answer.metadata.uid, fields, values, left, scaler };
}

/** Of an object that is known to be as it was applied, nothing of which is left to others. */
export function knownAs(hash: string, uid: string, live: KubeObject, fields: FieldSet): Known {
  return { hash, uid, fields, values: valuesOf(live, fields), left: [], scaler: 'none' };
}

/** The owned fields that no longer hold what was applied; empty: no drift. */
export function driftOf(known: Known, live: KubeObject): FieldDrift[] {
  return differences(known.values, valuesBeside(live, known.fields, known.left), live.kind === 'Secret');
}

/** As {@link valuesOf}, without what is left to others, be it a field or part of one. */
function valuesBeside(object: KubeObject, fields: FieldSet, left: readonly FieldPath[]): Values {
  return left.length === 0
    ? valuesOf(object, fields)
    : valuesOf(withoutLeft(object, left), left.reduce(withoutTrace, fields));
}
