// Waiting for an App by watching it. Nothing is polled: the watch wakes us, and a change that comes while one is
// being judged is judged next.

import type { App } from '../model/app.ts';
import { PawlError } from '../model/errors.ts';
import type { AppName } from '../model/events.ts';
import type { Clock, Mirror } from '../ports.ts';
import { APP_GVK, appNotFound, asInstalled } from './app.ts';
import type { Connection } from './environment.ts';

export interface Limits {
  clock: Clock;
  signal: AbortSignal;
  /** 0: no limit. */
  timeoutMs: number;
}

/** What `judge` answers to be asked anew at once, with the App as it is then. */
export const AGAIN = Symbol('again');

/**
 * The first answer that `judge` has; undefined when the time is up. Throws PawlError `AppNotFound` where the App
 * is not there, or `AppDeleted` when it goes away.
 */
export async function watchApp<T>(
  connection: Connection,
  name: AppName,
  judge: (
    app: App,
    signal: AbortSignal,
  ) => Promise<T | undefined | typeof AGAIN> | T | undefined | typeof AGAIN,
  limits: Limits,
): Promise<T | undefined> {
  return withinTime(limits, async (signal) => {
    const changes = makeBell();
    const mirror = connection.cluster.follow({
      gvk: APP_GVK,
      namespace: name.namespace,
      fieldSelector: `metadata.name=${name.name}`,
      onChange: changes.ring,
    });
    try {
      await asInstalled(mirror.ready(signal));
      for (;;) {
        const answer = await judge(appIn(mirror, name), signal);
        if (answer === AGAIN) continue;
        if (answer !== undefined) return answer;
        await changes.rung(signal);
      }
    } finally {
      mirror.stop();
    }
  });
}

function appIn(mirror: Mirror, name: AppName): App {
  const app = mirror.get(name.namespace, name.name);
  if (app === undefined) throw appNotFound(name);
  if (app.metadata.deletionTimestamp !== undefined) {
    throw new PawlError({
      code: 'AppDeleted',
      message: `the App ${name.namespace}/${name.name} is being deleted`,
      hint: 'There is nothing left to wait for.',
    });
  }
  return app as App;
}

/** Undefined when the time is up; whatever `work` is doing then is aborted. */
export async function withinTime<T>(
  { clock, signal, timeoutMs }: Limits,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const done = new AbortController();
  const late = new AbortController();
  if (timeoutMs > 0) {
    clock.delay(timeoutMs, AbortSignal.any([signal, done.signal])).then(
      () => late.abort(),
      () => undefined,
    );
  }
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (late.signal.aborted) return undefined;
    throw error;
  } finally {
    done.abort();
  }
}

export interface Bell {
  ring: () => void;
  /** Resolves at once if it rang since the last time, else when it rings. */
  rung(signal: AbortSignal): Promise<void>;
}

export function makeBell(): Bell {
  let rang = false;
  let wake = () => {};
  return {
    ring() {
      rang = true;
      wake();
    },
    async rung(signal) {
      signal.throwIfAborted();
      if (!rang) {
        await new Promise<void>((resolve, reject) => {
          const onAbort = () => reject(signal.reason);
          signal.addEventListener('abort', onAbort, { once: true });
          wake = () => {
            signal.removeEventListener('abort', onAbort);
            resolve();
          };
        });
      }
      rang = false;
    },
  };
}
