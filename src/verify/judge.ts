// One read of everything a release waits for → one judgement. Pure: the same read gives the same answer.
// 1. Ready beats failed: what is as desired shows no signs.
// 2. Only objects that the release changed can fail it, by the signs of their new pods; what was unhealthy
//    before and was not changed never counts, and is not waited for.
// 3. A sign fails a release (or makes it unknown, where the surroundings are to blame) only when two reads
//    at least `Confirmation` apart show it past its threshold.
// 4. At the deadline the commit is blamed unless something speaks for the surroundings.
// 5. A read that the App's own expressions are too much for is none: what it found is kept aside, and the next one
//    goes on, until timeout and soak are over.
// 6. What others changed of an object, and could not be set back, is not the commit's fault (drift.ts).
// 7. Checks are judged only while every object is ready; one that has not passed holds back the soak.

import type { Sign } from '../model/health.ts';
import { type KubeObject, type ObjectId, keyOf } from '../model/object.ts';
import type { Settings } from '../model/settings.ts';
import type { Failure } from '../model/verdict.ts';
import { checksAtDeadline, unknownAtEnd, withChecks } from './checks/end.ts';
import { type CheckRead, SHORT_BREAK_MS } from './checks/standing.ts';
import type { Effort } from './answers.ts';
import { NEXT_PASS_MS, newEffort } from './custom-kind.ts';
import { atDeadline, type DeadlineSettings, deadlineMs, isLate } from './deadline.ts';
import { textIn } from './fields.ts';
import { type JudgeMemory, type SignClock, firstMemory, notFoundPlaces, withReadyPods } from './memory.ts';
import { type JudgeMemo, remembered } from './memo.ts';
import { operatorSecrets } from './operators.ts';
import { type RelatedIndex, type RelatedObjects, indexRelated } from './owners.ts';
import { hookMessage, progressMessage } from './progress.ts';
import { type Resumed, resumedMemory } from './parts.ts';
import { type RestartCounts, restartsOf, restartsSince } from './soak.ts';
import { type Read, type Watched, readWatched } from './watched.ts';
import { isConfirmed, nextLookMs, weighCheck, weighRead, weighSoak, type Weighed } from './weighing.ts';

export interface JudgeInput {
  objects: readonly Watched[];
  /** All that the release desires, where `objects` is but a part of it. */
  desired?: readonly KubeObject[];
  related: RelatedObjects;
  /** Jobs that verify, once they are made: they are to complete, as the objects are to be ready. */
  hooks?: readonly Watched[];
  /** Where the checks stand, once the objects are ready. */
  checks?: readonly CheckRead[];
  settings: Omit<Settings['health'], 'kinds' | 'checks'> &
    Partial<Pick<Settings['health'], 'kinds'>> &
    Pick<DeadlineSettings, 'releaseSoakMs'>;
  /** Ms of verifying so far, without the time that the API server was away. */
  elapsedMs: number;
  /** From the previous read; undefined at the first one. */
  memory: JudgeMemory | undefined;
  /** Where another process had read before. Only for the first read. */
  resumed?: Resumed;
  /** Wall clock, ms since the epoch. Only for what is shown. */
  now: number;
  /** Of the wait: makes the next judgement cheap. */
  memo?: JudgeMemo;
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
      /** The rollout, pod by pod, and the checks. */
      message: string;
      /** Every object is as desired: it is the checks, or the soak, that are waited for. */
      objectsReady: boolean;
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
  const before =
    input.memory ??
    (input.resumed === undefined ? firstMemory(input.related) : resumedMemory(input.related, input.resumed));
  const index = indexRelated(input.related, input.memo);
  const seenReady = remembered(input.memo?.seenReady, before.seenReady, () => new Set(before.seenReady));
  const desired = input.desired ?? input.objects.map(({ manifest }) => manifest.object);
  const effort = newEffort();
  const read = (objects: readonly Watched[]) =>
    readAll({ ...input, objects, desired, effort }, before, index, seenReady);
  const reads = read(input.objects);
  const hooks = read(input.hooks ?? []);
  if (effort.isSpent && input.elapsedMs < input.settings.timeoutMs + input.settings.soakMs)
    return { judgement: { ...waiting(reads, hooks, [], NEXT_PASS_MS), signs: [] }, memory: before };
  const broken = reads.filter((read) => isAwaited(read) && !isReady(read));
  const running = hooks.filter((read) => !isReady(read));
  const checks = broken.length === 0 ? (input.checks ?? []) : [];
  const isEverythingReady = broken.length === 0 && running.length === 0 && !checks.some(({ holds }) => holds);
  const late = [...broken, ...running];
  const isSoaking = isEverythingReady || before.soak !== undefined;
  const { counts, restarted } = restartsOf(isSoaking ? input.objects : [], index);
  const restartedReads = reads.filter(({ watched }) => restarted.has(watched));
  const weighed = [
    ...[...reads, ...hooks].filter(mayFail).flatMap((read) => weighRead(read, input)),
    ...checks.flatMap((check) => weighCheck(check, before, input)),
    ...(before.soak === undefined ? [] : weighSoak(before.soak.base, restartedReads, index, before, input)),
  ];
  const readyPods = withReadyPods(before, input.related.pods, seenReady, index.changedPods);
  const memory = remember(input, before, {
    reads: [...reads, ...hooks],
    weighed,
    checks,
    areObjectsReady: broken.length === 0,
    isReady: isEverythingReady,
    isOpen: late.length === 0 && checks.every(({ holds, state }) => !holds || state === 'open'),
    restarts: counts,
    seenReady: readyPods,
  });
  const bySigns = confirmedVerdict(weighed, memory, input);
  if (bySigns !== undefined) return { judgement: bySigns, memory };
  const nextMs = Math.min(Infinity, ...weighed.map((one) => nextLookMs(one, memory, input)));
  if (isEverythingReady) return { judgement: soaked(input, memory, reads, checks, nextMs), memory };
  const restMs = deadlineMs(memory, input.settings, late.length === 0) - input.elapsedMs;
  if (restMs <= 0) {
    const { timeoutMs } = input.settings;
    const judgement =
      late.length > 0 ? atDeadline(late, timeoutMs, memory.drifted) : checksAtDeadline(checks, timeoutMs);
    return { judgement, memory };
  }
  return { judgement: waiting(reads, hooks, checks, Math.min(restMs, nextMs)), memory };
}

