// The deadline, and whom it blames.

import type { Settings } from '../model/settings.ts';
import { showId } from '../model/object.ts';
import type { JudgeMemory } from './memory.ts';
import { failureByDrift } from './drift.ts';
import { describe, timedOut } from './progress.ts';
import type { Judgement } from './judge.ts';
import type { Read } from './watched.ts';

export interface DeadlineSettings extends Pick<Settings['health'], 'timeoutMs' | 'soakMs' | 'thresholds'> {
  /** Of the release, where the wait is for a part of it, which has no soak of its own. */
  releaseSoakMs?: number;
}

/**
 * In `elapsedMs`: the timeout counts from the start, or from when something was lost during the soak, but never
 * goes beyond timeout and soak together; and what is lost late is looked at twice all the same. What is lost late
 * once more does not stay as it is, and that is the end. After an interruption there is time to look twice, and to
 * ask checks, of which nothing is known any more, as long as one takes to fail (`isCheck`).
 */
export function deadlineMs(memory: JudgeMemory, settings: DeadlineSettings, isCheck = false): number {
  const { timeoutMs, thresholds } = settings;
  const twiceMs = thresholds.Confirmation.afterMs;
  const askedMs = twiceMs + (isCheck ? thresholds.CheckFailed.afterMs : 0);
  const resumedMs = memory.resumedAtMs === undefined ? 0 : memory.resumedAtMs + askedMs;
  if (!memory.soakBegan) return Math.max(timeoutMs, resumedMs);
  if (memory.lateLosses > 1) return Math.max(memory.brokenSinceMs, resumedMs);
  const lostMs = Math.min(memory.brokenSinceMs, soakOf(settings)) + timeoutMs;
  return Math.max(memory.brokenSinceMs + twiceMs, lostMs, resumedMs);
}

/** Beyond timeout and soak together. */
export function isLate(elapsedMs: number, settings: DeadlineSettings): boolean {
  return elapsedMs > settings.timeoutMs + soakOf(settings);
}

function soakOf({ soakMs, releaseSoakMs }: DeadlineSettings): number {
  return releaseSoakMs ?? soakMs;
}

/**
 * The commit is to blame for an object that it changed and that shows its signs and no other; otherwise what
 * speaks for the surroundings makes it unknown: a sign of theirs, an object that someone took away, or one
 * that was healthy before, was not changed, and suffers all the same; or one that others kept from being as desired for
 * some of the time (`drifted`, by key), so that it did not have all of it. Where nothing speaks, it has failed.
 */
export function atDeadline(
  broken: readonly Read[],
  timeoutMs: number,
  drifted: JudgeMemory['drifted'],
): Judgement {
  const driftOf = ({ watched }: Read) => drifted[watched.manifest.key];
  const guilty = broken.filter(
    (read) =>
      driftOf(read) === undefined &&
      read.watched.changed &&
      blames(read, 'commit') &&
      !blames(read, 'surroundings'),
  );
  if (guilty.length > 0) return { kind: 'failed', failures: guilty.map((read) => timedOut(read, timeoutMs)) };
  for (const read of broken) {
    const drift = driftOf(read);
    if (drift === undefined) continue;
    const { reason, message } = failureByDrift(read, drift, `it is not ready in time: ${describe(read)}`);
    return { kind: 'unknown', reason, message };
  }
  const surroundings = broken.find((read) => blames(read, 'surroundings'));
  if (surroundings !== undefined) return unknown(surroundings, 'its surroundings are to blame');
  const taken = broken.find(
    (read) => read.watched.live === undefined || read.health.status === 'Terminating',
  );
  if (taken !== undefined) return unknown(taken, 'somebody else takes it away');
  const unchanged = broken.find((read) => !read.watched.changed);
  if (unchanged !== undefined)
    return unknown(unchanged, 'it was healthy before and this release did not change it');
  return { kind: 'failed', failures: broken.map((read) => timedOut(read, timeoutMs)) };
}

function blames(read: Read, whom: 'commit' | 'surroundings'): boolean {
  return read.signs.some(({ sign }) => sign.blames === whom);
}

function unknown(read: Read, why: string): Judgement {
  const sign = read.signs.find((timed) => timed.sign.blames === 'surroundings')?.sign;
  return {
    kind: 'unknown',
    reason: sign?.reason ?? 'TimedOut',
    message: `${showId(read.watched.manifest.id)} is not ready in time, and ${why}: ${describe(read)}`,
  };
}
