// One try to bring the cluster to a revision, from the target to what is done about the verdict.

import { subjectOf } from '../model/commit.ts';
import { ANNOTATION, type Cause } from '../model/app.ts';
import type { Rendered } from '../model/manifest.ts';
import type { Change } from '../model/plan.ts';
import type { Failure, Verdict } from '../model/verdict.ts';
import { decide, type Step } from '../decide/decide.ts';
import { seenTooOften } from './content.ts';
import { type Run, statusOf, tell } from './context.ts';
import { desiredAt, isEmpty, isRendered, keysIn, type RenderFailure } from './desired.ts';
import { hold, isJudged, recordHealthy, recordSuperseded, recordUndecided } from './endings.ts';
import { findObstacle, sayObstacle } from './dependencies.ts';
import { factsFor, isOurs } from './facts.ts';
import { healthyStillPasses, isHealthyApplied } from './healthy.ts';
import { placeOf, showProblem } from '../render/problem.ts';
import { runPostHooks } from './post-hooks.ts';
import { quietly } from './quiet.ts';
import { revert } from './reverting.ts';
import { isDeletionAllowed } from './mass-deletion.ts';
import { type RollOut, rollOut } from './rollout.ts';
import { sourceOf, type Target, targetAt } from './source.ts';
import { areHarder, termsOf } from './terms.ts';

export type Ended =
  /** Nothing is left to do for this head; `again`: but for something beside the release, which is tried again. */
  | { kind: 'settled'; head: string; again?: { afterMs?: number } }
  /** There is a new head to release: our own revert, or a newer commit (undefined: look). */
  | { kind: 'again'; head: string | undefined }
  /** The App itself changed: read it again. */
  | { kind: 'reopen' }
  | { kind: 'undecided'; retryAfterMs?: number }
  /** Not begun: another App has to be ready before, and wakes this one. */
  | { kind: 'waits' };

export interface Release {
  target: Target;
  cause: Cause;
  subject: string;
  startedAt: number;
  /** Monotonic, ms. */
  startedMono: number;
  attempt: number;
  /** The request that this release answers. */
  request: string | undefined;
  /** What was done, object by object, and the last stage that was begun, where it was not the last of all. */
  done?: { changes: readonly Change[]; through?: string };
  /** What was done beside the plan, for the record. */
  notes: string[];
}

export async function release(run: Run, head: string): Promise<Ended> {
  const target = await targetAt(run, head);
  const cause = causeOf(run, target);
  // Nobody asks for a new judgement: keep what was applied as it was applied.
  if (cause === 'drift') return quietly(run, target);

  const desired = await desiredAt(run, target.commit.oid);
  // A change of the App that changes nothing of what is applied (its schedule, say) is no release.
  if (cause === 'spec' && isRendered(desired) && isHealthyAs(run, target, desired))
    return quietly(run, target);
  // What is under way goes on, and Pawl's own way back is never held up.
  const isBegun = statusOf(run).release?.commit === target.commit.oid || isOurs(run, target.commit.oid);
  const obstacle = isBegun ? undefined : await findObstacle(run, target, keysIn(desired));
  if (obstacle !== undefined) {
    // What runs is looked after meanwhile, by a process that has just started, too.
    if (run.session.desired.size === 0 || !run.session.isKept) await quietly(run, target);
    await sayObstacle(run, obstacle);
    return { kind: 'waits' };
  }
  const started = begin(run, target, cause);
  run.session.toldSigns.clear();
  // Nothing at all is far more often a moved folder than a wish: it is neither applied nor reverted (I4).
  if (isEmpty(desired)) {
    const message =
      'the path holds no manifests at this commit; to remove everything, delete the App with deletion: Prune';
    return hold(run, started, { outcome: 'Held', reason: 'NothingRendered', message });
  }
  // A person who asks for it knows, and what was asked for is never reverted.
  if (isRendered(desired) && cause !== 'request') {
    const again = seenTooOften(run, desired, target.commit.oid);
    if (again !== undefined)
      return hold(run, started, { outcome: 'Held', reason: 'RejectedContent', message: again });
  }
  const result: RollOut = isRendered(desired)
    ? await rollOut(run, started, desired)
    : { kind: 'verdict', verdict: renderFailed(desired), changes: [], untouched: true };
  return conclude(run, started, desired, result);
}

