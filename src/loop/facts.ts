// Everything that a decision is made from, gathered from the status, git and the two renders.

import type { Rendered } from '../model/manifest.ts';
import type { Verdict } from '../model/verdict.ts';
import { badContentHashes, timesRejected } from '../decide/content.ts';
import type { DecideFacts } from '../decide/decide.ts';
import { revertsInWindow } from '../decide/window.ts';
import { pawlTrailers } from '../revert/trailers.ts';
import { type Run, statusOf } from './context.ts';
import { isRendered, type RenderFailure } from './desired.ts';
import { healthyRender } from './healthy.ts';
import type { Release } from './release.ts';
import { sourceOf } from './source.ts';

export async function factsFor(
  run: Run,
  started: Release,
  desired: Rendered | RenderFailure,
  verdict: Verdict,
): Promise<DecideFacts> {
  const { target, cause } = started;
  const status = statusOf(run);
  const { rollback } = run.settings;
  const headRender = isRendered(desired) ? desired : undefined;
  const before = verdict.kind === 'failed' ? await healthyRender(run, target) : undefined;
  const hashes =
    headRender === undefined || verdict.kind !== 'failed'
      ? []
      : badContentHashes(headRender.manifests, verdict.failures);
  return {
    verdict,
    cause,
    mode: rollback.mode,
    head: target.commit.oid,
    healthy: status.healthy,
    currentSource: sourceOf(run),
    healthyIsAncestor: target.healthyIsAncestor,
    healthyRender: before,
    headRender,
    baseline: status.baseline,
    headIsOurRevert: isOurs(run, target.commit.oid),
    revertsInWindow: revertsInWindow(status.history, run.ctx.clock.now(), rollback.limit.perMs),
    limit: rollback.limit.reverts,
    rollbackHold: asksForHold(target.pending, before, headRender),
    changesSinceHealthy: target.pending.length > 0,
    rejectedBefore: timesRejected(status.rejected, hashes, target.commit.oid),
    healthyDryRun: 'not-asked',
  };
}

/** By our own records; what a commit says of itself proves nothing. */
export function isOurs(run: Run, oid: string): boolean {
  const { revert, history = [] } = statusOf(run);
  return revert?.commit === oid || history.some((entry) => entry.revertedBy === oid);
}

/** `Pawl-Rollback: Hold` in a commit, or `pawl.dev/rollback: Hold` on an object that the release changes. */
function asksForHold(
  pending: Release['target']['pending'],
  before: Rendered | undefined,
  after: Rendered | undefined,
): boolean {
  if (pending.some((commit) => pawlTrailers(commit.message).holdsRollback)) return true;
  const former = new Map(before?.manifests.map((manifest) => [manifest.key, manifest]));
  const changed = (after?.manifests ?? []).filter(({ key, hash }) => former.get(key)?.hash !== hash);
  const removed =
    after === undefined
      ? []
      : (before?.manifests ?? []).filter(({ key }) => !after.manifests.some((one) => one.key === key));
  return [...changed, ...removed, ...changed.flatMap(({ key }) => former.get(key) ?? [])].some(
    ({ policy }) => policy.rollback === 'Hold',
  );
}
