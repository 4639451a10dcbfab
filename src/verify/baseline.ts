// What was unhealthy before a release. Taken only while the applied revision is the healthy one and nothing is
// in flight: an object that was ill then is never blamed on a commit. It goes into the status, so it is bounded: what
// does not fit is counted (model/baseline.ts says how that is read).

import type { Baseline } from '../model/app.ts';
import { idOf, type KubeObject, keyOf, type ObjectId } from '../model/object.ts';
import type { Health } from '../model/health.ts';
import type { HealthContext } from './answers.ts';
import { takenUpOf, targetOf } from './delivery.ts';
import { stalledSinceOf } from './deployment.ts';
import { healthOf } from './health.ts';
import { deliveryMark, mayTellOfFailure, statusMark } from './old-news.ts';

/** Of the 256 KiB of a status. */
const MAX_UNHEALTHY_BYTES = 64 * 1024;
const MAX_STALLED_BYTES = 32 * 1024;

/** What else their health depends on. */
type Known = Pick<HealthContext, 'bindingModes' | 'kinds' | 'effort'>;

/** `objects`: the App's live objects. One that somebody has deleted is made anew, and so is blamed on nobody either. */
export function takeBaseline(
  objects: readonly KubeObject[],
  now: number,
  known: Known = {},
  healthNow: (object: KubeObject, context: HealthContext) => Health = healthOf,
): Baseline {
  const unhealthy: [key: string, reason: string][] = [];
  for (const object of objects) {
    const health = healthNow(object, { now, ...known });
    if (health.status !== 'Current' && health.status !== 'Suspended') {
      unhealthy.push([keyOf(idOf(object)), health.reason]);
    }
  }
  const kept = fitting(unhealthy, MAX_UNHEALTHY_BYTES);
  return {
    at: new Date(now).toISOString(),
    unhealthy: Object.fromEntries(kept),
    ...(kept.length < unhealthy.length && { moreUnhealthy: unhealthy.length - kept.length }),
    ...oldNews(objects, now, known),
  };
}

/**
 * What marks as old news what the objects' status tells now, where that could be taken for news. To be taken before
 * *every* apply, that of a revert too: a baseline may be older than the failure that the revert undoes.
 */
export function oldNews(
  objects: readonly KubeObject[],
  now: number,
  known: Known = {},
): Pick<Baseline, 'stalledSince' | 'moreStalled'> {
  const byKey = new Map(objects.map((object) => [keyOf(idOf(object)), object]));
  const find = (id: ObjectId | undefined) => (id === undefined ? undefined : byKey.get(keyOf(id)));
  // Those of what rolls out another first: without its mark it would never be believed.
  const deliveries = objects.flatMap((object) => {
    const takenUp = takenUpOf(object);
    return marked(object, takenUp && deliveryMark(takenUp, find(targetOf(object))));
  });
  const isMarked = new Set(deliveries.map(([key]) => key));
  const failures = objects.flatMap((object) =>
    marked(object, stalledSinceOf(object) ?? failureMark(object, now, known)),
  );
  const found = [...deliveries, ...failures.filter(([key]) => !isMarked.has(key))];
  const kept = fitting(found, MAX_STALLED_BYTES);
  return {
    stalledSince: Object.fromEntries(kept),
    // Also said where it is none, so that it takes the place of what was said before.
    moreStalled: kept.length < found.length ? found.length - kept.length : undefined,
  };
}

/** Of a failure of which its controller says no time; where nobody knows of one, there is none to mark. */
function failureMark(object: KubeObject, now: number, known: Known): string | undefined {
  if (!mayTellOfFailure(object, known.kinds)) return undefined;
  return healthOf(object, { now, ...known }).status === 'Failed' ? statusMark(object) : undefined;
}

function marked(object: KubeObject, mark: string | undefined): [key: string, mark: string][] {
  return mark === undefined ? [] : [[keyOf(idOf(object)), mark]];
}

/** The first that fit into so many bytes of JSON. */
function fitting(entries: readonly [string, string][], maxBytes: number): [string, string][] {
  let bytes = 0;
  const end = entries.findIndex(([key, value]) => {
    bytes += Buffer.byteLength(JSON.stringify(key)) + Buffer.byteLength(JSON.stringify(value)) + 2;
    return bytes > maxBytes;
  });
  return end < 0 ? [...entries] : entries.slice(0, end);
}
