// Deletes members, in the reverse of the order in which they were made, and nothing of what a prune is followed by.

import type { ObjectId } from '../model/object.ts';
import type { Change } from '../model/plan.ts';
import { prune } from '../apply/prune.ts';
import { applyClass } from '../render/order.ts';
import type { Run } from './context.ts';
import { objectionTo } from './in-use.ts';

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
