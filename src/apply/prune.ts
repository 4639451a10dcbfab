// Deletes members that desired no longer holds, one after the other, in the order given. What the server refuses, or
// what is found to be in use, stays, and says so; it does not keep the others.

import { ApiError, messageOf } from '../model/errors.ts';
import { type Gvk, keyOf, type ObjectId } from '../model/object.ts';
import type { Change } from '../model/plan.ts';
import { type DeleteInput, deleteMember, whatHolds } from './delete.ts';

export interface PruneInput extends DeleteInput {
  objects: readonly ObjectId[];
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

async function pruneOne(id: ObjectId, input: PruneInput, signal: AbortSignal): Promise<Change> {
  const key = keyOf(id);
  try {
    const gvk = await input.gvkOf(id);
    if (gvk === undefined)
      return { id, key, outcome: 'skipped', reason: 'the server no longer serves its kind' };
    const deleted = await deleteMember({ gvk, namespace: id.namespace, name: id.name }, input, signal);
    switch (deleted.kind) {
      case 'gone':
        return { id, key, outcome: 'skipped', reason: 'it is gone already' };
      case 'kept':
        return { id, key, outcome: 'skipped', reason: deleted.why };
      case 'leaving':
        return {
          id,
          key,
          outcome: 'pruned',
          object: deleted.live,
          ...((deleted.live.metadata.finalizers ?? []).length > 0 && { reason: whatHolds(deleted.live) }),
        };
    }
  } catch (error) {
    if (error instanceof ApiError) return { id, key, outcome: 'refused', reason: messageOf(error) };
    throw error;
  }
}
