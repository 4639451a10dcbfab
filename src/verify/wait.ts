// Waiting for a verdict: judges again when something changed, and when the last judgement said to; it never
// polls. Thin: all rules are in judge.ts.
// 1. While the API server is away nothing is judged and the health clock stands still.
// 2. A process that was stopped for a while has not watched: that time does not count either.
// 3. A courtesy is left, without a judgement, as soon as anything speaks against waiting on.

import type { Clock } from '../ports.ts';
import { type JudgeInput, type Judgement, judge } from './judge.ts';
import { type JudgeMemo, newMemo } from './memo.ts';
import type { JudgeMemory } from './memory.ts';
import type { Resumed } from './parts.ts';

/** What is there to judge now; `away`: the API server does not answer, so what is known may be old. */
export type Look = Pick<JudgeInput, 'objects' | 'desired' | 'related' | 'checks' | 'hooks'> & {
  away?: boolean;
};

export type FinalJudgement = Exclude<Judgement, { kind: 'waiting' }>;

export interface WaitRequest {
  look(): Look;
  /** Calls back on every change of what `look` reads, `away` included; returns how to stop that. */
  subscribe(onChange: () => void): () => void;
  clock: Clock;
  settings: JudgeInput['settings'];
  /** Ends the wait without a verdict, such as when a newer commit has come. */
  interrupted: AbortSignal;
  /** Where a former wait for the same release stopped. */
  from?: { elapsedMs: number; memory: JudgeMemory | undefined; resumed?: Resumed };
  /** Of a look at the same objects before the wait. */
  memo?: JudgeMemo;
  /** Nothing is judged: see {@link isCourtesyOver}. */
  courtesy?: boolean;
  /** Told of every judgement, final or not. */
  onJudged?: (judgement: Judgement, elapsedMs: number, memory: JudgeMemory) => void;
}

export interface WaitResult {
  /** Undefined: interrupted, or left. */
  judgement: FinalJudgement | undefined;
  /** A courtesy that has ended before everything was ready. */
  isLeft: boolean;
  elapsedMs: number;
  memory: JudgeMemory | undefined;
}

/** Changes come in bursts: they are judged together after this, or after as long as judging took, ms. */
const DEBOUNCE_MS = 50;
/** The clock is read at least this often, so that a stop of the process is noticed, ms. Nothing is judged by it. */
const SLICE_MS = 10_000;
/** How late a timer may be before the process must have been stopped, ms. */
const LATE_MS = 1000;

/** Rejects with the signal's reason when `signal` is aborted. */
export async function waitForVerdict(request: WaitRequest, signal: AbortSignal): Promise<WaitResult> {
  const { clock, settings, interrupted } = request;
  const stopwatch = newStopwatch(clock, request.from?.elapsedMs ?? 0);
  const bell = newBell();
  const unsubscribe = request.subscribe(bell.ring);
  let memory = request.from?.memory;
  const memo = request.memo ?? newMemo();
  try {
    for (;;) {
      signal.throwIfAborted();
      const beganMs = clock.monotonic();
      const { away, ...look } = request.look();
      const elapsedMs = stopwatch.read();
      stopwatch.stands = away === true;
      if (interrupted.aborted) return { judgement: undefined, isLeft: false, elapsedMs, memory };
      let restMs = Infinity;
      if (away !== true) {
        const { resumed } = request.from ?? {};
        const judged = judge({ ...look, settings, elapsedMs, memory, resumed, now: clock.now(), memo });
        memory = judged.memory;
        request.onJudged?.(judged.judgement, elapsedMs, memory);
        const { judgement } = judged;
        if (request.courtesy === true && isCourtesyOver(judgement, elapsedMs, settings.timeoutMs))
          return { judgement: undefined, isLeft: true, elapsedMs, memory };
        if (judgement.kind !== 'waiting') return { judgement, isLeft: false, elapsedMs, memory };
        restMs = judgement.lookAgainInMs;
        if (request.courtesy === true) restMs = Math.min(restMs, settings.timeoutMs / 2 - elapsedMs);
      }
      const debounceMs = Math.max(DEBOUNCE_MS, clock.monotonic() - beganMs);
      const ended = AbortSignal.any([signal, interrupted]);
      await sleep(restMs, { bell, stopwatch, clock, debounceMs, ended });
    }
  } finally {
    unsubscribe();
  }
}

/**
 * What is waited for as a courtesy may wait itself for what is applied after it. So it is left with the first sign of
 * trouble, whatever its threshold and whomever it blames, and when half of the release's time has passed.
 */
export function isCourtesyOver(judgement: Judgement, elapsedMs: number, timeoutMs: number): boolean {
  if (judgement.kind === 'healthy') return false;
  return judgement.kind !== 'waiting' || judgement.signs.length > 0 || elapsedMs >= timeoutMs / 2;
}

/** Until a change (and the rest of its burst), the time to look again, or the end. */
async function sleep(
  ms: number,
  by: { bell: Bell; stopwatch: Stopwatch; clock: Clock; debounceMs: number; ended: AbortSignal },
): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([by.ended, over.signal]);
  const wait = (forMs: number) =>
    by.clock.delay(forMs, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  try {
    for (let restMs = ms; restMs > 0 && !by.ended.aborted; restMs -= SLICE_MS) {
      const timer = wait(Math.min(restMs, SLICE_MS)).then(() => false);
      if (await Promise.race([timer, by.bell.rung().then(() => true)])) {
        await wait(by.debounceMs);
        break;
      }
      by.stopwatch.read();
    }
  } finally {
    over.abort();
    by.bell.reset();
  }
}

interface Stopwatch {
  /** Ms that count so far. */
  read(): number;
  /** From now on no time counts. */
  stands: boolean;
}

function newStopwatch(clock: Clock, fromMs: number): Stopwatch {
  let countedMs = fromMs;
  let lastMs = clock.monotonic();
  const stopwatch = {
    stands: false,
    read() {
      const nowMs = clock.monotonic();
      if (!stopwatch.stands) countedMs += Math.min(nowMs - lastMs, SLICE_MS + LATE_MS);
      lastMs = nowMs;
      return countedMs;
    },
  };
  return stopwatch;
}

/** Remembers a ring until it is reset, so that no change between two reads is lost. */
interface Bell {
  ring: () => void;
  rung: () => Promise<void>;
  reset: () => void;
}

function newBell(): Bell {
  let { promise, resolve } = Promise.withResolvers<void>();
  return {
    ring: () => resolve(),
    rung: () => promise,
    reset: () => {
      ({ promise, resolve } = Promise.withResolvers<void>());
    },
  };
}
