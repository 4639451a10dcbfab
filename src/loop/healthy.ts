// The healthy revision: where a revert leads, and what the release in hand is compared with.

import type { AppStatus } from '../model/app.ts';
import type { Rendered } from '../model/manifest.ts';
import { ApiError } from '../model/errors.ts';
import type { Refusal } from '../model/plan.ts';
import type { Failure } from '../model/verdict.ts';
import { keyOf } from '../model/object.ts';
import { mayRecreate } from '../model/recreate.ts';
import { isHook } from '../model/hook.ts';
import { underOtherName } from '../plan/hooks.ts';
import { finalise } from '../plan/finalise.ts';
import { PARALLEL } from '../plan/plan.ts';
import { refusalOf } from '../plan/refusal.ts';
import pLimit from 'p-limit';
import { type Run, statusOf } from './context.ts';
import type { DenialNow } from '../decide/decide.ts';
import { desiredAt, isRendered, type RenderFailure } from './desired.ts';
import { sourceOf, type Target } from './source.ts';

/** Whether what the cluster was last told is the healthy revision, of the same source. */
export function isHealthyApplied({ applied, healthy }: AppStatus): boolean {
  if (applied === undefined || healthy === undefined || applied.through !== undefined) return false;
  return applied.commit === healthy.commit && (applied.source ?? healthy.source) === healthy.source;
}

/** Desired objects of the healthy revision; undefined where there is none to go back to. */
export async function healthyRender(run: Run, target: Target): Promise<Rendered | undefined> {
  const { healthy } = statusOf(run);
  if (healthy === undefined || healthy.source !== sourceOf(run) || !target.healthyIsAncestor)
    return undefined;
  const desired = await desiredAt(run, healthy.commit);
  return isRendered(desired) ? desired : undefined;
}

/** What the server says now of the healthy revision's form of the objects that it just denied. */
export async function healthyStillPasses(
  run: Run,
  target: Target,
  failures: readonly Failure[],
  head: Rendered | RenderFailure,
): Promise<DenialNow> {
  const desired = await healthyRender(run, target);
  const denied = new Set(failures.flatMap(({ object }) => (object === undefined ? [] : [keyOf(object)])));
  const deniedOf = ({ manifests }: Rendered) => manifests.filter((manifest) => denied.has(manifest.key));
  // A policy that denies the commit's new objects only says nothing about the former ones: they are not there.
  const refusals = desired === undefined ? [] : await dryRun(run, deniedOf(desired));
  if (refusals.length > 0) return 'refused';
  // Between the two questions a policy may have gone: only what is denied after the healthy form has passed is
  // denied for what the commit says.
  const still = isRendered(head) ? await dryRun(run, deniedOf(head)) : [];
  return still.some(({ kind }) => kind === 'Denied') ? 'passes' : 'over';
}

/** Dry-runs these manifests as they are; what the server refuses. */
export async function dryRun(run: Run, manifests: Rendered['manifests']): Promise<Refusal[]> {
  const limit = pLimit(PARALLEL);
  const results = await Promise.all(
    manifests.map((manifest) =>
      limit(async (): Promise<Refusal | undefined> => {
        try {
          const object = finalise(manifest, run.ctx.members.get(manifest.id));
          await run.api.apply(
            isHook(manifest) ? underOtherName(object) : object,
            { dryRun: true },
            run.signal,
          );
          return undefined;
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          const refusal = refusalOf(manifest.id, error);
          const live = run.ctx.members.get(manifest.id);
          return refusal.kind === 'Immutable' && mayRecreate(manifest, live, run.applySet)
            ? undefined
            : refusal;
        }
      }),
    ),
  );
  return results.filter((refusal) => refusal !== undefined);
}
