// `pawl status`: all Apps in a line each, or one of them in full.

import type { App, AppStatus, Condition, HistoryEntry } from '../model/app.ts';
import { ApiError } from '../model/errors.ts';
import type { AppName } from '../model/events.ts';
import type { KubeObject } from '../model/object.ts';
import { adviceFor, type AppState, conditionOf, stateOf } from './app-state.ts';
import type { Rollout } from './pods.ts';
import { type Lister, readRollouts } from './rollout.ts';

export interface AppLine extends AppName {
  state: AppState;
  /** Commits. */
  applied?: string;
  healthy?: string;
  phase?: string;
  message: string;
}

export interface AppsData {
  apps: AppLine[];
}

export interface Told {
  at: string;
  reason: string;
  message: string;
}

export interface AppData extends AppLine {
  source: { url: string; branch: string; path: string };
  conditions: Condition[];
  head?: AppStatus['head'];
  appliedAt?: string;
  healthyAt?: string;
  release?: AppStatus['release'] & { runningMs: number };
  /** A revert that is under way. */
  revert?: { commit: string; commits: string[]; restores: string; reason: string; by?: string };
  objects?: AppStatus['objects'];
  rollouts: Rollout[];
  lastRelease?: HistoryEntry;
  /** The last time somebody else changed an object. */
  drift?: Told;
  advice?: string;
  /** What could not be read. */
  notes: string[];
}

export function appLine(app: App): AppLine {
  const { namespace, name } = app.metadata;
  const { applied, healthy, release } = app.status ?? {};
  const ready = conditionOf(app, 'Ready');
  return {
    namespace,
    name,
    state: stateOf(app),
    applied: applied?.commit,
    healthy: healthy?.commit,
    phase: release?.phase,
    message: ready?.message ?? '',
  };
}

/** `nowMs`: wall clock. */
export async function appData(app: App, list: Lister, nowMs: number): Promise<AppData> {
  const status = app.status ?? {};
  const { url, branch = 'main', path = '' } = app.spec.source;
  const [{ rollouts, notes }, told] = await Promise.all([readRollouts(list, app), readDrift(list, app)]);
  const { release, revert } = status;
  return {
    ...appLine(app),
    source: { url: withoutUser(url), branch, path },
    conditions: status.conditions ?? [],
    head: status.head,
    appliedAt: status.applied?.at,
    healthyAt: status.healthy?.at,
    release: release && { ...release, runningMs: Math.max(nowMs - Date.parse(release.startedAt), 0) },
    revert: revert && {
      commit: revert.commit,
      commits: revert.commits,
      restores: revert.restores,
      reason: revert.reason,
      by: revert.by,
    },
    objects: status.objects,
    rollouts,
    lastRelease: status.history?.[0],
    drift: told.drift,
    advice: adviceFor(app),
    notes: [...notes, ...told.notes],
  };
}

const DRIFT = new Set(['Drift', 'DriftCorrected']);

/** Pawl tells of drift by events on the App; they are kept for an hour or so. */
async function readDrift(list: Lister, app: App): Promise<{ drift?: Told; notes: string[] }> {
  const { namespace, name, uid } = app.metadata;
  const fieldSelector = `involvedObject.kind=App,involvedObject.name=${name}`;
  try {
    const events = await list({ gvk: { group: '', version: 'v1', kind: 'Event' }, namespace, fieldSelector });
    const own = events.filter((event) => (event.involvedObject as { uid?: string } | undefined)?.uid === uid);
    const drifts = own
      .filter((event) => DRIFT.has(String(event.reason)))
      .sort((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1));
    const [last] = drifts;
    if (last === undefined) return { notes: [] };
    return {
      drift: { at: timeOf(last), reason: String(last.reason), message: String(last.message) },
      notes: [],
    };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    return { notes: [`events of ${namespace} are not shown: you may not list them`] };
  }
}

function timeOf(event: KubeObject): string {
  const { lastTimestamp, eventTime } = event as { lastTimestamp?: unknown; eventTime?: unknown };
  const time = lastTimestamp ?? eventTime ?? event.metadata.creationTimestamp;
  return typeof time === 'string' ? time : '';
}

/** An App is refused with a password in its URL, but it can be written. */
function withoutUser(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}
