// One follower per App, from the watch of Apps: made when an App appears, woken when it changes in a way that
// matters, stopped when it is gone.

import { ANNOTATION, type App, appKey } from '../model/app.ts';
import type { AppName } from '../model/events.ts';
import { resolveApp } from '../model/resolve.ts';
import type { AppChange } from '../adapters/cluster/store.ts';
import type { Context } from '../loop/context.ts';
import { follow, type Follower } from '../schedule.ts';

export interface Apps {
  take(change: AppChange): void;
  stop(): Promise<void>;
}

export interface AppsOptions {
  ctx: Context;
  hard: AbortSignal;
  onGone: (app: AppName) => void;
  onBug: (app: AppName, error: unknown) => void;
}

export function followApps(options: AppsOptions): Apps {
  const followers = new Map<string, Follower>();
  const leaving = new Set<Promise<void>>();

  return {
    take({ kind, app, previous }) {
      const key = appKey(app);
      if (kind === 'gone') return drop(key, app);
      // Deleted and made anew under the same name while the watch was away.
      if (previous !== undefined && previous.metadata.uid !== app.metadata.uid) drop(key, app);
      const existing = followers.get(key);
      if (existing === undefined) {
        const follower = start(app);
        followers.set(key, follower);
        follower.wake('app');
      } else if (previous === undefined || matters(app) !== matters(previous)) existing.wake('app');
      return undefined;
    },
    async stop() {
      await Promise.all([...[...followers.values()].map((follower) => follower.stop()), ...leaving]);
    },
  };

  function start(app: App): Follower {
    const { namespace, name } = app.metadata;
    return follow({
      ctx: options.ctx,
      app: { namespace, name },
      scheduleOf: () => scheduleOf(options.ctx.store.get({ namespace, name })),
      mustStop: () => mustStop(options.ctx.store.get({ namespace, name })),
      hard: options.hard,
      onBug: options.onBug,
    });
  }

  function drop(key: string, app: App): void {
    const follower = followers.get(key);
    if (follower === undefined) return;
    followers.delete(key);
    const left = follower.stop().finally(() => leaving.delete(left));
    leaving.add(left);
    const { namespace, name } = app.metadata;
    options.onGone({ namespace, name });
  }
}

/** Undefined: nothing is polled. */
function scheduleOf(app: App | undefined): string | undefined {
  if (app === undefined) return undefined;
  const resolved = resolveApp(app);
  return 'ok' in resolved && !resolved.ok.suspend ? resolved.ok.schedule : undefined;
}

function mustStop(app: App | undefined): boolean {
  return app?.spec?.suspend === true || app?.metadata.deletionTimestamp !== undefined;
}

/** What of an App is a reason to wake it: not its status, which Pawl itself writes. */
function matters(app: App): string {
  const { generation, deletionTimestamp, annotations } = app.metadata;
  const asked = [ANNOTATION.requestedAt, ANNOTATION.undoRequested, ANNOTATION.confirmPrune];
  return JSON.stringify([generation, deletionTimestamp, ...asked.map((name) => annotations?.[name])]);
}
