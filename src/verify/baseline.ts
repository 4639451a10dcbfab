// What was unhealthy before a release. Taken only while the applied revision is the healthy one and nothing is
// in flight: an object that was ill then is never blamed on a commit.

import type { Baseline } from '../model/app.ts';
import type { KubeObject } from '../model/object.ts';
import { stalledSinceOf } from './deployment.ts';
import { healthOf } from './health.ts';

export interface BaselineObject {
  key: string;
  live: KubeObject | undefined;
}

/** `bindingModes`: StorageClass → volumeBindingMode, as far as known. */
export function takeBaseline(
  objects: readonly BaselineObject[],
  now: number,
  bindingModes?: ReadonlyMap<string, string>,
): Baseline {
  const unhealthy: Record<string, string> = {};
  for (const { key, live } of objects) {
    const health = healthOf(live, { now, bindingModes });
    if (health.status !== 'Current' && health.status !== 'Suspended') unhealthy[key] = health.reason;
  }
  return { at: new Date(now).toISOString(), unhealthy, stalledSince: stalledSince(objects) };
}

/**
 * Object key → update time of a ProgressDeadlineExceeded that stands now. To be taken before *every* apply, that
 * of a revert too: a baseline may be older than the failure that the revert undoes.
 */
export function stalledSince(objects: readonly BaselineObject[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { key, live } of objects) {
    const since = live?.kind === 'Deployment' ? stalledSinceOf(live) : undefined;
    if (since !== undefined) found[key] = since;
  }
  return found;
}
