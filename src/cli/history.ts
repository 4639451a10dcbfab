// `pawl history`: every release the status remembers, newest first.

import type { HistoryEntry } from '../model/app.ts';
import type { AppName } from '../model/events.ts';
import { readApp } from './app.ts';
import type { Connection, Environment, Result } from './environment.ts';

export interface HistoryData {
  app: AppName;
  branch: string;
  /** What runs, and what a revert leads to. */
  applied?: string;
  healthy?: string;
  releases: (HistoryEntry & { durationMs: number })[];
}

export async function history(
  { signal }: Environment,
  connection: Connection,
  name: AppName,
): Promise<Result<HistoryData>> {
  const { spec, status } = await readApp(connection, name, signal);
  const releases = (status?.history ?? []).map((entry) => ({ ...entry, durationMs: durationOf(entry) }));
  const branch = spec.source.branch ?? 'main';
  const data = {
    app: name,
    branch,
    applied: status?.applied?.commit,
    healthy: status?.healthy?.commit,
    releases,
  };
  return { exitCode: 0, data };
}

function durationOf({ startedAt, finishedAt }: HistoryEntry): number {
  const ms = Date.parse(finishedAt) - Date.parse(startedAt);
  return Number.isFinite(ms) ? Math.max(ms, 0) : 0;
}
