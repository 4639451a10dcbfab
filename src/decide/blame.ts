// Which failures may be answered by a revert (I3): the object was healthy before, or is new, and the commits since
// the healthy revision changed it.

import type { Baseline } from '../model/app.ts';
import { unhealthyBefore } from '../model/baseline.ts';
import type { Rendered } from '../model/manifest.ts';
import { keyOf } from '../model/object.ts';
import type { Failure } from '../model/verdict.ts';

export type Blame =
  /** The commits since the healthy revision brought this. */
  | 'commit'
  /** It was unhealthy before. */
  | 'unhealthy-before'
  /** It is as it was at the healthy revision: something else changed. */
  | 'not-changed';

/** `headRender` undefined: the head could not be rendered, which needs no object to blame. */
export function blameOf(
  failure: Failure,
  facts: { baseline: Baseline; healthyRender: Rendered; headRender: Rendered | undefined },
): Blame {
  const { baseline, healthyRender, headRender } = facts;
  if (headRender === undefined) return 'commit';
  // A check, or a hook, of the whole App: it was passed at the healthy revision.
  if (failure.object === undefined || failure.check !== undefined) {
    return headRender.renderHash === healthyRender.renderHash ? 'not-changed' : 'commit';
  }
  const key = keyOf(failure.object);
  const now = hashIn(headRender, key);
  const before = hashIn(healthyRender, key);
  if (now === undefined || now === before) return 'not-changed';
  const wasUnhealthy = before !== undefined && unhealthyBefore(baseline, key) !== undefined;
  return wasUnhealthy ? 'unhealthy-before' : 'commit';
}

function hashIn(render: Rendered, key: string): string | undefined {
  return render.manifests.find((manifest) => manifest.key === key)?.hash;
}
