// Where `pawl status` reads from: once, or again and again from watches that stay open. Nothing is polled.

import type { App } from '../model/app.ts';
import type { AppName } from '../model/events.ts';
import type { ListQuery, Mirror } from '../ports.ts';
import { appNotFound, APP_GVK, asInstalled, listApps, readApp, sortApps } from './app.ts';
import type { Connection } from './environment.ts';
import type { Lister } from './rollout.ts';
import { appData, type AppData, appLine, type AppsData } from './status.ts';
import { type Bell, makeBell } from './watch-app.ts';

/** Which Apps: one, all of a namespace, or all (`namespace` undefined). */
export type Subject = { app: AppName } | { namespace: string | undefined };

export async function statusOnce(
  connection: Connection,
  subject: Subject,
  now: () => number,
  signal: AbortSignal,
): Promise<AppData | AppsData> {
  if ('namespace' in subject) {
    return { apps: (await listApps(connection, subject.namespace, signal)).map(appLine) };
  }
  const app = await readApp(connection, subject.app, signal);
  return appData(app, (query) => connection.cluster.as(undefined).list(query, signal), now());
}

/** Hands every new state to `show`, until the signal ends it. */
export async function statusWatch(
  connection: Connection,
  subject: Subject,
  now: () => number,
  show: (data: AppData | AppsData) => void,
  signal: AbortSignal,
): Promise<never> {
  const bell = makeBell();
  const watches = openWatches(connection, bell, signal);
  try {
    for (;;) {
      show(await read(watches.list, subject, now));
      await bell.rung(signal);
    }
  } finally {
    watches.stop();
  }
}

async function read(list: Lister, subject: Subject, now: () => number): Promise<AppData | AppsData> {
  if ('namespace' in subject) {
    const query = { gvk: APP_GVK, namespace: subject.namespace };
    return { apps: sortApps((await asInstalled(list(query))) as App[]).map(appLine) };
  }
  const { namespace, name } = subject.app;
  const found = await asInstalled(list({ gvk: APP_GVK, namespace, fieldSelector: `metadata.name=${name}` }));
  if (found[0] === undefined) throw appNotFound(subject.app);
  return appData(found[0] as App, list, now());
}

/** Lists that are kept up to date; each change rings. */
function openWatches(
  { cluster }: Connection,
  bell: Bell,
  signal: AbortSignal,
): { list: Lister; stop: () => void } {
  const mirrors = new Map<string, Mirror>();
  return {
    async list(query: ListQuery) {
      const key = JSON.stringify(query);
      const mirror = mirrors.get(key) ?? cluster.follow({ ...query, onChange: bell.ring });
      mirrors.set(key, mirror);
      await mirror.ready(signal);
      return mirror.all();
    },
    stop() {
      for (const mirror of mirrors.values()) mirror.stop();
    },
  };
}
