// `pawl suspend` and `pawl resume`.

import type { AppName } from '../model/events.ts';
import { readApp } from './app.ts';
import type { Connection, Environment, Result } from './environment.ts';
import { setSuspend } from './request.ts';

export interface SuspendData {
  app: AppName;
  suspended: boolean;
  /** Whether it was so before. */
  already: boolean;
}

export async function suspend(
  { signal }: Environment,
  connection: Connection,
  name: AppName,
  suspended: boolean,
): Promise<Result<SuspendData>> {
  const app = await readApp(connection, name, signal);
  const already = (app.spec.suspend ?? false) === suspended;
  if (!already) await setSuspend(connection, name, suspended, signal);
  return { exitCode: 0, data: { app: name, suspended, already } };
}
