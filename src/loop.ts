// One pass over one App, in the order of the stages:
//
//   source → render → plan → apply → verify → decide → revert → record
//
// Every pass reads everything again; what is remembered only saves requests. Nothing here decides: the stages
// do, as pure functions, and the files under loop/ carry out what they say.

import { ANNOTATION, type App } from './model/app.ts';
import { ApiError, PawlError } from './model/errors.ts';
import { readyCondition, withState } from './record/conditions.ts';
import { type Context, type Run, type Session, type Signals, save, statusOf, tell } from './loop/context.ts';
import { correctDrift } from './loop/drift.ts';
import { seeOff } from './loop/leaving.ts';
import { forgetUnused } from './loop/membership.ts';
import { openRun } from './loop/open.ts';
import { release } from './loop/release.ts';
import { rollUp } from './loop/rollup.ts';
import { credentialsOf, look } from './loop/source.ts';
import { answerUndo } from './loop/undo.ts';
import { forgetIntent, settleIntent } from './loop/reverting.ts';
import type { WakeReason } from './loop/wakes.ts';

/** When to come again without being woken; undefined: only when woken. */
export interface Next {
  afterMs?: number;
}

/** How long a doubtful head is left alone before it is looked at again (replicas of a git host lag). */
const SECOND_LOOK_MS = 31_000;
const LONGEST_BACKOFF_MS = 300_000;

export async function reconcile(
  ctx: Context,
  session: Session,
  reasons: ReadonlySet<WakeReason>,
  signals: Signals,
): Promise<Next> {
  if (isLookOnly(reasons) && ctx.clock.monotonic() < session.notBefore) return {};
  let run: Run | undefined;
  try {
    run = await openRun(ctx, session, signals);
    if (run === undefined) return {};
    const next = await pass(run, reasons);
    const leaving = await seeOff(run);
    // A pass that only set back drift has not proved that what failed before works again.
    if (isOfMembers(reasons)) return sooner(next, leaving);
    if (next.afterMs === undefined) session.tries = 0;
    session.notBefore = 0;
    return sooner(next, leaving);
  } catch (error) {
    if (signals.soft.aborted || !(error instanceof PawlError)) throw error;
    return problem(ctx, session, run, error);
  }
}

function sooner(one: Next, other: Next): Next {
  const afterMs = Math.min(one.afterMs ?? Infinity, other.afterMs ?? Infinity);
  return afterMs === Infinity ? {} : { afterMs };
}

function isLookOnly(reasons: ReadonlySet<WakeReason>): boolean {
  return [...reasons].every((reason) => reason === 'look');
}

function isOfMembers(reasons: ReadonlySet<WakeReason>): boolean {
  return [...reasons].every((reason) => reason === 'drift' || reason === 'health');
}

async function pass(run: Run, reasons: ReadonlySet<WakeReason>): Promise<Next> {
  const { session } = run;
  run.ctx.dependents.follows(session);
  const drift = await correctDrift(run);
  // Whatever else woke it: the look that follows may find that nothing moved, and end the pass.
  if (reasons.has('drift') || reasons.has('health')) {
    await rollUp(run);
    await forgetUnused(run);
  }
  if (isOfMembers(reasons)) return drift;
  run.repository = { ...run.repository, credentials: await credentialsOf(run) };
  const seen = await look(run);
  if (seen === undefined) return { afterMs: SECOND_LOOK_MS };
  if (session.settled === settledKey(run, seen.head)) {
    await clearProblem(run);
    await forgetIntent(run, seen.head);
    return drift;
  }
  // The schedule alone does not shorten the wait of what cannot be judged now; anything new does.
  const { undecided } = session;
  const restMs = (undecided?.untilMs ?? 0) - run.ctx.clock.monotonic();
  if (isLookOnly(reasons) && undecided?.key === settledKey(run, seen.head) && restMs > 0)
    return { afterMs: Math.min(restMs, drift.afterMs ?? restMs) };
  session.undecided = undefined;
  let head: string | undefined = await settleIntent(run, seen.head);
  head = await answerUndo(run, head);
  // A release that ends with a new head (a revert, a newer commit) is followed by that head's at once.
  for (;;) {
    run.signal.throwIfAborted();
    const ended = await release(run, head);
    switch (ended.kind) {
      case 'settled':
        run.ctx.dependents.dealtWith(session.name, ended.head);
        if (ended.again !== undefined) return comeAgain(run, ended.head, ended.again.afterMs, drift);
        session.settled = settledKey(run, ended.head);
        tell(run, { type: 'settled', head: ended.head });
        comeAgainIfAsked(run);
        return drift;
      case 'again':
        head = ended.head ?? (await look(run))?.head ?? head;
        continue;
      case 'waits':
        comeAgainIfAsked(run);
        return drift;
      case 'reopen':
        session.wakes.add('app');
        return {};
      case 'undecided':
        return comeAgain(run, session.look?.head ?? seen.head, ended.retryAfterMs, drift);
    }
  }
}

