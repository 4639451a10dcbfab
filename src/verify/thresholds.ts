// When the signs of one object count.
// 1. A sign of the object itself, or of what makes its pods, counts past its threshold.
// 2. Signs of pods count when all new pods show one past its threshold, or one pod does for twice of it.

import type { Sign } from '../model/health.ts';
import type { SignalName } from '../model/signal.ts';
import type { Threshold } from '../model/settings.ts';
import type { SignClock } from './memory.ts';

export interface TimedSign {
  sign: Sign;
  clock: SignClock;
  /** In place of the threshold's own. */
  afterMs?: number;
}

export interface Weight {
  /** The sign that made it count; undefined while none does. */
  decisive: Sign | undefined;
  /** After how many ms of standing still a sign could begin to count; Infinity if none could. */
  nextMs: number;
}

export function weigh(
  signs: readonly TimedSign[],
  newPodNames: readonly string[],
  thresholds: Record<SignalName, Threshold>,
  elapsedMs: number,
): Weight {
  const isPast = (timed: TimedSign, times: 1 | 2) =>
    remainingMs(timed, thresholds, elapsedMs, times) <= 0 && hasCount(timed, thresholds, times);
  const podPlaces = new Set(newPodNames.map((name) => `Pod/${name}`));
  const ofObject = signs.filter(({ sign }) => !podPlaces.has(sign.at));
  const ofPods = signs.filter(({ sign }) => podPlaces.has(sign.at));
  const past = ofPods.filter((timed) => isPast(timed, 1));
  const isAll = podPlaces.size > 0 && new Set(past.map(({ sign }) => sign.at)).size === podPlaces.size;
  const decisive = [
    ...ofObject.filter((timed) => isPast(timed, 1)),
    ...(isAll ? past : ofPods.filter((timed) => isPast(timed, 2))),
  ];
  const waits = signs.flatMap((timed) => [
    remainingMs(timed, thresholds, elapsedMs, 1),
    remainingMs(timed, thresholds, elapsedMs, 2),
  ]);
  return { decisive: gravest(decisive), nextMs: Math.min(...waits.filter((ms) => ms > 0), Infinity) };
}

function remainingMs(
  { sign, clock, afterMs }: TimedSign,
  thresholds: Record<SignalName, Threshold>,
  elapsedMs: number,
  times: 1 | 2,
): number {
  return (afterMs ?? thresholds[sign.signal].afterMs) * times - (elapsedMs - clock.sinceMs);
}

/** Twice the threshold is twice its time; where it has none, twice its count. */
function hasCount(
  { sign, clock }: TimedSign,
  thresholds: Record<SignalName, Threshold>,
  times: 1 | 2,
): boolean {
  const { afterMs, count } = thresholds[sign.signal];
  const needed = times === 2 && afterMs === 0 && count > 1 ? count * 2 : count;
  return clock.count >= needed;
}

/** The one to name: the highest count, and among equals always the same. */
export function gravest(signs: readonly TimedSign[]): Sign | undefined {
  return signs.toSorted((a, b) => b.clock.count - a.clock.count || a.sign.at.localeCompare(b.sign.at))[0]
    ?.sign;
}
