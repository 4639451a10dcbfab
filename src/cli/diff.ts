// `pawl diff`: how what is live differs from what the App's commit says, as a dry-run of the API server tells.

import type { AppName } from '../model/events.ts';
import { readApp } from './app.ts';
import type { Connection, Environment, Result } from './environment.ts';
import { type ShownObject, shownObjects } from './shown.ts';

export interface DiffData {
  app: AppName;
  commit: string;
  /** Only those that differ, or that the server refused. Secrets are masked. */
  objects: ShownObject[];
  unchanged: number;
}

/** Exit code 1 where an object differs; an object that could not be compared is an error, 2. */
export async function diff(
  { signal, preview }: Environment,
  connection: Connection,
  name: AppName,
): Promise<Result<DiffData>> {
  const app = await readApp(connection, name, signal);
  const { commit, objects } = await preview.diff(connection, app, signal);
  const shown = shownObjects(objects);
  const differing = shown.filter((object) => object.action !== 'unchanged');
  const data = { app: name, commit, objects: differing, unchanged: shown.length - differing.length };
  if (differing.some((object) => object.action === 'refused')) return { exitCode: 2, data };
  return { exitCode: differing.length > 0 ? 1 : 0, data };
}
