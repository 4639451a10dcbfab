// Deletes what desired no longer holds, after the release is healthy: running pods may still use it before.

import type { Rendered } from '../model/manifest.ts';
import type { ObjectId } from '../model/object.ts';
import { prune } from '../apply/prune.ts';
import type { Change } from '../model/plan.ts';
import { type Run, tell } from './context.ts';
import { shrinkMembers } from './membership.ts';

export async function pruneMembers(
  run: Run,
  desired: Rendered,
  objects: readonly ObjectId[],
): Promise<Change[]> {
  if (!run.settings.prune || objects.length === 0) return [];
  const { cluster } = run.ctx;
  const changes = await prune(
    {
      objects,
      applySet: run.applySet,
      api: run.api,
      gvkOf: async (id) => (await cluster.preferred(id.group, id.kind, run.signal))?.gvk,
    },
    run.signal,
  );
  const gone = changes.filter((change) => change.outcome === 'pruned').map((change) => change.id);
  if (gone.length > 0) tell(run, { type: 'pruned', objects: gone });
  if (changes.every((change) => change.outcome !== 'refused')) await shrinkMembers(run, desired.manifests);
  return changes;
}
