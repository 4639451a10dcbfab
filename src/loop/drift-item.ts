// What is sent to set one object back. An autoscaler may have come meanwhile: then its replicas are no drift. An
// object that was made anew by others is taken over, and one that another App or tool has taken is left to it.

import type { KubeObject } from '../model/object.ts';
import type { PlanItem, Shared } from '../model/plan.ts';
import { type Autoscalers, hasReplicas, statesReplicas } from '../plan/autoscalers.ts';
import { finalise } from '../plan/finalise.ts';
import { ownFields } from '../plan/fields.ts';
import { driftOf, type Known } from '../plan/known.ts';
import { withoutValues } from '../plan/left.ts';
import { type Seen, sharedOf } from '../plan/one.ts';
import type { Drifted, Run } from './context.ts';
import { withoutDone } from './done.ts';
import { heldBy } from './owners.ts';

export type DriftItem =
  | { kind: 'apply'; item: PlanItem; drifted: Drifted }
  | { kind: 'held'; item: PlanItem; why: string }
  | { kind: 'none' };

const NONE: DriftItem = { kind: 'none' };

export async function driftItem(
  run: Run,
  key: string,
  drifted: Drifted,
  autoscalers: Autoscalers,
): Promise<DriftItem> {
  const { session } = run;
  const manifest = session.desired.get(key);
  // A Job that has run and is gone since is as it should be.
  if (manifest === undefined || withoutDone([manifest], run).length === 0) return NONE;
  const known = session.memory.get(key);
  const seen = await look(run, manifest, drifted);
  const { live } = seen;
  const why = drifted.deleted ? await heldBy(run, manifest, live, run.signal) : undefined;
  const shared = await sharedOf(manifest, seen, known, { autoscalers }, run.signal);
  const object = withoutValues(finalise(manifest, live), live, shared.left, known?.fields);
  const item: PlanItem = { manifest, object, live, action: 'configure', dryRun: 'unneeded', shared };
  if (why !== undefined) return { kind: 'held', item, why };
  if (drifted.deleted || known === undefined || live === undefined)
    return { kind: 'apply', item: { ...item, shared: ofRecreated(live, shared) }, drifted };

  const now = hasReplicas(manifest) ? sharedNow(known, shared) : known;
  session.memory.set(key, now);
  const fields = driftOf(now, live);
  const isTakenBack =
    drifted.released === true && shared.scaler === 'none' && statesReplicas(manifest.object);
  return fields.length === 0 && !isTakenBack
    ? NONE
    : { kind: 'apply', item, drifted: { ...drifted, fields } };
}

/**
 * What is gone, or out of sight, is read: it may be there without its label, or made anew by others. So is what the
 * mirror has in another version.
 */
async function look(
  run: Run,
  { gvk, id, object }: PlanItem['manifest'],
  { deleted }: Drifted,
): Promise<Seen> {
  const live = run.ctx.members.get(id);
  if (!deleted && live?.apiVersion === object.apiVersion) return { live, isRead: false };
  const ref = { gvk, namespace: id.namespace, name: id.name };
  return { live: await run.api.get(ref, run.signal), isRead: true };
}

/** Only what was made anew is adopted: an object that merely lost its label is still what we applied. */
function ofRecreated(live: KubeObject | undefined, shared: Shared): Shared {
  const isOurs = live !== undefined && ownFields(live) !== undefined;
  return isOurs && shared.handOver === 'adopt' ? { ...shared, handOver: 'give-up', from: [] } : shared;
}

/** What is remembered, with the replicas left to an autoscaler that has come, or no longer to one that is gone. */
function sharedNow(known: Known, { left, scaler }: Shared): Known {
  if (scaler === known.scaler) return known;
  const values = new Map(known.values);
  if (scaler !== 'none') values.delete('spec.replicas');
  return { ...known, left, scaler, values };
}
