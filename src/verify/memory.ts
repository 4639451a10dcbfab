// What judging remembers from read to read. Plain data, never changed in place; losing it only makes a verdict
// later. All times are ms of verifying (`elapsedMs`): no clock of this or another machine is compared.

import type { Sign } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import type { StandingDrift } from './drift.ts';
import type { RelatedObjects } from './owners.ts';
import { isReady } from './pod.ts';
import type { RestartCounts } from './soak.ts';
import { viewEvent } from './signs/event-view.ts';

export interface SignClock {
  sinceMs: number;
  /** The highest seen. */
  count: number;
}

export interface JudgeMemory {
  /** UIDs of pods that were Ready at some read. */
  seenReady: readonly string[];
  /** `object key|place|signal|blame` → since when it has stood without a break. */
  clocks: Readonly<Record<string, SignClock>>;
  /** When checks were last judged by an answer; their clocks outlast a short break. */
  checksHeardMs: number;
  /** `object key|blame` → the first read that showed it past its threshold, without a break since. */
  confirmed: Readonly<Record<string, number>>;
  /** By object key: what others had changed of it at some read, and could not be set back then. */
  drifted: Readonly<Record<string, StandingDrift>>;
  /** UID of events about creating pods → count at the first read. */
  oldEvents: Readonly<Record<string, number>>;
  /** Since when everything has been ready; undefined while something is not. */
  readySinceMs: number | undefined;
  /** Since when something has not been ready: 0 at the start. */
  brokenSinceMs: number;
  /** Everything was ready at some read. */
  soakBegan: boolean;
  /** How often something was lost after timeout and soak together had passed. */
  lateLosses: number;
  /** When a wait that was interrupted went on: what it had not read again yet speaks for nothing. */
  resumedAtMs: number | undefined;
  /** Since it went on nothing was lost, and not every check has been answered again. */
  isResuming: boolean;
  /** Restarts of containers when the soak first began, and how many came since; undefined before it. */
  soak: { base: RestartCounts; restarts: number } | undefined;
}

export function firstMemory(related: RelatedObjects): JudgeMemory {
  return {
    seenReady: [],
    clocks: {},
    checksHeardMs: 0,
    confirmed: {},
    drifted: {},
    oldEvents: Object.fromEntries(
      related.events
        .map(viewEvent)
        .filter((event) => event.reason === 'FailedCreate')
        .map((event) => [event.uid, event.count]),
    ),
    ...NO_SOAK,
  };
}

const NO_SOAK = {
  readySinceMs: undefined,
  brokenSinceMs: 0,
  soakBegan: false,
  lateLosses: 0,
  resumedAtMs: undefined,
  isResuming: false,
  soak: undefined,
};

/** Pods seen Ready, those that still exist and those that are now. `changed`: all that is new since, if that is known. */
export function withReadyPods(
  memory: JudgeMemory,
  pods: readonly KubeObject[],
  before: ReadonlySet<string>,
  changed?: readonly KubeObject[],
): readonly string[] {
  if (changed !== undefined) {
    const more = changed.filter((pod) => isReady(pod) && !before.has(pod.metadata.uid ?? ''));
    const uids = more.map((pod) => pod.metadata.uid ?? '').filter((uid) => uid !== '');
    return uids.length === 0 ? memory.seenReady : [...memory.seenReady, ...uids];
  }
  return pods
    .filter((pod) => isReady(pod) || before.has(pod.metadata.uid ?? ''))
    .map((pod) => pod.metadata.uid ?? '')
    .filter((uid) => uid !== '');
}

export function clockKey(objectKey: string, sign: Sign): string {
  return `${objectKey}|${sign.at}|${sign.signal}|${sign.blames}`;
}

/** Object key → places where an image has been told as not found: later messages may only say "back-off". */
export function notFoundPlaces(memory: JudgeMemory): ReadonlyMap<string, ReadonlySet<string>> {
  const places = new Map<string, Set<string>>();
  for (const clock of Object.keys(memory.clocks)) {
    const [objectKey = '', place = '', signal] = clock.split('|');
    if (signal !== 'ImageNotFound') continue;
    const found = places.get(objectKey) ?? new Set();
    places.set(objectKey, found.add(place));
  }
  return places;
}

/** The clock of a sign that stands now. */
export function tick(memory: JudgeMemory, key: string, sign: Sign, elapsedMs: number): SignClock {
  const before = memory.clocks[key];
  if (before === undefined) return { sinceMs: elapsedMs, count: sign.count };
  return { sinceMs: before.sinceMs, count: Math.max(before.count, sign.count) };
}

/**
 * What the next release may still know when it supersedes this one: its clock starts at 0 again, and objects whose
 * desired form it leaves as it is (`unchangedKeys`) keep theirs.
 */
export function carryMemory(
  memory: JudgeMemory,
  elapsedMs: number,
  unchangedKeys: ReadonlySet<string>,
): JudgeMemory {
  const isKept = ([key]: [string, unknown]) => unchangedKeys.has(key.split('|', 1)[0] ?? '');
  const clocks = Object.entries(memory.clocks)
    .filter(isKept)
    .map(([key, clock]) => [key, { ...clock, sinceMs: clock.sinceMs - elapsedMs }]);
  const confirmed = Object.entries(memory.confirmed)
    .filter(isKept)
    .map(([key, sinceMs]) => [key, sinceMs - elapsedMs]);
  return {
    seenReady: memory.seenReady,
    clocks: Object.fromEntries(clocks) as JudgeMemory['clocks'],
    checksHeardMs: 0,
    confirmed: Object.fromEntries(confirmed) as JudgeMemory['confirmed'],
    drifted: {},
    oldEvents: memory.oldEvents,
    ...NO_SOAK,
  };
}
