// What speaks against a release, object by object and check by check, with the clocks that it is weighed by.

import type { Sign } from '../model/health.ts';
import type { Settings } from '../model/settings.ts';
import type { Failure } from '../model/verdict.ts';
import { failureOfCheck } from './checks/end.ts';
import type { CheckRead } from './checks/standing.ts';
import { failureByDrift } from './drift.ts';
import { clockKey, type JudgeMemory, tick } from './memory.ts';
import type { RelatedIndex } from './owners.ts';
import { failureBySign } from './progress.ts';
import { type RestartCounts, soakSigns } from './soak.ts';
import { type Weight, weigh } from './thresholds.ts';
import type { Read } from './watched.ts';

interface WeighInput {
  settings: Pick<Settings['health'], 'thresholds'>;
  /** Ms of verifying so far. */
  elapsedMs: number;
  /** Wall clock, ms since the epoch. Only for what is shown. */
  now: number;
}

export interface Weighed {
  failureBy: (sign: Sign) => Failure;
  blames: Sign['blames'];
  /** The object or check. */
  of: string;
  /** There is such a sign, whether it counts yet or not. */
  stands: boolean;
  /** In `memory.confirmed`. */
  key: string;
  weight: Weight;
  /** Of signs that no read keeps, by {@link clockKey}. */
  clocks: JudgeMemory['clocks'];
}

export function weighRead(read: Read, input: WeighInput): Weighed[] {
  const names = read.newPods.map((pod) => pod.metadata.name);
  const { drift, manifest } = read.watched;
  if (drift !== undefined) {
    // A key of its own: what is confirmed while it is drifted is not held against it when it is set back.
    const key = `${manifest.key}|drift`;
    const weight = weigh(read.signs, names, input.settings.thresholds, input.elapsedMs);
    const failureBy = (sign: Sign) =>
      failureByDrift(read, drift, `${read.health.message}; ${sign.at}: ${sign.evidence}`);
    return [{ failureBy, blames: 'surroundings', of: manifest.key, stands: false, key, weight, clocks: {} }];
  }
  return (['commit', 'surroundings'] as const).map((blames) => {
    const signs = read.signs.filter(({ sign }) => sign.blames === blames);
    const weight = weigh(signs, names, input.settings.thresholds, input.elapsedMs);
    const of = manifest.key;
    return {
      failureBy: (sign) => failureBySign(read, sign),
      blames,
      of,
      stands: signs.length > 0,
      key: `${of}|${blames}`,
      weight,
      clocks: {},
    };
  });
}

export function weighCheck(check: CheckRead, before: JudgeMemory, input: WeighInput): Weighed[] {
  const { sign, afterMs } = check;
  if (sign === undefined) return [];
  const { elapsedMs, settings } = input;
  const clock = clockKey(`check/${check.name}`, sign);
  const timed = { sign, clock: tick(before, clock, sign, elapsedMs), afterMs };
  return [
    {
      failureBy: (of) => failureOfCheck(check, of),
      blames: sign.blames,
      of: `check/${check.name}`,
      stands: true,
      key: `check/${check.name}|${sign.blames}`,
      weight: weigh([timed], [], settings.thresholds, elapsedMs),
      clocks: { [clock]: timed.clock },
    },
  ];
}

export function weighSoak(
  base: RestartCounts,
  reads: readonly Read[],
  index: RelatedIndex,
  before: JudgeMemory,
  input: WeighInput,
): Weighed[] {
  const { elapsedMs, settings } = input;
  return reads.flatMap((read) => {
    const { signs, podNames } = soakSigns(read.watched, index, base, input.now);
    if (signs.length === 0) return [];
    const timed = signs.map((sign) => {
      const key = clockKey(`${read.watched.manifest.key}|soak`, sign);
      return { sign, key, clock: tick(before, key, sign, elapsedMs) };
    });
    const { drift, manifest } = read.watched;
    return {
      failureBy: (sign) =>
        drift === undefined
          ? failureBySign(read, sign)
          : failureByDrift(read, drift, `${sign.at}: ${sign.evidence}`),
      blames: drift === undefined ? 'commit' : 'surroundings',
      of: manifest.key,
      // It stands all through the soak.
      stands: false,
      key: drift === undefined ? `${manifest.key}|soak` : `${manifest.key}|soak|drift`,
      weight: weigh(timed, podNames, settings.thresholds, elapsedMs),
      clocks: Object.fromEntries(timed.map(({ key, clock }) => [key, clock])),
    };
  });
}

export function isConfirmed(one: Weighed, memory: JudgeMemory, input: WeighInput): boolean {
  const firstMs = memory.confirmed[one.key];
  if (one.weight.decisive === undefined || firstMs === undefined) return false;
  return (
    input.elapsedMs - firstMs >= input.settings.thresholds.Confirmation.afterMs && firstMs < input.elapsedMs
  );
}

export function nextLookMs(one: Weighed, memory: JudgeMemory, input: WeighInput): number {
  const firstMs = memory.confirmed[one.key];
  // One that is confirmed, and decides nothing for now, is no reason to look again.
  if (firstMs === undefined || isConfirmed(one, memory, input)) return Math.max(one.weight.nextMs, 1);
  const restMs = firstMs + input.settings.thresholds.Confirmation.afterMs - input.elapsedMs;
  return Math.max(Math.min(restMs, one.weight.nextMs), 1);
}
