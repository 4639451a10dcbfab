// Whether the server serves what the objects of a revision are.

import { type Gvk, kindName } from '../model/object.ts';
import type { Run } from './context.ts';

/** Each kind is asked for once, and no more after one that is not served. */
export async function areServed(run: Run, kinds: readonly Gvk[]): Promise<boolean> {
  const distinct = new Map(kinds.map((gvk) => [kindName(gvk), gvk]));
  for (const gvk of distinct.values())
    if ((await run.ctx.cluster.resource(gvk, run.signal)) === undefined) return false;
  return true;
}
