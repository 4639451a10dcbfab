// The commands that change or wait for something, for people.

import { short } from '../../model/commit.ts';
import type { AppName } from '../../model/events.ts';
import { oneLine } from '../../model/text.ts';
import type { DiffData } from '../diff.ts';
import type { ReleaseData } from '../release.ts';
import type { SuspendData } from '../suspend.ts';
import type { UndoData, UndoPreviewData } from '../undo.ts';
import type { WaitData } from '../wait.ts';
import { countLine, fileLines, objectLines } from './object-diff.ts';
import type { Paint } from './paint.ts';
import { safe } from './safe.ts';

const named = ({ namespace, name }: AppName) => `${namespace}/${name}`;
const text = (value: string) => oneLine(value, 2_000);

export function printSuspend({ app, suspended, already }: SuspendData): string[] {
  const state = suspended ? 'suspended: nothing is polled, written or reverted' : 'followed again';
  return [`${named(app)} is ${already ? `already ${state}` : state}.`];
}

export function printRelease({ app, outcome, message }: ReleaseData): string[] {
  if (outcome === 'Requested') return [`${named(app)}: a release is ${message}.`];
  return [`${named(app)}: ${outcome}: ${text(message)}`];
}

export function printWait({ app, commit, outcome, message }: WaitData): string[] {
  if (outcome === 'TimedOut') return [`${named(app)}: ${short(commit)} is undecided: ${text(message)}`];
  return [`${named(app)}: ${short(commit)} is ${text(message)}`];
}

export function printUndo({ app, to, outcome, message, commit }: UndoData): string[] {
  switch (outcome) {
    case 'Committed':
      return [`${named(app)}: the commit ${commit ?? ''} takes it back to ${short(to)}.`];
    case 'Refused':
      return [`${named(app)}: going back to ${short(to)} was refused: ${text(message)}`];
    case 'Unanswered':
      return [`${named(app)}: going back to ${short(to)} is asked for; ${message}`];
    case 'Healthy':
    case 'Reverted':
    case 'Undone':
    case 'Failed':
    case 'Held':
    case 'TimedOut':
      return [
        `${named(app)}: the commit ${commit ?? ''} is ${outcome === 'TimedOut' ? 'undecided: ' : ''}${text(message)}`,
      ];
  }
}

export function printUndoPreview(data: UndoPreviewData, paint: Paint): string[] {
  const { app, to, refused, message, parent, files, objects } = data;
  if (refused !== undefined)
    return [`${named(app)}: going back to ${short(to)} would be refused: ${text(refused)}`];
  const changing = objects.filter((object) => object.action !== 'unchanged');
  return [
    `${named(app)}: going back to ${short(to)} would make this commit on ${short(parent)}:`,
    '',
    ...message
      .trimEnd()
      .split('\n')
      .map((line) => `    ${safe(line)}`.trimEnd()),
    '',
    ...files.flatMap((file) => [...fileLines(file, paint), '']),
    `The API server, asked by a dry-run: ${countLine(changing, objects.length - changing.length)}`,
    ...changing.flatMap((object) => ['', ...objectLines(object, paint)]),
    '',
    'Nothing was changed. Leave --dry-run out to make the commit.',
  ];
}

export function printDiff({ app, commit, objects, unchanged }: DiffData, paint: Paint): string[] {
  const title = `${named(app)} at ${short(commit)}: ${countLine(objects, unchanged)}`;
  return [title, ...objects.flatMap((object) => ['', ...objectLines(object, paint)])];
}
