// Objects and files of a preview, as unified diffs.

import { oneLine } from '../../model/text.ts';
import type { ShownFile, ShownObject } from '../shown.ts';
import type { Paint } from './paint.ts';
import { safe } from './safe.ts';
import { unified } from './unified.ts';
import { toYaml } from './yaml.ts';

const TITLES = {
  create: 'would be created',
  configure: 'would be changed',
  recreate: 'would be deleted and made anew',
};

/** What would happen to an object, and line by line how. */
export function objectLines(object: ShownObject, paint: Paint): string[] {
  const name = oneLine(object.object, 400);
  const { before, after } = object;
  switch (object.action) {
    case 'refused':
      return [paint('red', `${name}: refused by the server: ${oneLine(object.reason ?? '', 1000)}`)];
    case 'delete':
      return [paint('red', `${name}: would be deleted`)];
    case 'unchanged':
      return [`${name}: unchanged`];
    case 'create':
    case 'configure':
    case 'recreate': {
      const title = TITLES[object.action];
      const names = { before: `live/${name}`, after: `desired/${name}` };
      const yaml = (side: unknown) => (side === undefined ? undefined : toYaml(side));
      const lines = unified(yaml(before), yaml(after), names);
      return [paint('bold', `${name}: ${title}`), ...lines.map((line) => diffLine(line, paint))];
    }
  }
}

export function fileLines(file: ShownFile, paint: Paint): string[] {
  const path = oneLine(file.path, 1000);
  const lines = unified(file.before, file.after, { before: `a/${path}`, after: `b/${path}` });
  const note = file.note === undefined ? [] : [paint('dim', `${path}: ${file.note}`)];
  return [...note, ...lines.map((line) => diffLine(line, paint))];
}

/** `3 created, 1 changed`; what does not occur is left out. */
export function countLine(objects: readonly ShownObject[], unchanged: number): string {
  const count = (action: ShownObject['action']) =>
    objects.filter((object) => object.action === action).length;
  const parts: [number, string][] = [
    [count('create'), 'to create'],
    [count('configure'), 'to change'],
    [count('recreate'), 'to make anew'],
    [count('delete'), 'to delete'],
    [count('refused'), 'refused'],
    [unchanged, 'unchanged'],
  ];
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return said.length === 0 ? 'no objects' : said.join(', ');
}

function diffLine(line: string, paint: Paint): string {
  const text = safe(line);
  if (/^(---|\+\+\+) /.test(text)) return paint('bold', text);
  if (text.startsWith('@@')) return paint('cyan', text);
  if (text.startsWith('+')) return paint('green', text);
  return text.startsWith('-') ? paint('red', text) : text;
}
