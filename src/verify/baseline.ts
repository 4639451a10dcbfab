// What was unhealthy before a release. Taken only while the applied revision is the healthy one and nothing is
// in flight: an object that was ill then is never blamed on a commit.

import type { Baseline } from '../model/app.ts';
import { idOf, type KubeObject, keyOf } from '../model/object.ts';
import type { HealthContext } from './answers.ts';
import { takenUpOf } from './delivery.ts';
import { stalledSinceOf } from './deployment.ts';
import { healthOf } from './health.ts';

/** `objects`: the App's live objects. */
export function takeBaseline(
  objects: readonly KubeObject[],
  now: number,
  known: Pick<HealthContext, 'bindingModes' | 'kinds'> = {},
): Baseline {
  const unhealthy: Record<string, string> = {};
  for (const object of objects) {
    const health = healthOf(object, { now, ...known });
    if (health.status !== 'Current' && health.status !== 'Suspended') {
      unhealthy[keyOf(idOf(object))] = health.reason;
    }
  }
  return { at: new Date(now).toISOString(), unhealthy, stalledSince: stalledSince(objects) };
}

/** Of a Deployment the update time of a ProgressDeadlineExceeded; of what rolls out another, what it took up last. */
function oldNewsOf(object: KubeObject): string | undefined {
  return object.kind === 'Deployment' ? stalledSinceOf(object) : takenUpOf(object);
}

/**
 * Object key → the mark of what its status tells now, where that could be taken for news. To be taken before *every* apply, that
 * of a revert too: a baseline may be older than the failure that the revert undoes.
 */
export function stalledSince(objects: readonly KubeObject[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const object of objects) {
    const since = oldNewsOf(object);
    if (since !== undefined) found[keyOf(idOf(object))] = since;
  }
  return found;
}
