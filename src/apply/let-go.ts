// Takes the membership label off objects that stay as they are. Each is read again first, and only what carries this
// App's label is written, only as it was read.

import { APPLYSET } from '../model/app.ts';
import { ApiError, messageOf } from '../model/errors.ts';
import { type Gvk, keyOf, type ObjectId } from '../model/object.ts';
import type { Change } from '../model/plan.ts';
import type { ClusterApi, ObjectRef } from '../ports.ts';

export interface LetGoInput {
  /** As the App's service account. */
  api: ClusterApi;
  applySet: string;
  gvkOf: (id: ObjectId) => Promise<Gvk | undefined>;
  /** Why it stays, for people. */
  reason: string;
}

/** Controllers write the status meanwhile. */
const TRIES = 10;
const LABEL_PATH = `/metadata/labels/${APPLYSET.partOf.replace('/', '~1')}`;

/** `skipped` with the reason where it is let go, or was no member any more; `refused` where the server would not. */
export async function letGo(
  objects: readonly ObjectId[],
  input: LetGoInput,
  signal: AbortSignal,
): Promise<{ changes: Change[]; freed: ObjectId[] }> {
  const changes: Change[] = [];
  const freed: ObjectId[] = [];
  for (const id of objects) {
    signal.throwIfAborted();
    const key = keyOf(id);
    try {
      const gvk = await input.gvkOf(id);
      const ref = gvk && { gvk, namespace: id.namespace, name: id.name };
      const wasOurs = ref !== undefined && (await withoutLabel(ref, input, signal));
      if (wasOurs) freed.push(id);
      const reason = wasOurs ? input.reason : 'it no longer carries the membership label of this App';
      changes.push({ id, key, outcome: 'skipped', reason });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      changes.push({ id, key, outcome: 'refused', reason: messageOf(error) });
    }
  }
  return { changes, freed };
}

async function withoutLabel(ref: ObjectRef, input: LetGoInput, signal: AbortSignal): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    const live = await input.api.get(ref, signal);
    if (live?.metadata.labels?.[APPLYSET.partOf] !== input.applySet) return false;
    const patch = [
      { op: 'remove', path: LABEL_PATH },
      // `replace`, not `test`: a version that is not the newest is a conflict, and is read again.
      { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
    ];
    try {
      await input.api.jsonPatch(ref, patch, signal);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409 || tries === TRIES) throw error;
    }
  }
}
