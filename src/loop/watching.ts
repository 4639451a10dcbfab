// The objects of a release as the judge is given them: what each should be, what it is now, and what is known of the
// time before. Only `live` and `drift` change during a wait; an object that did not change is handed over as the very same value,
// by which the judge knows that there is nothing new to read.

import { isDeepStrictEqual } from 'node:util';
import type { Baseline } from '../model/app.ts';
import { oldNewsOf, unhealthyBefore } from '../model/baseline.ts';
import { isHook } from '../model/hook.ts';
import type { Manifest } from '../model/manifest.ts';
import { type KubeObject, keyOf, type ObjectId } from '../model/object.ts';
import { type Change, isWritten } from '../model/plan.ts';
import { targetOf } from '../verify/delivery.ts';
import { hasOtherTemplate } from '../verify/old-news.ts';
import { templateOf } from '../verify/owners.ts';
import type { StandingDrift } from '../verify/drift.ts';
import type { Watched } from '../verify/watched.ts';

export interface WatchingFacts {
  /** All that the release desires, by key. */
  desired: ReadonlyMap<string, Manifest>;
  /** As the healthy revision has it, by key; undefined where there is none: then everything is new. */
  former: ReadonlyMap<string, Manifest> | undefined;
  /** What the release has written so far, by key. */
  changes: ReadonlyMap<string, Change>;
  baseline: Baseline | undefined;
  live: (id: ObjectId) => KubeObject | undefined;
  /** What others changed of it, where that could not be set back; by key. */
  drift: (key: string) => StandingDrift | undefined;
}

/** For one wait. */
export function watcher(facts: WatchingFacts): (manifest: Manifest) => Watched {
  const known = new Map<string, Watched>();
  return (manifest) => {
    const live = facts.live(manifest.id);
    const before = known.get(manifest.key);
    const drift = facts.drift(manifest.key);
    if (before !== undefined && before.live === live && before.drift === drift) return before;
    const watched = { ...(before ?? watch(manifest, live, facts)), live, drift };
    known.set(manifest.key, watched);
    return watched;
  };
}

function watch(manifest: Manifest, live: KubeObject | undefined, facts: WatchingFacts): Watched {
  const { key, object } = manifest;
  const change = facts.changes.get(key);
  const before = facts.former?.get(key)?.object;
  const target = targetOf(object);
  const rolledOut = target === undefined ? undefined : facts.desired.get(keyOf(target));
  const isTargetChanged = rolledOut !== undefined && isChanged(rolledOut, facts);
  const isOwnChange = isChanged(manifest, facts);
  return {
    manifest,
    live,
    changed: isOwnChange || isTargetChanged,
    blamedOn: isTargetChanged && !isOwnChange ? target : undefined,
    targetChanged:
      rolledOut !== undefined && hasNewTemplate(rolledOut, oldNewsOf(facts.baseline, key), facts),
    minGeneration: change?.object?.metadata.generation,
    appliedUid: change?.object?.metadata.uid,
    // What is new was not there to be unhealthy.
    baselineUnhealthy:
      before === undefined ? facts.baseline?.unhealthy[key] : unhealthyBefore(facts.baseline, key),
    stalledSince: oldNewsOf(facts.baseline, key),
    before,
  };
}

/** An object that was set back by us counts as changed too. */
function isChanged(manifest: Manifest, { former, changes }: WatchingFacts): boolean {
  const { key, hash } = manifest;
  // A hook that runs is of this release, whatever its content.
  if (isHook(manifest)) return true;
  return former?.get(key)?.hash !== hash || isWritten(changes.get(key));
}

/** Some changes come to nothing: the API server writes down the default that the former template left out. */
function hasNewTemplate(
  { id, key, object }: Manifest,
  mark: string | undefined,
  { former, live }: WatchingFacts,
): boolean {
  const before = former?.get(key)?.object;
  if (before === undefined || isDeepStrictEqual(templateOf(before), templateOf(object))) return false;
  return hasOtherTemplate(mark, live(id)) ?? true;
}
