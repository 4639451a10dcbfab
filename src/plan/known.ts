// What is remembered of each object since it was last applied: enough to tell, without a request, that
// neither its desired form nor its live state has changed. Memory only: losing it costs requests, nothing else.

import type { KubeObject } from '../model/object.ts';
import type { FieldDrift } from '../model/plan.ts';
import { differences, type FieldSet, ownFields, valuesOf, type Values } from './fields.ts';

export interface Known {
  /** The manifest's hash when it was applied. */
  hash: string;
  uid: string;
  fields: FieldSet;
  values: Values;
}

/** By object key. */
export type Memory = Map<string, Known>;

/** What to remember of the server's answer to an apply; undefined where it does not name our fields. */
export function knownFrom(hash: string, answer: KubeObject): Known | undefined {
  const fields = ownFields(answer);
  if (fields === undefined || answer.metadata.uid === undefined) return undefined;
  return { hash, uid: answer.metadata.uid, fields, values: valuesOf(answer, fields) };
}

/** The owned fields that no longer hold what was applied; empty: no drift. */
export function driftOf(known: Known, live: KubeObject): FieldDrift[] {
  return differences(known.values, valuesOf(live, known.fields), live.kind === 'Secret');
}
