// Which of Pawl's events a person sees on the App with `kubectl describe`, and in which words.

import type { AppEvent, TakenObject } from '../model/events.ts';
import { showId } from '../model/object.ts';
import type { FieldDrift } from '../model/plan.ts';
import { short } from '../model/commit.ts';
import { oneLine } from '../model/text.ts';

const MAX_MANAGER = 128;

export interface KubeEvent {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/** Undefined for what is of interest to the log only. */
export function kubeEventOf(event: AppEvent): KubeEvent | undefined {
  switch (event.type) {
    case 'release-started':
      return normal(
        'ReleaseStarted',
        `releasing ${short(event.commit)} "${event.subject}" (cause: ${event.cause})`,
      );
    case 'released':
      // Told by `reverted` and `held`.
      if (['Reverted', 'Held', 'Failed'].includes(event.outcome)) return undefined;
      return event.outcome === 'Healthy'
        ? normal('Healthy', `${short(event.commit)} is healthy after ${seconds(event.durationMs)}`)
        : warning(event.outcome, `${short(event.commit)}: ${event.reason}`);
    case 'check':
      return event.state === 'passed'
        ? normal('CheckPassed', event.message)
        : warning('CheckFailing', event.message);
    case 'revert-decided':
      return warning(
        'RevertDecided',
        `reverting ${event.commits.map(short).join(', ')} to ${short(event.restores)} by ${short(event.revert)}: ${event.reason}`,
      );
    case 'reverted':
      return warning(
        'Reverted',
        `pushed ${short(event.revert)}, which reverts ${event.commits.map(short).join(', ')}: ${event.reason}`,
      );
    case 'revert-refused':
      return warning('RevertRefused', event.message);
    case 'held':
      return warning('Held', event.message);
    case 'pruned':
      return normal(
        'Pruned',
        `deleted ${event.objects.slice(0, 10).map(showId).join(', ')}${more(event.objects.length)}`,
      );
    case 'unstuck':
      return normal(
        'StuckPodDeleted',
        `deleted pod ${event.pod}, which held up ${showId(event.object)}: it was of the template that was replaced, and never ready`,
      );
    case 'drift':
      return warning(
        event.contested === true ? 'DriftContested' : event.corrected ? 'DriftCorrected' : 'Drift',
        driftMessage(event),
      );
    case 'taken-over':
      return normal(
        'TakenOver',
        event.taken.slice(0, 5).map(takenMessage).join('. ') + more(event.taken.length, 5),
      );
    case 'suspended':
      return normal('Suspended', 'nothing is polled, written or reverted until it is resumed');
    case 'resumed':
      return normal('Resumed', 'the App is followed again');
    case 'problem':
      return warning(
        event.code,
        event.hint === undefined ? event.message : `${event.message}. ${event.hint}`,
      );
    case 'head-moved':
    case 'phase':
    case 'settled':
    case 'planned':
    case 'applied':
    case 'waiting':
    case 'sign':
    case 'verdict':
    case 'deleted':
      return undefined;
  }
}

function takenMessage({ object, from, forced }: TakenObject): string {
  const taken = from.length === 0 ? showId(object) : `took ${showId(object)} over from ${from.join(', ')}`;
  const fields = forced
    .slice(0, 3)
    .map((field) => `${field.path}, set by ${field.manager}, ${changeOf(field)}`);
  const changed =
    fields.length === 0 ? [] : [`changed ${fields.join('; ')}${forced.length > 3 ? '; …' : ''}`];
  return [taken, ...changed].join(': ');
}

function driftMessage(event: Extract<AppEvent, { type: 'drift' }>): string {
  const object = showId(event.object);
  const verb = event.corrected
    ? 'set back'
    : event.contested === true
      ? 'contested: it was changed again each time it was set back, and is left until nobody has for a minute'
      : 'found';
  if (event.deleted) return `${object} was deleted or lost its membership label (${verb})`;
  const fields = event.fields
    .slice(0, 3)
    .map((field) =>
      isHidden(field)
        ? shortPath(field)
        : `${shortPath(field)} from ${show(field.desired)} to ${show(field.found)}`,
    );
  return `${oneLine(event.manager, MAX_MANAGER)} changed ${object}: ${fields.join('; ')}${event.fields.length > 3 ? '; …' : ''} (${verb})`;
}

function changeOf(field: FieldDrift): string {
  return isHidden(field) ? 'to another value' : `from ${show(field.found)} to ${show(field.desired)}`;
}

/** Of a Secret, or of no value before or after. */
function isHidden({ desired, found }: FieldDrift): boolean {
  return desired === undefined && found === undefined;
}

/** Keys of lists and names of annotations are others' texts. */
function shortPath({ path }: FieldDrift): string {
  return oneLine(path, 200);
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : oneLine(JSON.stringify(value), 120);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function more(count: number, shown = 10): string {
  return count > shown ? ` and ${count - shown} more` : '';
}

function normal(reason: string, message: string): KubeEvent {
  return { type: 'Normal', reason, message };
}

function warning(reason: string, message: string): KubeEvent {
  return { type: 'Warning', reason, message };
}
