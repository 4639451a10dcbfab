// `pawl status` for people.

import { type Condition, revision } from '../../model/app.ts';
import { short } from '../../model/commit.ts';
import { oneLine } from '../../model/text.ts';
import type { AppState } from '../app-state.ts';
import type { PodRow, Rollout } from '../pods.ts';
import type { AppData, AppLine, AppsData } from '../status.ts';
import type { Colour, Paint } from './paint.ts';
import { table } from './table.ts';
import { ago, span } from './time.ts';

const LONGEST_TEXT = 2_000;
const MOST_PODS = 40;

/** `where`: the namespace that was looked in, or undefined for all. */
export function printApps({ apps }: AppsData, where: string | undefined, paint: Paint): string[] {
  if (apps.length === 0) {
    return [where === undefined ? 'There are no Apps.' : `There are no Apps in the namespace ${where}.`];
  }
  const namespace = { title: 'NAMESPACE', cell: (app: AppLine) => app.namespace };
  return table(
    apps,
    [
      ...(where === undefined ? [namespace] : []),
      { title: 'NAME', cell: ({ name }) => name },
      { title: 'STATE', cell: ({ state }) => state, colour: ({ state }) => stateColour(state) },
      { title: 'REVISION', cell: ({ applied }) => (applied === undefined ? '-' : short(applied)) },
      { title: 'HEALTHY', cell: ({ healthy }) => (healthy === undefined ? '-' : short(healthy)) },
      { title: 'PHASE', cell: ({ phase }) => phase ?? '' },
      { title: 'MESSAGE', cell: ({ message }) => message },
    ],
    paint,
  );
}

export function printApp(app: AppData, nowMs: number, paint: Paint): string[] {
  const title = `${app.namespace}/${app.name}: ${app.state}`;
  const colour = stateColour(app.state);
  return [
    colour === undefined ? title : paint(colour, title),
    ...app.conditions.filter(isTelling).map((condition) => `  ${conditionInWords(condition, nowMs)}`),
    ...(app.advice === undefined ? [] : [paint('yellow', `  ${app.advice}`)]),
    '',
    ...facts(app, nowMs),
    ...outcomeLines(app, paint),
    ...app.rollouts.flatMap((rollout) => ['', ...rolloutLines(rollout, paint)]),
    ...app.notes.map((note) => paint('dim', `(${text(note)})`)),
  ];
}

/** `Ready` always; the others only where they hold, and say more than `Ready` does. */
function isTelling({ type, status }: Condition): boolean {
  return type === 'Ready' || status === 'True';
}

export function conditionInWords(
  { type, status, reason, message, lastTransitionTime }: Condition,
  nowMs: number,
): string {
  const since = ago(lastTransitionTime, nowMs).replace(/ ago$/, '');
  const stands = since === '' ? '' : ` for ${since}`;
  switch (type) {
    case 'Ready': {
      const word = status === 'True' ? 'Ready' : status === 'False' ? 'Not ready' : 'Not known to be ready';
      return `${word}${stands} (${text(reason)}): ${text(message)}`;
    }
    case 'Reconciling':
      return `A release is under way${stands}.`;
    case 'Stalled':
      return `It does not go on by itself${stands}.`;
  }
}

function facts(app: AppData, nowMs: number): string[] {
  const { source, applied, healthy, head, release, revert, objects, lastRelease, drift } = app;
  const at = (commit: string, when: string | undefined) =>
    `${text(revision(source.branch, commit))}${when === undefined ? '' : `, ${ago(when, nowMs)}`}`;
  const lines: [string, string | undefined][] = [
    ['Source', `${source.url}, branch ${source.branch}${source.path === '' ? '' : `, path ${source.path}`}`],
    ['Head', head && at(head.commit, head.at)],
    ['Applied', applied && at(applied, app.appliedAt)],
    ['Healthy', healthy && at(healthy, app.healthyAt)],
    [
      'Release',
      release &&
        `${release.phase.toLowerCase()} ${short(release.commit)} for ${span(release.runningMs)} (cause: ${release.cause}, attempt ${release.attempt})`,
    ],
    [
      'Revert',
      revert &&
        `${short(revert.commit)} undoes ${revert.commits.map(short).join(', ')}, back to ${short(revert.restores)}${revert.by === undefined ? '' : `, asked for by ${revert.by}`}: ${revert.reason}`,
    ],
    ['Objects', objects && `${objects.ready} of ${objects.total} ready`],
    [
      'Last',
      lastRelease &&
        `${lastRelease.outcome} ${short(lastRelease.commit)} "${lastRelease.subject}" by ${lastRelease.author}, ${ago(lastRelease.finishedAt, nowMs)}${lastRelease.reason === '' ? '' : `: ${lastRelease.reason}`}`,
    ],
    ['Drift', drift && `${ago(drift.at, nowMs)}: ${drift.message}`],
  ];
  return lines.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(8)} ${text(value)}`]));
}

function outcomeLines({ objects }: AppData, paint: Paint): string[] {
  const outcomes = objects?.outcomes ?? [];
  if (outcomes.length === 0) return [];
  const lines = table(
    outcomes,
    [
      { title: 'OBJECT', cell: ({ object }) => object.replace(/^\//, '') },
      {
        title: 'OUTCOME',
        cell: ({ outcome }) => outcome,
        colour: ({ outcome }) => (outcome === 'refused' ? 'red' : undefined),
      },
      { title: 'REASON', cell: ({ reason }) => reason ?? '' },
    ],
    paint,
  );
  return ['', ...lines];
}

function rolloutLines({ workload, desired, updated, ready, pods }: Rollout, paint: Paint): string[] {
  const title = `${text(workload)}: ${updated} of ${desired} updated, ${ready} ready`;
  if (pods.length === 0) return [paint('bold', title), '  no pods'];
  const lines = table(
    pods.slice(0, MOST_PODS),
    [
      { title: 'POD', cell: ({ name }) => name },
      { title: 'REVISION', cell: ({ revision }) => revision },
      { title: 'READY', cell: ({ ready, containers }) => `${ready}/${containers}` },
      { title: 'RESTARTS', cell: ({ restarts }) => String(restarts) },
      { title: 'REASON', cell: ({ reason }) => reason, colour: podColour },
    ],
    paint,
  );
  const rest = pods.length > MOST_PODS ? [`and ${pods.length - MOST_PODS} more`] : [];
  return [paint('bold', title), ...[...lines, ...rest].map((line) => `  ${line}`)];
}

function podColour({ reason }: PodRow): Colour | undefined {
  return /Error|BackOff|Failed|OOM|Invalid/.test(reason) ? 'red' : undefined;
}

function stateColour(state: AppState): Colour | undefined {
  switch (state) {
    case 'Healthy':
      return 'green';
    case 'Held':
    case 'Invalid':
    case 'Unhealthy':
      return 'red';
    case 'Releasing':
    case 'Suspended':
    case 'Unknown':
    case 'Deleting':
      return 'yellow';
    case 'New':
      return undefined;
  }
}

function text(value: string): string {
  return oneLine(value, LONGEST_TEXT);
}
