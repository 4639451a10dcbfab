// Jobs run once per content: neither drift (a TTL that removed it) nor a revert to former content runs one
// again. What has run is kept in the status, by object and hash.

import type { AppStatus } from '../model/app.ts';
import type { Manifest } from '../model/manifest.ts';
import type { Members } from '../ports.ts';

const KEPT = 100;

function isJob(manifest: Manifest): boolean {
  return manifest.gvk.group === 'batch' && manifest.gvk.kind === 'Job';
}

/** The manifests without the Jobs that have run with this very content and are gone since. */
export function withoutDone(
  manifests: readonly Manifest[],
  status: AppStatus,
  members: Pick<Members, 'get'>,
): Manifest[] {
  const done = new Set((status.completed ?? []).map(({ object, hash }) => `${object} ${hash}`));
  return manifests.filter(
    (manifest) =>
      !isJob(manifest) ||
      members.get(manifest.id) !== undefined ||
      !done.has(`${manifest.key} ${manifest.hash}`),
  );
}

/** After a healthy release every Job of it has run. */
export function withCompleted(status: AppStatus, manifests: readonly Manifest[]): AppStatus {
  const now = manifests.filter(isJob).map(({ key, hash }) => ({ object: key, hash }));
  if (now.length === 0) return status;
  const isNow = (entry: { object: string; hash: string }) =>
    now.some(({ object, hash }) => object === entry.object && hash === entry.hash);
  const before = (status.completed ?? []).filter((entry) => !isNow(entry));
  return { ...status, completed: [...now, ...before].slice(0, KEPT) };
}
