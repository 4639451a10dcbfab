// Deletes what desired no longer holds. That is after the release is healthy, as running pods may still use it before;
// but for what stands in the release's way (making-way.ts).

import type { Rendered } from '../model/manifest.ts';
import { keyOf, type ObjectId } from '../model/object.ts';
import type { Change } from '../model/plan.ts';
import { type Run, statusOf, tell } from './context.ts';
import { noteInUse, noteLeaving } from './leaving.ts';
import { shrinkMembers } from './membership.ts';
import { pruneFirst } from './prune-first.ts';
import { leave, staying } from './staying.ts';

export async function pruneMembers(
  run: Run,
  desired: Rendered,
  objects: readonly ObjectId[],
): Promise<Change[]> {
  if (!run.settings.prune || objects.length === 0) return [];
  const stays = await staying(run, objects, statusOf(run).applied?.commit);
  const changes = await pruneFirst(
    run,
    objects.filter((id) => !stays.has(keyOf(id))),
  );
  noteLeaving(run.session, changes, run.ctx.clock.monotonic());
  noteInUse(run.session, changes);
  const gone = changes.filter((change) => change.outcome === 'pruned').map((change) => change.id);
  if (gone.length > 0) tell(run, { type: 'pruned', objects: gone });
  const left = await leave(run, objects, stays);
  const all = [...changes, ...left];
  if (all.every((change) => change.outcome !== 'refused')) await shrinkMembers(run, desired.manifests);
  return all;
}
