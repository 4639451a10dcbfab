// The one way by which objects are deleted. Each is read again first: only what carries this App's label at this
// moment is deleted, and only as it was read (UID and resourceVersion preconditions, I5).

import { APPLYSET } from '../model/app.ts';
import { ApiError } from '../model/errors.ts';
import type { KubeObject } from '../model/object.ts';
import type { ClusterApi, ObjectRef } from '../ports.ts';

export interface DeleteInput {
  /** As the App's service account. */
  api: ClusterApi;
  applySet: string;
  /** Why the object is not to be deleted after all, as it stands now; undefined: it may be. */
  objection?: (live: KubeObject) => Promise<string | undefined>;
}

export type Deleted =
  | { kind: 'gone' }
  /** It is on its way out, by this call or by an earlier one; as it was read before. */
  | { kind: 'leaving'; live: KubeObject }
  | { kind: 'kept'; why: string };

/** Controllers write the status of what is to go: then it is read once more. */
const TRIES = 4;

/** Throws ApiError where the server refuses. */
export async function deleteMember(
  ref: ObjectRef,
  input: DeleteInput,
  signal: AbortSignal,
  tries = TRIES,
): Promise<Deleted> {
  const live = await input.api.get(ref, signal);
  if (live === undefined) return { kind: 'gone' };
  if (live.metadata.labels?.[APPLYSET.partOf] !== input.applySet)
    return { kind: 'kept', why: 'it no longer carries the membership label of this App' };
  const { uid, resourceVersion, deletionTimestamp } = live.metadata;
  if (deletionTimestamp !== undefined) return { kind: 'leaving', live };
  const why = await input.objection?.(live);
  if (why !== undefined) return { kind: 'kept', why };
  try {
    await input.api.delete(ref, { uid, resourceVersion }, {}, signal);
    return { kind: 'leaving', live };
  } catch (error) {
    if (error instanceof ApiError && error.status === 409 && tries > 1)
      return deleteMember(ref, input, signal, tries - 1);
    throw error;
  }
}

/** `waits for the finalizers a, b`: who has to take a finalizer away before a deleted object is gone. */
export function whatHolds({ metadata: { finalizers = [] } }: KubeObject): string {
  const named = finalizers.slice(0, 5).map((name) => name.slice(0, 100));
  if (named.length === 0) return 'it is being deleted and not gone yet';
  return `it is being deleted and waits for the finalizer${named.length > 1 ? 's' : ''} ${named.join(', ')}`;
}
