// One read of everything a release waits for → one judgement. Pure: the same read gives the same answer.
// 1. Ready beats failed: what is as desired shows no signs.
// 2. Only objects that the release changed can fail it, by the signs of their new pods; what was unhealthy
//    before and was not changed never counts, and is not waited for.
// 3. A sign fails a release (or makes it unknown, where the surroundings are to blame) only when two reads
//    at least `Confirmation` apart show it past its threshold.
// 4. At the deadline the commit is blamed unless something speaks for the surroundings.

import type { Sign } from '../model/health.ts';
import type { KubeObject, ObjectId } from '../model/object.ts';
import type { Settings } from '../model/settings.ts';
import type { Failure } from '../model/verdict.ts';
import { atDeadline, deadlineMs } from './deadline.ts';
import { textIn } from './fields.ts';
import { type JudgeMemory, firstMemory, notFoundPlaces, withReadyPods } from './memory.ts';
import { operatorSecrets } from './operators.ts';
import { type RelatedObjects, indexRelated } from './owners.ts';
import { failureBySign, progressMessage } from './progress.ts';
import { type Weight, weigh } from './thresholds.ts';
import { type Read, type Watched, readWatched } from './watched.ts';

export interface JudgeInput {
  objects: readonly Watched[];
  /** All that the release desires, where `objects` is but a part of it. */
  desired?: readonly KubeObject[];
  related: RelatedObjects;
  settings: Omit<Settings['health'], 'kinds'> & Partial<Pick<Settings['health'], 'kinds'>>;
  /** Ms of verifying so far, without the time that the API server was away. */
  elapsedMs: number;
  /** From the previous read; undefined at the first one. */
  memory: JudgeMemory | undefined;
  /** Wall clock, ms since the epoch. Only for what is shown. */
  now: number;
}

export interface SeenSign {
  object: ObjectId;
  sign: Sign;
}

export type Judgement =
  | { kind: 'healthy'; total: number; message: string }
  | {
      kind: 'waiting';
      ready: number;
      total: number;
      /** The rollout, pod by pod. */
      message: string;
      /** When to judge again if nothing changes until then; at least 1. */
      lookAgainInMs: number;
      /** All signs that stand now, whether they count yet or not. */
      signs: SeenSign[];
    }
  | { kind: 'failed'; failures: Failure[] }
  | { kind: 'unknown'; reason: string; message: string };

export interface Judged {
  judgement: Judgement;
  memory: JudgeMemory;
}

export function judge(input: JudgeInput): Judged {
  const before = input.memory ?? firstMemory(input.related);
  const reads = readAll(input, before);
  const weighed = reads.filter(mayFail).flatMap((read) => weighRead(read, input));
  const broken = reads.filter((read) => isAwaited(read) && !isReady(read));
  const memory = remember(input, before, { reads, weighed, isReady: broken.length === 0 });
  if (broken.length === 0) return { judgement: soaked(input, memory, reads), memory };
  const bySigns = confirmedVerdict(weighed, memory, input);
  if (bySigns !== undefined) return { judgement: bySigns, memory };
  const restMs = deadlineMs(memory, input.settings) - input.elapsedMs;
  if (restMs <= 0) return { judgement: atDeadline(broken, input.settings.timeoutMs), memory };
  const lookAgainInMs = Math.min(restMs, ...weighed.map((one) => nextLookMs(one, memory, input)));
  return { judgement: waiting(reads, lookAgainInMs), memory };
}

function readAll(input: JudgeInput, memory: JudgeMemory): Read[] {
  const context = {
    index: indexRelated(input.related),
    memory,
    notFoundAt: notFoundPlaces(memory),
    seenReady: new Set(memory.seenReady),
    bindingModes: new Map(
      (input.related.storageClasses ?? []).map((one) => [
        one.metadata.name,
        textIn(one, 'volumeBindingMode'),
      ]),
    ),
    kinds: input.settings.kinds ?? [],
    isMadeByOperator: operatorSecrets(
      input.desired ?? input.objects.map((watched) => watched.manifest.object),
    ),
    now: input.now,
    elapsedMs: input.elapsedMs,
  };
  return input.objects.map((watched) => readWatched(watched, context));
}

function isReady(read: Read): boolean {
  return read.health.status === 'Current';
}

/** A paused or suspended object stays as it is; one that was unhealthy before and is unchanged is not ours. */
function isAwaited(read: Read): boolean {
  if (read.health.status === 'Suspended') return false;
  return read.watched.changed || read.watched.baselineUnhealthy === undefined;
}