async function conclude(
  run: Run,
  started: Release,
  desired: Rendered | RenderFailure,
  result: RollOut,
): Promise<Ended> {
  const { commit } = started.target;
  if (result.kind === 'interrupted') {
    if (result.by === 'app') return { kind: 'reopen' };
    await recordSuperseded(run, started);
    return { kind: 'again', head: result.head };
  }
  if (result.kind === 'held') return hold(run, started, { ...result, outcome: 'Held' });
  const { verdict } = result;
  const durationMs = run.ctx.clock.monotonic() - started.startedMono;
  tell(run, { type: 'verdict', commit: commit.oid, verdict, durationMs });
  const facts = await factsFor(run, started, desired, verdict);
  let step: Step = decide(facts);
  if (step.do === 'ask-healthy') {
    const healthyDryRun = await healthyStillPasses(run, started.target, failuresOf(verdict), desired);
    step = decide({ ...facts, healthyDryRun });
  }
  const refusal = refusalIn(result);
  switch (step.do) {
    case 'record': {
      const settled = await recordHealthy(run, started, desired as Rendered, result.changes);
      return (await runPostHooks(run, started, desired as Rendered)) ?? settled;
    }
    case 'hold':
      return hold(
        run,
        started,
        { ...step, message: joined(refusal, step.message, '; ') },
        desired,
        failuresOf(verdict),
      );
    case 'wait':
      return recordUndecided(run, started, step, step.retryAfterMs);
    case 'revert':
      return revert(run, started, desired, step.failures, joined(step.reason, refusal, ': '));
    case 'ask-healthy':
      throw new Error('the healthy revision has been asked already');
  }
}

function isHealthyAs(run: Run, target: Target, desired: Rendered): boolean {
  const { healthy } = statusOf(run);
  return (
    healthy?.commit === target.commit.oid &&
    healthy.renderHash === desired.renderHash &&
    isHealthyApplied(statusOf(run))
  );
}

function begin(run: Run, target: Target, cause: Cause): Release {
  const { clock } = run.ctx;
  const status = statusOf(run);
  const former = status.release?.commit === target.commit.oid ? status.release : undefined;
  const started: Release = {
    target,
    cause,
    subject: subjectOf(target.commit),
    startedAt: former === undefined ? clock.now() : Date.parse(former.startedAt),
    startedMono: clock.monotonic(),
    attempt: (former?.attempt ?? 0) + 1,
    request: run.app.metadata.annotations?.[ANNOTATION.requestedAt],
    notes: [],
  };
  const { oid } = target.commit;
  if (former === undefined)
    tell(run, {
      type: 'release-started',
      commit: oid,
      subject: started.subject,
      cause,
      attempt: started.attempt,
    });
  return started;
}

/**
 * Why this release is made. Only a commit that has not been judged can be reverted, so every other cause
 * takes precedence once a verdict on the commit stands.
 */
function causeOf(run: Run, target: Target): Cause {
  const status = statusOf(run);
  const { oid } = target.commit;
  if (status.release?.commit === oid) {
    const { cause, terms } = status.release;
    return cause === 'commit' && areHarder(termsOf(run.settings, run.opened.spec.health), terms)
      ? 'spec'
      : cause;
  }
  // A branch that was set back to the healthy revision is a change like any other: something else is applied.
  const isHealthy =
    status.healthy?.commit === oid && status.healthy.source === sourceOf(run) && isHealthyApplied(status);
  if (!isHealthy && (!isJudged(status, oid) || isDeletionAllowed(run, oid))) return 'commit';
  const asked = run.app.metadata.annotations?.[ANNOTATION.requestedAt];
  if (asked !== undefined && asked !== status.lastHandledRequest) return 'request';
  return status.observedGeneration === run.settings.generation ? 'drift' : 'spec';
}

/** Where nothing was applied the cluster has nothing to show for it: then the status says what was wrong. */
function refusalIn({ verdict, untouched }: Extract<RollOut, { kind: 'verdict' }>): string | undefined {
  return untouched === true ? failuresOf(verdict)[0]?.message : undefined;
}

function joined(one: string | undefined, other: string | undefined, by: string): string {
  return [one, other].filter((text) => text !== undefined).join(by);
}

function failuresOf(verdict: Verdict): Failure[] {
  return verdict.kind === 'failed' ? verdict.failures : [];
}

function renderFailed(desired: RenderFailure): Verdict {
  return {
    kind: 'failed',
    failures: desired.problems.map((problem) => ({
      object: problem.object,
      reason: problem.code,
      evidence: placeOf(problem),
      message: showProblem(problem),
    })),
  };
}
