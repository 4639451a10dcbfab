// Hashes that the agent wrote are made with the installation's key, which people cannot read. A preview makes its
// own with another key: they can be compared with each other, but not with what is live. So a workload whose
// configuration is that of the applied commit keeps the checksum that is live, and one whose configuration would
// change, which rolls its pods, gets one that says so.

import { ANNOTATION, type AppStatus } from '../model/app.ts';
import type { Manifest, Rendered } from '../model/manifest.ts';
import type { KubeObject } from '../model/object.ts';
import type { Members } from '../ports.ts';

const CHANGED = '(changes with the configuration)';

/** `applied`: what runs, rendered with the same key as `desired`; undefined where it cannot be known. */
export function withLiveChecksums(
  desired: Rendered,
  applied: Rendered | undefined,
  status: AppStatus,
  members: Pick<Members, 'get'>,
): Rendered {
  const formers = new Map((applied?.manifests ?? []).map((manifest) => [manifest.key, manifest]));
  const manifests = desired.manifests
    .filter((manifest) => !hasRun(manifest, formers.get(manifest.key), status, members))
    .map((manifest) => withLive(manifest, formers.get(manifest.key), members.get(manifest.id)));
  return { ...desired, manifests };
}

function withLive(manifest: Manifest, former: Manifest | undefined, live: KubeObject | undefined): Manifest {
  const { checksum } = manifest;
  if (checksum === undefined) return manifest;
  const spec = live?.spec as { template?: { metadata?: KubeObject['metadata'] } } | undefined;
  const liveConfig = spec?.template?.metadata?.annotations?.[ANNOTATION.checksum];
  const liveAdoption = live?.metadata.annotations?.[ANNOTATION.adopted];
  const config = checksum.config === former?.checksum?.config ? liveConfig : undefined;
  const adoption = checksum.adoption === former?.checksum?.adoption ? liveAdoption : undefined;
  return { ...manifest, checksum: { config: config ?? CHANGED, adoption: adoption ?? CHANGED } };
}

/** A Job that is gone because it has run (loop/done.ts), as far as that can be told without the key. */
function hasRun(
  manifest: Manifest,
  former: Manifest | undefined,
  { completed = [] }: AppStatus,
  members: Pick<Members, 'get'>,
): boolean {
  const { gvk, key, hash, id } = manifest;
  if (gvk.group !== 'batch' || gvk.kind !== 'Job' || members.get(id) !== undefined) return false;
  return former?.hash === hash && completed.some(({ object }) => object === key);
}