function mayFail(read: Read): boolean {
  return read.watched.changed && isAwaited(read) && !isReady(read);
}

interface Weighed {
  read: Read;
  blames: Sign['blames'];
  /** In `memory.confirmed`. */
  key: string;
  weight: Weight;
}

function weighRead(read: Read, input: JudgeInput): Weighed[] {
  const names = read.newPods.map((pod) => pod.metadata.name);
  return (['commit', 'surroundings'] as const).map((blames) => {
    const signs = read.signs.filter(({ sign }) => sign.blames === blames);
    const weight = weigh(signs, names, input.settings.thresholds, input.elapsedMs);
    return { read, blames, key: `${read.watched.manifest.key}|${blames}`, weight };
  });
}

function remember(
  input: JudgeInput,
  before: JudgeMemory,
  now: { reads: readonly Read[]; weighed: readonly Weighed[]; isReady: boolean },
): JudgeMemory {
  const { elapsedMs } = input;
  const wasReady = before.readySinceMs !== undefined;
  return {
    seenReady: withReadyPods(before, input.related.pods),
    clocks: Object.fromEntries(now.reads.flatMap((read) => Object.entries(read.clocks))),
    confirmed: Object.fromEntries(
      now.weighed
        .filter(({ weight }) => weight.decisive !== undefined)
        .map(({ key }) => [key, before.confirmed[key] ?? elapsedMs]),
    ),
    oldEvents: before.oldEvents,
    readySinceMs: now.isReady ? (before.readySinceMs ?? elapsedMs) : undefined,
    brokenSinceMs: !now.isReady && wasReady ? elapsedMs : before.brokenSinceMs,
    soakBegan: before.soakBegan || now.isReady,
  };
}

function soaked(input: JudgeInput, memory: JudgeMemory, reads: readonly Read[]): Judgement {
  const restMs = input.settings.soakMs - (input.elapsedMs - (memory.readySinceMs ?? input.elapsedMs));
  const total = reads.filter(isAwaited).length;
  const message = progressMessage(reads, isAwaited);
  if (restMs <= 0) return { kind: 'healthy', total, message };
  const seconds = Math.ceil(restMs / 1000);
  return {
    kind: 'waiting',
    ready: total,
    total,
    message: `${message}; has to stay so for another ${seconds} s`,
    lookAgainInMs: restMs,
    signs: [],
  };
}

/** What has been past its threshold for long enough. A commit that fails is known to have failed, whatever else is. */
function confirmedVerdict(
  weighed: readonly Weighed[],
  memory: JudgeMemory,
  input: JudgeInput,
): Judgement | undefined {
  const confirmed = weighed.filter((one) => isConfirmed(one, memory, input));
  const failures = confirmed
    .filter(({ blames }) => blames === 'commit')
    .flatMap(({ read, weight }) =>
      weight.decisive === undefined ? [] : [failureBySign(read, weight.decisive)],
    );
  if (failures.length > 0) return { kind: 'failed', failures };
  const other = confirmed[0];
  if (other?.weight.decisive === undefined) return undefined;
  const { reason, message } = failureBySign(other.read, other.weight.decisive);
  return { kind: 'unknown', reason, message };
}

function isConfirmed(one: Weighed, memory: JudgeMemory, input: JudgeInput): boolean {
  const firstMs = memory.confirmed[one.key];
  if (one.weight.decisive === undefined || firstMs === undefined) return false;
  return (
    input.elapsedMs - firstMs >= input.settings.thresholds.Confirmation.afterMs && firstMs < input.elapsedMs
  );
}

function nextLookMs(one: Weighed, memory: JudgeMemory, input: JudgeInput): number {
  const firstMs = memory.confirmed[one.key];
  if (firstMs === undefined) return Math.max(one.weight.nextMs, 1);
  const restMs = firstMs + input.settings.thresholds.Confirmation.afterMs - input.elapsedMs;
  return Math.max(Math.min(restMs, one.weight.nextMs), 1);
}

function waiting(reads: readonly Read[], lookAgainInMs: number): Judgement {
  const awaited = reads.filter(isAwaited);
  return {
    kind: 'waiting',
    ready: awaited.filter(isReady).length,
    total: awaited.length,
    message: progressMessage(reads, isAwaited),
    lookAgainInMs: Math.max(Math.ceil(lookAgainInMs), 1),
    signs: reads.flatMap((read) =>
      read.signs.map(({ sign }) => ({ object: read.watched.manifest.id, sign })),
    ),
  };
}
