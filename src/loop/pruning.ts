// Deletes what desired no longer holds, in the reverse of the order in which it was made. That is after the release is
// healthy, as running pods may still use it before; but for what stands in the release's way.

import type { Rendered } from '../model/manifest.ts';
import type { AppName } from '../model/events.ts';
import { keyOf, type ObjectId } from '../model/object.ts';
import { prune } from '../apply/prune.ts';
import type { Change } from '../model/plan.ts';
import { type Run, tell } from './context.ts';
import { applyClass } from '../render/order.ts';
import { objectionTo } from './in-use.ts';
import { noteLeaving } from './leaving.ts';
import { shrinkMembers } from './membership.ts';
import { comingToOthers } from './moving.ts';

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

/** Without the rest of what a prune is followed by: the release goes on. */
export function pruneFirst(run: Run, objects: readonly ObjectId[]): Promise<Change[]> {
  const { cluster } = run.ctx;
  const order = ({ group, kind }: ObjectId) => applyClass({ group, version: '', kind });
  return prune(
    {
      objects: [...objects].sort((a, b) => order(b) - order(a)),
      applySet: run.applySet,
      api: run.api,
      gvkOf: async (id) => (await cluster.preferred(id.group, id.kind, run.signal))?.gvk,
      objection: objectionTo(run),
    },
    run.signal,
  );
}

function leftTo(id: ObjectId, app: AppName | undefined): Change {
  const reason = `left to App ${app?.namespace ?? ''}/${app?.name ?? ''}, which renders it`;
  return { id, key: keyOf(id), outcome: 'skipped', reason };
}
