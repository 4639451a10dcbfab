// One read of one object that a release waits for: its health, its new pods, and its signs with their clocks.

import type { Health, Sign } from '../model/health.ts';
import type { KindRule } from '../model/kind-rules.ts';
import { isHook } from '../model/hook.ts';
import type { Manifest } from '../model/manifest.ts';
import type { KubeObject, ObjectId } from '../model/object.ts';
import { listAt, textIn, at } from './fields.ts';
import { type Effort, type HealthContext, inProgress } from './answers.ts';
import type { StandingDrift } from './drift.ts';
import { healthOf } from './health.ts';
import type { JudgeMemo } from './memo.ts';
import { type JudgeMemory, clockKey, tick } from './memory.ts';
import { type RelatedIndex, allPods, newPods } from './owners.ts';
import { isReady } from './pod.ts';
import { signsOf } from './signs.ts';
import { viewEvent } from './signs/event-view.ts';
import { failsReadiness } from './signs/events.ts';
import { imagesOf, templateImages } from './signs/images.ts';
import type { TimedSign } from './thresholds.ts';

/** An object that the release desires, as it stands. */
export interface Watched {
  manifest: Manifest;
  /** Undefined: it does not exist (someone deleted it, or the mirror lags). */
  live: KubeObject | undefined;
  /** Its desired form differs from that of the healthy revision, or it is new. */
  changed: boolean;
  /** `metadata.generation` and `metadata.uid` of the answer to our apply: an older one is a mirror that lags. */
  minGeneration?: number;
  appliedUid?: string;
  /** Why it was unhealthy before the release, from the baseline. */
  baselineUnhealthy?: string;
  /** From the baseline: the mark of what its status told before the apply. */
  stalledSince?: string;
  /** What it rolls out, where that is what was changed: the change to blame. */
  blamedOn?: ObjectId;
  /** That one's pod template differs from the healthy revision's. */
  targetChanged?: boolean;
  /** What others changed of it, where that could not be set back. */
  drift?: StandingDrift;
  /** As the healthy revision had it, if at hand: images that it ran already are not blamed on the commit. */
  before?: KubeObject;
}

export interface Read {
  watched: Watched;
  health: Health;
  newPods: readonly KubeObject[];
  signs: readonly TimedSign[];
  /** New pods whose readiness probe fails: shown, and left to the deadline. */
  unreadyPods: readonly string[];
  clocks: Record<string, TimedSign['clock']>;
}

export interface ReadContext {
  index: RelatedIndex;
  memory: JudgeMemory;
  /** From the memory, by object. */
  notFoundAt: ReadonlyMap<string, ReadonlySet<string>>;
  seenReady: ReadonlySet<string>;
  bindingModes: ReadonlyMap<string, string>;
  kinds: readonly KindRule[];
  effort: Effort;
  isMadeByOperator: (secret: string) => boolean;
  now: number;
  elapsedMs: number;
  memo?: JudgeMemo;
}

export function readWatched(watched: Watched, context: ReadContext): Read {
  const known = context.memo?.settled.get(watched);
  if (known !== undefined) return known;
  const read = readAnew(watched, context);
  // A claim also depends on its class, which is none of its own.
  const isSettled = read.health.status === 'Current' || read.health.status === 'Suspended';
  if (isSettled && watched.manifest.id.kind !== 'PersistentVolumeClaim')
    context.memo?.settled.set(watched, read);
  return read;
}

function readAnew(watched: Watched, context: ReadContext): Read {
  const { live } = watched;
  const health = healthIn(watched, {
    now: context.now,
    stalledSince: watched.stalledSince,
    targetChanged: watched.targetChanged,
    minGeneration: watched.minGeneration,
    appliedUid: watched.appliedUid,
    // A claim that was there before without a volume may never get one, and nobody minded.
    bindingModes: watched.changed ? context.bindingModes : undefined,
    kinds: context.kinds,
    effort: context.effort,
  });
  if (live === undefined && isHook(watched.manifest)) return goneHook(watched, health, context);
  if (live === undefined || health.status === 'Current' || health.status === 'Suspended') {
    return { watched, health, newPods: [], signs: [], unreadyPods: [], clocks: {} };
  }
  const pods = newPods(live, context.index);
  const found = signsOf(live, context.index, {
    now: context.now,
    health,
    seenReady: context.seenReady,
    notFoundAt: context.notFoundAt.get(watched.manifest.key) ?? new Set(),
    oldEvents: context.memory.oldEvents,
    imagesBefore: imagesBefore(watched, live, pods, context.index),
    isMadeByOperator: context.isMadeByOperator,
  });
  const timed = found.map((sign) => timeSign(sign, watched.manifest.key, context));
  return {
    watched,
    health,
    newPods: pods,
    signs: timed,
    unreadyPods: pods
      .filter(
        (pod) => !isReady(pod) && failsReadiness(context.index.eventsOf(pod.metadata.uid).map(viewEvent)),
      )
      .map((pod) => pod.metadata.name),
    clocks: Object.fromEntries(timed.map(({ sign, clock }) => [clockKey(watched.manifest.key, sign), clock])),
  };
}

/** A hook that is suspended is waited for all the same: nothing may go on without it. */
function healthIn({ live, manifest }: Watched, context: HealthContext): Health {
  const health = healthOf(live, context);
  if (health.status !== 'Suspended' || !isHook(manifest)) return health;
  return inProgress('HookSuspended', 'is suspended, and waited for');
}

/** Made in this release, not seen to complete, and not there: whoever took it away is to blame. */
function goneHook(watched: Watched, health: Health, context: ReadContext): Read {
  const sign: Sign = {
    signal: 'HookGone',
    reason: 'HookGone',
    evidence: 'HookGone, the Job was taken away before it ended',
    blames: 'surroundings',
    at: `Job/${watched.manifest.id.name}`,
    sinceMs: context.now,
    count: 1,
  };
  const timed = timeSign(sign, watched.manifest.key, context);
  const clocks = { [clockKey(watched.manifest.key, sign)]: timed.clock };
  return { watched, health, newPods: [], signs: [timed], unreadyPods: [], clocks };
}

function timeSign(sign: Sign, objectKey: string, context: ReadContext): TimedSign {
  const clock = tick(context.memory, clockKey(objectKey, sign), sign, context.elapsedMs);
  return { sign, clock };
}

/** From the healthy revision, and from pods of older revisions that run now. */
function imagesBefore(
  watched: Watched,
  live: KubeObject,
  pods: readonly KubeObject[],
  index: RelatedIndex,
): ReadonlySet<string> {
  const fresh = new Set(pods.map((pod) => pod.metadata.uid));
  const older = allPods(live, index).filter((pod) => !fresh.has(pod.metadata.uid));
  return new Set([
    ...(watched.before === undefined ? [] : templateImages(watched.before)),
    ...older.flatMap((pod) => [...pulled(pod)]),
  ]);
}

/** Images of the pod's containers that have started, so were pulled. */
function pulled(pod: KubeObject): string[] {
  const images = imagesOf(pod);
  return [...listAt(pod, 'status', 'containerStatuses'), ...listAt(pod, 'status', 'initContainerStatuses')]
    .filter((status) => textIn(status, 'imageID') !== '' || Object.hasOwn(at(status, 'state'), 'running'))
    .map((status) => images.get(textIn(status, 'name')) ?? '');
}
