// Restarts during the soak. A pod that was ready, dies and comes back may be ready again before anybody looks, and
// one that was ready once shows no sign of a crash loop; but what has to stay healthy and restarts does not.
// 1. Only containers of new pods of objects that the release changed count, from when the soak first began.
// 2. Each restart begins the soak anew. As often as the thresholds of CrashLoopBackOff and OOMKilled say, it fails
//    the release, ready or not.

import type { Sign } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { at, countIn, listAt, numberIn, textIn } from './fields.ts';
import { remembered } from './memo.ts';
import { newPods, type RelatedIndex } from './owners.ts';
import type { Watched } from './watched.ts';

/** `pod UID/container` → restarts. */
export type RestartCounts = Readonly<Record<string, number>>;

export interface Restarts {
  pod: KubeObject;
  key: string;
  count: number;
  last: { reason: string; exitCode: number | undefined };
}

/** The counts, and whose pods they are. What never restarted is left out, and counts from zero. */
export function restartsOf(
  objects: readonly Watched[],
  index: RelatedIndex,
): { counts: RestartCounts; restarted: ReadonlySet<Watched> } {
  const restarted = new Set<Watched>();
  const counts: Record<string, number> = {};
  for (const watched of objects) {
    for (const { key, count } of restartsIn(watched, index)) {
      if (count === 0) continue;
      counts[key] = count;
      restarted.add(watched);
    }
  }
  return { counts, restarted };
}

/** All restarts since `base`; a container that was not there then counts from zero. */
export function restartsSince(base: RestartCounts, now: RestartCounts): number {
  return Object.entries(now).reduce((sum, [key, count]) => sum + Math.max(count - (base[key] ?? 0), 0), 0);
}

/** One sign per pod of the object that has restarted since `base`. */
export function soakSigns(
  watched: Watched,
  index: RelatedIndex,
  base: RestartCounts,
  now: number,
): { signs: Sign[]; podNames: string[] } {
  const found = new Map<string, Sign>();
  const restarts = restartsIn(watched, index);
  for (const { pod, key, count, last } of restarts) {
    const times = count - (base[key] ?? 0);
    const place = `Pod/${pod.metadata.name}`;
    if (times <= (found.get(place)?.count ?? 0)) continue;
    const isOom = last.reason === 'OOMKilled';
    const reason = isOom ? 'OOMKilled' : 'Restarted';
    const code = last.exitCode === undefined ? '' : `, exit code ${last.exitCode}`;
    found.set(place, {
      signal: isOom ? 'OOMKilled' : 'CrashLoopBackOff',
      reason,
      evidence: `${reason}${code}, ${times} restart${times === 1 ? '' : 's'} during the soak`,
      blames: 'commit',
      at: place,
      sinceMs: now,
      count: times,
    });
  }
  const podNames = new Set(restarts.map(({ pod }) => pod.metadata.name));
  return { signs: [...found.values()], podNames: [...podNames] };
}

function restartsIn({ changed, live }: Watched, index: RelatedIndex): Restarts[] {
  if (!changed || live === undefined) return [];
  const pods = newPods(live, index);
  return remembered(index.memo.restarts, pods, () => restartsOfPods(pods));
}

function restartsOfPods(pods: readonly KubeObject[]): Restarts[] {
  return pods.flatMap((pod) =>
    [...listAt(pod, 'status', 'containerStatuses'), ...listAt(pod, 'status', 'initContainerStatuses')].map(
      (status): Restarts => {
        const now = at(status, 'state', 'terminated');
        const ended = numberIn(now, 'exitCode') === undefined ? at(status, 'lastState', 'terminated') : now;
        return {
          pod,
          key: `${pod.metadata.uid ?? ''}/${textIn(status, 'name')}`,
          count: countIn(status, 'restartCount'),
          last: { reason: textIn(ended, 'reason'), exitCode: numberIn(ended, 'exitCode') },
        };
      },
    ),
  );
}
