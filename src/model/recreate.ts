// Which objects may be deleted and made anew where a field of theirs cannot be changed: those that say so, and not
// those with which more would go than comes back.

import { ANNOTATION, APPLYSET } from './app.ts';
import type { Manifest } from './manifest.ts';
import type { KubeObject, ObjectId } from './object.ts';

const NEVER: ReadonlySet<string> = new Set([
  '/PersistentVolumeClaim',
  '/PersistentVolume',
  '/Namespace',
  'apiextensions.k8s.io/CustomResourceDefinition',
]);

export function isNeverRecreated({ group, kind }: Pick<ObjectId, 'group' | 'kind'>): boolean {
  return NEVER.has(`${group}/${kind}`);
}

/** With it its claims would be deleted, and all that is on them (`persistentVolumeClaimRetentionPolicy`). */
export function takesItsClaims(live: KubeObject | undefined): boolean {
  if (live === undefined || live.kind !== 'StatefulSet' || !live.apiVersion.startsWith('apps/')) return false;
  const spec = live.spec as { persistentVolumeClaimRetentionPolicy?: { whenDeleted?: unknown } } | undefined;
  return spec?.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete';
}

/**
 * I5: a member of the App only. The live object's word counts as well: a revert leads to a form that need not say
 * yet what allowed the way there.
 */
export function mayRecreate(manifest: Manifest, live: KubeObject | undefined, applySet: string): boolean {
  if (isNeverRecreated(manifest.id) || live?.metadata.labels?.[APPLYSET.partOf] !== applySet) return false;
  if (takesItsClaims(live)) return false;
  return manifest.policy.recreate || live.metadata.annotations?.[ANNOTATION.recreate] === 'true';
}
