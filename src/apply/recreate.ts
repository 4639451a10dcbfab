// Deletes an object and makes it anew, where a field of it cannot be changed and the object allows it. Its dry-run
// was refused for that field alone, so all else of it is valid.
//
// 1. It is made only when the former one is gone, with all that it owned (foreground deletion). What keeps it is
//    named; the next try goes on from there.
// 2. A stop does not come in between: there is nothing in the cluster then.

import type { KubeObject } from '../model/object.ts';
import type { PlanItem, Refusal } from '../model/plan.ts';
import { takesItsClaims } from '../model/recreate.ts';
import type { Clock, ClusterApi } from '../ports.ts';
import { deleteMember, whatHolds } from './delete.ts';
import { untilGone } from './gone.ts';

export interface RecreateInput {
  /** As the App's service account. */
  api: ClusterApi;
  applySet: string;
  clock: Clock;
  /** How long the former object may take to go, ms. */
  goneWithinMs: number;
}

/** Throws ApiError where the server refuses; the refusal that is returned says what keeps the former object. */
export async function recreate(
  { manifest, object }: PlanItem,
  input: RecreateInput,
  signal: AbortSignal,
): Promise<{ answer: KubeObject } | { refusal: Refusal }> {
  const { api, clock, goneWithinMs: withinMs } = input;
  const { gvk, id } = manifest;
  const ref = { gvk, namespace: id.namespace, name: id.name };
  const objection = (live: KubeObject) =>
    Promise.resolve(takesItsClaims(live) ? 'its claims would be deleted with it' : undefined);
  const deleted = await deleteMember(ref, { ...input, objection }, signal);
  if (deleted.kind === 'kept') return { refusal: { id, kind: 'Owned', message: deleted.why } };
  if (deleted.kind === 'leaving') {
    const rest = await untilGone(ref, deleted.live.metadata.uid, { api, clock, withinMs }, signal);
    if (rest !== undefined) return { refusal: { id, kind: 'Deleting', message: whatHolds(rest) } };
  }
  return { answer: await api.apply(object, { dryRun: false }, signal) };
}
