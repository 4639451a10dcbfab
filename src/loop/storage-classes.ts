// How claims bind, which their classes say. Classes are the cluster's, few, and hardly ever changed: asked for once per
// wait, and only where a claim has no volume yet.

import { ApiError } from '../model/errors.ts';
import type { Manifest } from '../model/manifest.ts';
import type { Gvk, KubeObject } from '../model/object.ts';
import type { Run } from './context.ts';

const STORAGE_CLASS: Gvk = { group: 'storage.k8s.io', version: 'v1', kind: 'StorageClass' };

/** Read as Pawl itself. Undefined: not needed, or not to be known; then no claim is waited for. */
export async function storageClassesFor(
  run: Run,
  manifests: readonly Manifest[],
): Promise<readonly KubeObject[] | undefined> {
  if (!manifests.some((manifest) => isUnbound(manifest, run.ctx.members.get(manifest.id)))) return undefined;
  try {
    return await run.ctx.cluster.as(undefined).list({ gvk: STORAGE_CLASS }, run.signal);
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

export function isUnbound({ gvk }: Pick<Manifest, 'gvk'>, live: KubeObject | undefined): boolean {
  const { phase } = (live?.status ?? {}) as { phase?: unknown };
  return gvk.group === '' && gvk.kind === 'PersistentVolumeClaim' && phase !== 'Bound';
}
