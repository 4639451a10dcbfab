// Waits until a deleted object is gone. Rare and short, so it asks, at longer and longer intervals.

import type { KubeObject } from '../model/object.ts';
import type { Clock, ClusterApi, ObjectRef } from '../ports.ts';

const FIRST_LOOK_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** What is still there at the end of that time; undefined once it is gone, though another has its name by now. */
export async function untilGone(
  ref: ObjectRef,
  uid: string | undefined,
  by: { api: ClusterApi; clock: Clock; withinMs: number },
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const until = by.clock.monotonic() + by.withinMs;
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const live = await by.api.get(ref, signal);
    if (live === undefined || live.metadata.uid !== uid) return undefined;
    if (by.clock.monotonic() >= until) return live;
    await by.clock.delay(pauseMs, signal);
  }
}
