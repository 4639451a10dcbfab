// Deletes members that desired no longer holds. Each is read again first: only what carries this App's label
// at this moment is deleted, and only as it was read (UID and resourceVersion preconditions, I5).

import { APPLYSET } from '../model/app.ts';
import { ApiError, messageOf } from '../model/errors.ts';
import { type Gvk, keyOf, type ObjectId } from '../model/object.ts';
import type { Change } from '../model/plan.ts';
import type { ClusterApi } from '../ports.ts';

export interface PruneInput {
  objects: readonly ObjectId[];
  applySet: string;
  /** As the App's service account. */
  api: ClusterApi;
  gvkOf: (id: ObjectId) => Promise<Gvk | undefined>;
}

export async function prune(input: PruneInput, signal: AbortSignal): Promise<Change[]> {
  const changes: Change[] = [];
  for (const id of input.objects) {
    signal.throwIfAborted();
    changes.push(await pruneOne(id, input, signal));
  }
  return changes;
}

/** Controllers write the status of what is to go: then it is read once more. */
const TRIES = 4;

async function pruneOne(
  id: ObjectId,
  input: PruneInput,
  signal: AbortSignal,
  tries = TRIES,
): Promise<Change> {
  const key = keyOf(id);
  try {
    const gvk = await input.gvkOf(id);
    if (gvk === undefined)
      return { id, key, outcome: 'skipped', reason: 'the server no longer serves its kind' };
    const ref = { gvk, namespace: id.namespace, name: id.name };
    const live = await input.api.get(ref, signal);
    if (live === undefined) return { id, key, outcome: 'skipped', reason: 'it is gone already' };
    if (live.metadata.labels?.[APPLYSET.partOf] !== input.applySet)
      return { id, key, outcome: 'skipped', reason: 'it no longer carries the membership label of this App' };
    const { uid, resourceVersion } = live.metadata;
    await input.api.delete(ref, { uid, resourceVersion }, {}, signal);
    return { id, key, outcome: 'pruned' };
  } catch (error) {
    if (error instanceof ApiError && error.status === 409 && tries > 1)
      return pruneOne(id, input, signal, tries - 1);
    if (error instanceof ApiError) return { id, key, outcome: 'refused', reason: messageOf(error) };
    throw error;
  }
}
