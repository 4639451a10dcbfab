// Content that has failed before, by hash: bots push the same bad content under new commits.

import type { AppStatus } from '../model/app.ts';

const KEPT_REJECTED = 20;

/** Counts once per commit: a verdict that is acted upon in several attempts is still one failure. */
export function withRejected(status: AppStatus, hash: string, commit: string, now: number): AppStatus {
  const before = status.rejected?.find((entry) => entry.hash === hash);
  const times = (before?.times ?? 0) + (before?.commit === commit ? 0 : 1);
  const entry = { hash, commit, times, at: new Date(now).toISOString() };
  const others = (status.rejected ?? []).filter((other) => other.hash !== hash);
  return { ...status, rejected: [entry, ...others].slice(0, KEPT_REJECTED) };
}