/** After `ms`, or with a backoff that grows. */
function comeAgain(run: Run, head: string, ms: number | undefined, drift: Next): Next {
  const { session } = run;
  session.tries += 1;
  comeAgainIfAsked(run);
  const afterMs = ms ?? backoffMs(session.tries);
  session.undecided = {
    key: settledKey(run, head),
    untilMs: run.ctx.clock.monotonic() + afterMs,
  };
  return { afterMs: Math.min(afterMs, drift.afterMs ?? afterMs) };
}

/** What came to the App during the pass may have woken it too early: it is looked at again. */
function comeAgainIfAsked(run: Run): void {
  const now = run.ctx.store.get(run.session.name);
  if (now !== undefined && askedOf(now) !== askedOf(run.opened)) run.session.wakes.add('app');
}

/** All that a settled App has taken into account; a change of any of it is a reason to look closer. */
function settledKey(run: Run, head: string): string {
  return `${head} ${askedOf(run.opened)}`;
}

/** What people ask of an App: its spec, and the annotations that are requests. */
function askedOf({ metadata: { annotations, generation } }: App): string {
  const asked = [ANNOTATION.requestedAt, ANNOTATION.undoRequested, ANNOTATION.confirmPrune];
  return JSON.stringify([generation, ...asked.map((name) => annotations?.[name] ?? '')]);
}

/** Doubles from two seconds to five minutes, with a jitter that keeps many Apps from trying in step. */
function backoffMs(tries: number): number {
  const full = Math.min(LONGEST_BACKOFF_MS, 1000 * 2 ** Math.min(tries, 10));
  return full * (0.75 + Math.random() / 2);
}

/** An error that is nobody's release: said once in the status, tried again with backoff. */
async function problem(
  ctx: Context,
  session: Session,
  run: Run | undefined,
  error: PawlError,
): Promise<Next> {
  const { code, message, hint } = error;
  // Somebody wrote the App meanwhile: read it again, that is all.
  session.tries += 1;
  if (error instanceof ApiError && error.status === 409)
    return { afterMs: Math.min(100 * session.tries, 5_000) };
  const afterMs = error.retryAfterMs ?? backoffMs(session.tries);
  session.notBefore = ctx.clock.monotonic() + afterMs;
  const before = readyCondition(run?.app.status);
  if (before?.reason !== code || before.message !== message) {
    ctx.emit(session.name, { type: 'problem', code, message, hint });
    if (run !== undefined) await sayProblem(run, error).catch(() => {});
  }
  return { afterMs };
}

async function sayProblem(run: Run, error: PawlError): Promise<void> {
  const message = error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
  const state = { ready: 'False' as const, reason: error.code, message, stalled: true };
  await save(run, withState(statusOf(run), state, run.settings.generation, run.ctx.clock.now()));
  run.session.problem = error.code;
}

/** What was said of a problem that is over: the roll-up says how things are. */
async function clearProblem(run: Run): Promise<void> {
  if (run.session.problem === undefined) return;
  const said = run.session.problem;
  run.session.problem = undefined;
  if (readyCondition(run.app.status)?.reason === said) await rollUp(run, { force: true });
}
