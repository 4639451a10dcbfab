// Deletes what desired no longer holds. That is after the release is healthy, as running pods may still use it before;
// but for what stands in the release's way (making-way.ts).

import type { Rendered } from '../model/manifest.ts';
import type { AppName } from '../model/events.ts';
import { keyOf, type ObjectId } from '../model/object.ts';
import type { Change } from '../model/plan.ts';
import { type Run, tell } from './context.ts';
import { noteLeaving } from './leaving.ts';
import { shrinkMembers } from './membership.ts';
import { comingToOthers } from './moving.ts';
import { pruneFirst } from './prune-first.ts';

export async function pruneMembers(
  run: Run,
  desired: Rendered,
  objects: readonly ObjectId[],
): Promise<Change[]> {
  if (!run.settings.prune || objects.length === 0) return [];
  const coming = await comingToOthers(run, objects);
  const left = objects.filter((id) => coming.has(keyOf(id))).map((id) => leftTo(id, coming.get(keyOf(id))));
  const changes = await pruneFirst(
    run,
    objects.filter((id) => !coming.has(keyOf(id))),
  );
  noteLeaving(run.session, changes, run.ctx.clock.monotonic());
  const gone = changes.filter((change) => change.outcome === 'pruned').map((change) => change.id);
  if (gone.length > 0) tell(run, { type: 'pruned', objects: gone });
  if (changes.every((change) => change.outcome !== 'refused')) await shrinkMembers(run, desired.manifests);
  return [...changes, ...left];
}

function leftTo(id: ObjectId, app: AppName | undefined): Change {
  const reason = `left to App ${app?.namespace ?? ''}/${app?.name ?? ''}, which renders it`;
  return { id, key: keyOf(id), outcome: 'skipped', reason };
}
