// Hooks that run after the healthy verdict. Nothing is reverted for them: how one ends is told, and the App goes on. A
// newer commit does not wait for them; a process that was ended in between takes them up again.
//
// Only what ran is noted. What was refused has not run: it is tried again with the pass that comes next, and soon where
// the refusal may pass by itself.

import type { AppStatus } from '../model/app.ts';
import { subjectOf } from '../model/commit.ts';
import type { Manifest, Rendered } from '../model/manifest.ts';
import { showId } from '../model/object.ts';
import type { Change, Refusal } from '../model/plan.ts';
import type { Verdict } from '../model/verdict.ts';
import { reasonOf, verdictOfRefusals } from '../decide/refusals.ts';
import { type Run, save, statusOf, tell } from './context.ts';
import { hasRun, noteDone, recordDone, releaseName } from './done.ts';
import { hooksOf, startHook } from './hooks.ts';
import type { Ended, Release } from './release.ts';
import type { Target } from './source.ts';
import { openVigil } from './verifying.ts';

const KEPT_OUTCOMES = 100;
const LONGEST_REASON = 300;

/** Undefined: they have ended, or there were none; else what ended the wait for them, or when to come again. */
export async function runPostHooks(
  run: Run,
  started: Release,
  desired: Rendered,
): Promise<Ended | undefined> {
  const release = releaseName(started);
  const hooks = hooksOf(desired.manifests, 'post').filter((hook) => !hasRun(run, hook, release));
  if (hooks.length === 0) return undefined;
  const awaited: Manifest[] = [];
  const changes: Change[] = [];
  const refused: Refusal[] = [];
  for (const hook of hooks) {
    const result = await startHook(run, started, hook, desired.manifests);
    if (result.kind === 'started') {
      awaited.push(hook);
      changes.push(result.change);
    }
    if (result.kind === 'refused') {
      await tellRefused(run, hook, result.refusal);
      refused.push(result.refusal);
    }
  }
  const vigil = openVigil(run, started, desired, []);
  try {
    for (const hook of awaited) {
      const ended = await vigil.wait({ manifests: [hook], changes, soak: false });
      if (ended.kind === 'interrupted')
        return ended.by === 'app' ? { kind: 'reopen' } : { kind: 'again', head: ended.head };
      const why = failureIn(ended.verdict);
      if (why !== undefined) await tellFailed(run, release, hook, desired, why);
      else await save(run, withoutOutcome(statusOf(run), hook.key));
    }
  } finally {
    vigil.close();
    // Of a wait that is over: it is no release's.
    run.session.verified = undefined;
  }
  await recordDone(run, desired.manifests);
  const again = comeAgain(refused);
  return again === undefined ? undefined : { kind: 'settled', head: started.target.head, again };
}

/** Undefined: nothing would be gained by it. `afterMs` undefined: nobody said when. */
export function comeAgain(refused: readonly Refusal[]): { afterMs?: number } | undefined {
  const passing = refused.filter(mayPass);
  if (passing.length === 0) return undefined;
  const waits = passing.map(({ retryAfterMs = 0 }) => retryAfterMs).filter((ms) => ms > 0);
  return waits.length === 0 ? {} : { afterMs: Math.min(...waits) };
}

/** A quota, a webhook, a right that somebody may give: not what is wrong as it is written. */
function mayPass(refusal: Refusal): boolean {
  return verdictOfRefusals([refusal]).kind === 'unknown';
}

/** Of the release that was found healthy last, if some of its hooks have not ended. */
export async function resumePostHooks(
  run: Run,
  target: Target,
  desired: Rendered,
): Promise<Ended | undefined> {
  const { healthy, history = [] } = statusOf(run);
  const last = history.find(({ commit, outcome }) => commit === healthy?.commit && outcome === 'Healthy');
  if (last === undefined) return undefined;
  const release = `${last.commit} ${last.startedAt}`;
  if (hooksOf(desired.manifests, 'post').every((hook) => hasRun(run, hook, release))) return undefined;
  const commit = await run.ctx.git.commit(run.repository, last.commit);
  const started: Release = {
    target: { ...target, commit },
    cause: 'drift',
    subject: subjectOf(commit),
    startedAt: Date.parse(last.startedAt),
    startedMono: run.ctx.clock.monotonic(),
    attempt: 1,
    request: undefined,
    notes: [],
  };
  return runPostHooks(run, started, desired);
}

function failureIn(verdict: Verdict): string | undefined {
  switch (verdict.kind) {
    case 'healthy':
    case 'superseded':
      return undefined;
    case 'failed':
      return verdict.failures[0]?.message ?? 'it has failed';
    case 'unknown':
      return verdict.message;
  }
}

/** It is not run again with this content: who wants that changes it. */
async function tellFailed(
  run: Run,
  release: string,
  hook: Manifest,
  desired: Rendered,
  why: string,
): Promise<void> {
  noteDone(run, hook, release);
  await recordDone(run, desired.manifests);
  await save(run, withOutcome(statusOf(run), hook.key, 'failed', why));
  tell(run, {
    type: 'problem',
    code: 'HookFailed',
    message: `the hook ${showId(hook.id)}, which runs after the release, has failed: ${why}`,
    hint: 'Nothing is reverted for it. To run it again, change it, or give it another name.',
  });
}

/** Said once, however often it is tried. */
async function tellRefused(run: Run, hook: Manifest, refusal: Refusal): Promise<void> {
  const { outcomes = [] } = statusOf(run).objects ?? {};
  const told = outcomes.find(({ object, outcome }) => object === hook.key && outcome === 'refused');
  const why = reasonOf(refusal).slice(0, LONGEST_REASON);
  if (told?.reason !== why) await save(run, withOutcome(statusOf(run), hook.key, 'refused', why));
  if (told !== undefined) return;
  tell(run, {
    type: 'problem',
    code: 'HookRefused',
    message: `the hook ${showId(hook.id)}, which runs after the release, has not run: ${why}`,
    hint: mayPass(refusal) ? 'It is tried again.' : 'Nothing is reverted for it. To run it, correct it.',
  });
}

function withOutcome(
  status: AppStatus,
  object: string,
  outcome: 'failed' | 'refused',
  reason: string,
): AppStatus {
  const { total = 0, ready = 0, outcomes = [] } = status.objects ?? {};
  const others = outcomes.filter((one) => one.object !== object);
  const told = { object, outcome, reason: reason.slice(0, LONGEST_REASON) };
  return { ...status, objects: { total, ready, outcomes: [told, ...others].slice(0, KEPT_OUTCOMES) } };
}

/** It has run after all. */
function withoutOutcome(status: AppStatus, object: string): AppStatus {
  const { objects } = status;
  if (objects === undefined || !objects.outcomes.some((one) => one.object === object)) return status;
  return {
    ...status,
    objects: { ...objects, outcomes: objects.outcomes.filter((one) => one.object !== object) },
  };
}
