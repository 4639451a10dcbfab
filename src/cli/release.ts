// `pawl release`: asks for a release now, and with `--wait` for its outcome.

import { type App, ANNOTATION, type Condition } from '../model/app.ts';
import type { AppName } from '../model/events.ts';
import { readApp } from './app.ts';
import type { Connection, Environment, Result } from './environment.ts';
import { annotate } from './request.ts';
import { watchApp } from './watch-app.ts';

export interface ReleaseFlags {
  wait: boolean;
  timeoutMs: number;
}

export interface ReleaseData {
  app: AppName;
  requestedAt: string;
  /** Without `--wait`: Requested. */
  outcome: 'Requested' | 'Healthy' | 'Failed' | 'TimedOut';
  message: string;
  commit?: string;
}

export async function release(
  { clock, signal }: Environment,
  connection: Connection,
  name: AppName,
  { wait, timeoutMs }: ReleaseFlags,
): Promise<Result<ReleaseData>> {
  const app = await readApp(connection, name, signal);
  const requestedAt = new Date(clock.now()).toISOString();
  await annotate(connection, name, ANNOTATION.requestedAt, requestedAt, signal);
  const data = { app: name, requestedAt };
  if (!wait) {
    const message =
      app.spec.suspend === true ? 'asked for, but the App is suspended: `pawl resume` it' : 'asked for';
    return { exitCode: 0, data: { ...data, outcome: 'Requested', message } };
  }
  const judge = (app: App) => releaseAnswer(app, requestedAt);
  const answer = await watchApp(connection, name, judge, { clock, signal, timeoutMs });
  if (answer === undefined) {
    const message = 'no outcome yet; `pawl status` shows how far it is';
    return { exitCode: 3, data: { ...data, outcome: 'TimedOut', message } };
  }
  const { outcome, message, commit } = answer;
  return { exitCode: outcome === 'Healthy' ? 0 : 1, data: { ...data, outcome, message, commit } };
}

export interface ReleaseAnswer {
  outcome: 'Healthy' | 'Failed';
  message: string;
  commit: string | undefined;
}

/** The outcome of the release that answered the request; undefined while there is none. */
export function releaseAnswer(app: App, requestedAt: string): ReleaseAnswer | undefined {
  const { lastHandledRequest, release: inFlight, conditions = [], applied } = app.status ?? {};
  if (lastHandledRequest !== requestedAt || inFlight !== undefined) return undefined;
  const commit = applied?.commit;
  const is = (type: Condition['type'], value: string) =>
    conditions.find((condition) => condition.type === type && condition.status === value);
  const stalled = is('Stalled', 'True');
  if (stalled !== undefined) return { outcome: 'Failed', message: stalled.message, commit };
  if (is('Reconciling', 'True') !== undefined) return undefined;
  const ready = is('Ready', 'True');
  if (ready !== undefined) return { outcome: 'Healthy', message: ready.message, commit };
  const failed = is('Ready', 'False');
  return failed && { outcome: 'Failed', message: failed.message, commit };
}