function readAll(
  input: JudgeInput & { desired: readonly KubeObject[]; effort: Effort },
  memory: JudgeMemory,
  index: RelatedIndex,
  seenReady: ReadonlySet<string>,
): Read[] {
  const { desired } = input;
  const context = {
    index,
    memory,
    notFoundAt: notFoundPlaces(memory),
    seenReady,
    bindingModes: new Map(
      (input.related.storageClasses ?? []).map((one) => [
        one.metadata.name,
        textIn(one, 'volumeBindingMode'),
      ]),
    ),
    kinds: input.settings.kinds ?? [],
    effort: input.effort,
    isMadeByOperator: remembered(input.memo?.operatorSecrets, desired, () => operatorSecrets(desired)),
    memo: input.memo,
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

function remember(
  input: JudgeInput,
  before: JudgeMemory,
  now: {
    reads: readonly Read[];
    weighed: readonly Weighed[];
    /** None while the objects are not ready. */
    checks: readonly CheckRead[];
    areObjectsReady: boolean;
    isReady: boolean;
    /** All that is not ready is checks whose answers are not known. */
    isOpen: boolean;
    restarts: RestartCounts;
    seenReady: readonly string[];
  },
): JudgeMemory {
  const { elapsedMs } = input;
  const wasReady = before.readySinceMs !== undefined;
  const isResuming = before.isResuming && !now.isReady && now.isOpen;
  const isLost = wasReady && !now.isReady && !isResuming;
  const base = before.soak?.base ?? (now.isReady ? now.restarts : undefined);
  const soak = base === undefined ? undefined : { base, restarts: restartsSince(base, now.restarts) };
  // What restarts has not stayed healthy.
  const isBegunAnew = (soak?.restarts ?? 0) > (before.soak?.restarts ?? 0);
  const readySinceMs = isBegunAnew ? elapsedMs : (before.readySinceMs ?? elapsedMs);
  return {
    seenReady: now.seenReady,
    clocks: Object.fromEntries([
      ...clocksInBreak(before, now, elapsedMs),
      ...now.reads.flatMap((read) => (read.signs.length === 0 ? [] : Object.entries(read.clocks))),
      ...now.weighed.flatMap(({ clocks }) => Object.entries(clocks)),
    ]),
    confirmed: Object.fromEntries(
      now.weighed
        .filter(({ weight }) => weight.decisive !== undefined)
        .map(({ key }) => [key, before.confirmed[key] ?? elapsedMs]),
    ),
    drifted: {
      ...before.drifted,
      ...Object.fromEntries(
        now.reads.flatMap(({ watched: { manifest, drift } }) =>
          drift === undefined ? [] : [[manifest.key, drift]],
        ),
      ),
    },
    checksHeardMs: now.checks.some(({ unheard }) => unheard !== true) ? elapsedMs : before.checksHeardMs,
    oldEvents: before.oldEvents,
    readySinceMs: now.isReady ? readySinceMs : isResuming ? before.readySinceMs : undefined,
    brokenSinceMs: isLost ? elapsedMs : before.brokenSinceMs,
    soakBegan: before.soakBegan || now.isReady,
    lateLosses: before.lateLosses + (isLost && isLate(elapsedMs, input.settings) ? 1 : 0),
    resumedAtMs: before.resumedAtMs,
    isResuming,
    soak,
  };
}

/** Of checks that are not asked while objects are not ready, or were not answered again since. */
function clocksInBreak(
  before: JudgeMemory,
  now: { checks: readonly CheckRead[]; areObjectsReady: boolean },
  elapsedMs: number,
): [string, SignClock][] {
  if (elapsedMs - before.checksHeardMs > SHORT_BREAK_MS) return [];
  const unheard = now.checks.filter((check) => check.unheard === true).map(({ name }) => `check/${name}|`);
  const isInBreak = (key: string) =>
    now.areObjectsReady ? unheard.some((of) => key.startsWith(of)) : key.startsWith('check/');
  return Object.entries(before.clocks).filter(([key]) => isInBreak(key));
}

function soaked(
  input: JudgeInput,
  memory: JudgeMemory,
  reads: readonly Read[],
  checks: readonly CheckRead[],
  nextMs: number,
): Judgement {
  const restMs = input.settings.soakMs - (input.elapsedMs - (memory.readySinceMs ?? input.elapsedMs));
  const total = reads.filter(isAwaited).length;
  const message = withChecks(progressMessage(reads, isAwaited), checks);
  if (restMs <= 0) return unknownAtEnd(checks) ?? { kind: 'healthy', total, message };
  const seconds = Math.ceil(restMs / 1000);
  return {
    kind: 'waiting',
    ready: total,
    total,
    message: `${message}; has to stay so for another ${seconds} s`,
    objectsReady: true,
    lookAgainInMs: Math.min(restMs, nextMs),
    signs: [],
  };
}

/**
 * What has been past its threshold for long enough. A commit that fails is known to have failed, whatever else is; and
 * as long as something else shows a sign that may yet say so, the surroundings decide nothing: the deadline is near.
 */
function confirmedVerdict(
  weighed: readonly Weighed[],
  memory: JudgeMemory,
  input: JudgeInput,
): Judgement | undefined {
  const confirmed = weighed.filter((one) => isConfirmed(one, memory, input));
  const failures = confirmed
    .filter(({ blames }) => blames === 'commit')
    .flatMap(({ failureBy, weight }) => (weight.decisive === undefined ? [] : [failureBy(weight.decisive)]));
  if (failures.length > 0) return { kind: 'failed', failures: onePerObject(failures) };
  const other = confirmed.find(
    (one) => !weighed.some(({ blames, stands, of }) => stands && blames === 'commit' && of !== one.of),
  );
  if (other?.weight.decisive === undefined) return undefined;
  const { reason, message } = other.failureBy(other.weight.decisive);
  return { kind: 'unknown', reason, message };
}

/** The first says enough: a pod that crashes in the soak shows its sign, and that it restarted. */
function onePerObject(failures: readonly Failure[]): Failure[] {
  const nameOf = ({ object, check }: Failure) => (object === undefined ? `check/${check}` : keyOf(object));
  const first = new Map(failures.toReversed().map((failure) => [nameOf(failure), failure]));
  return failures.filter((failure) => first.get(nameOf(failure)) === failure);
}

function waiting(
  reads: readonly Read[],
  hooks: readonly Read[],
  checks: readonly CheckRead[],
  lookAgainInMs: number,
): Extract<Judgement, { kind: 'waiting' }> {
  const awaited = reads.filter(isAwaited);
  return {
    kind: 'waiting',
    ready: awaited.filter(isReady).length,
    total: awaited.length,
    message: withChecks([progressMessage(reads, isAwaited), ...hooks.map(hookMessage)].join('; '), checks),
    objectsReady: awaited.every(isReady),
    lookAgainInMs: Math.max(Math.ceil(lookAgainInMs), 1),
    signs: [...reads, ...hooks].flatMap((read) =>
      read.signs.map(({ sign }) => ({ object: read.watched.manifest.id, sign })),
    ),
  };
}
