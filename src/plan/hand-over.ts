// Puts an object's managedFields right before it is applied (plan/takeover.ts). A write in between is a conflict:
// then the object is read and looked at again.

import { ApiError } from '../model/errors.ts';
import type { KubeObject } from '../model/object.ts';
import type { PlanItem } from '../model/plan.ts';
import type { ClusterApi } from '../ports.ts';
import { handOverPatch } from './takeover.ts';

/** Controllers write the status of what is about to be applied. */
const TRIES = 10;

/** As the App's service account. Throws ApiError; 409 where it never came through. */
export async function handOver(item: PlanItem, api: ClusterApi, signal: AbortSignal): Promise<void> {
  const { manifest, shared, live } = item;
  if (shared === undefined || shared.handOver === 'none' || live === undefined) return;
  const { id, gvk } = manifest;
  const ref = { gvk, namespace: id.namespace, name: id.name };
  const adopt = shared.handOver === 'adopt';
  // The mirror's copy has no managedFields.
  const first = adopt ? live : await api.get(ref, signal);
  let now = adopt && !hasManagers(live) ? await withManagers(item, api, signal) : first;
  for (let tries = 1; now !== undefined; tries++) {
    const patch = handOverPatch(id, now, { adopt, left: shared.left });
    if (patch === undefined) return;
    try {
      await api.jsonPatch(ref, patch, signal);
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409 || tries === TRIES) throw error;
      now = await api.get(ref, signal);
    }
  }
}

function hasManagers({ metadata }: KubeObject): boolean {
  return (metadata.managedFields ?? []).length > 0;
}

/**
 * An object that says of no field whose it is: an apply of nothing makes the server name what is there. Nothing,
 * because a process that dies after an apply of something would leave an object that looks like one of ours.
 */
function withManagers({ object }: PlanItem, api: ClusterApi, signal: AbortSignal): Promise<KubeObject> {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = metadata;
  return api.apply({ apiVersion, kind, metadata: { name, namespace } }, { dryRun: false }, signal);
}
