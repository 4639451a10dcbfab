// What wakes an App: its cron schedule, a request, a change of the App, drift, the time to try again. For
// each App one pass runs and at most one waits, because all wakes meanwhile fold into one.

import { schedule as cron, type ScheduledTask } from 'node-cron';
import type { AppName } from './model/events.ts';
import { newSession, type Context, type Session } from './loop/context.ts';
import type { WakeReason } from './loop/wakes.ts';
import { reconcile } from './loop.ts';

export interface Follower {
  wake(reason: WakeReason): void;
  /** Finishes the object in hand and stops; the App may live on. */
  stop(): Promise<void>;
}

export interface FollowOptions {
  ctx: Context;
  app: AppName;
  /** The App's schedule as it stands now; undefined while the App is suspended or invalid. */
  scheduleOf: () => string | undefined;
  /** The App is suspended or to go: what is under way ends between two steps. */
  mustStop: () => boolean;
  /** The lease: when it aborts, everything stops at once. */
  hard: AbortSignal;
  /** An exception nobody expected: this App's error, not the process's end. */
  onBug: (app: AppName, error: unknown) => void;
}

/** Follows one App until stopped. */
export function follow(options: FollowOptions): Follower {
  const { ctx, app, hard } = options;
  const session = newSession(app);
  const stopping = new AbortController();
  const soft = AbortSignal.any([stopping.signal, hard]);
  let retry: { dueMs: number; cancel: AbortController } | undefined;
  let timer: { expression: string; task: ScheduledTask } | undefined;
  let passing: AbortController | undefined;
  const running = turn();

  return {
    wake(reason) {
      setTimer();
      session.wakes.add(reason);
      if (options.mustStop()) passing?.abort(new DOMException('the App is suspended or to go', 'AbortError'));
    },
    async stop() {
      stopping.abort(new DOMException('the App is no longer followed', 'AbortError'));
      await clearTimer();
      session.subscription?.();
      await running;
    },
  };

  async function turn(): Promise<void> {
    for (;;) {
      const pass = new AbortController();
      try {
        await session.wakes.some(soft);
        passing = pass;
        const signals = { soft: AbortSignal.any([soft, pass.signal]), hard };
        const next = await reconcile(ctx, session, session.wakes.take(), signals);
        if (next.afterMs !== undefined) wakeLater(session, next.afterMs);
      } catch (error) {
        if (soft.aborted) return;
        // Stopped between two steps: the next pass finds out what is asked for now.
        if (pass.signal.aborted) session.wakes.add('app');
        else {
          options.onBug(app, error);
          wakeLater(session, 10_000);
        }
      } finally {
        passing = undefined;
      }
    }
  }

  /** One timer, for the earliest wish: the pass that it brings wishes anew. More would breed more with every pass. */
  function wakeLater(who: Session, ms: number): void {
    const dueMs = ctx.clock.monotonic() + ms;
    if (retry !== undefined && retry.dueMs <= dueMs) return;
    retry?.cancel.abort();
    const cancel = new AbortController();
    const mine = { dueMs, cancel };
    retry = mine;
    ctx.clock.delay(ms, AbortSignal.any([soft, cancel.signal])).then(
      () => {
        if (retry === mine) retry = undefined;
        who.wakes.add('retry');
      },
      () => {},
    );
  }

  function setTimer(): void {
    const expression = options.scheduleOf();
    if (timer?.expression === expression) return;
    void clearTimer();
    if (expression === undefined || soft.aborted) return;
    const task = cron(expression, () => session.wakes.add('look'));
    // A process that was stopped or busy has slept over it: a look that comes late is better than none.
    task.on('execution:missed', () => session.wakes.add('look'));
    timer = { expression, task };
  }

  async function clearTimer(): Promise<void> {
    const former = timer;
    timer = undefined;
    await former?.task.destroy();
  }
}
