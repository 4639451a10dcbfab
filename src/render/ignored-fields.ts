// `pawl.dev/ignore-fields`: fields that are left to others once the object is there. A path that leads to nothing is
// no mistake (the field may come with the next commit); one that cannot be read is, and so is one without which the
// object would not be known as what it is.

import { ANNOTATION, APPLYSET, GROUP } from '../model/app.ts';
import { type FieldPath, parseFieldPath, splitFieldPaths } from '../model/field-path.ts';
import { quoted } from './problem.ts';

/** By which an object is found, or which hold the marks that Pawl itself puts there. */
const IDENTITY: ReadonlySet<string> = new Set([
  'apiVersion',
  'kind',
  'metadata',
  'metadata.name',
  'metadata.namespace',
  'metadata.labels',
  'metadata.annotations',
  `metadata.labels.${APPLYSET.partOf}`,
]);
const MAX_FIELDS = 50;

export function ignoredFields(text: string): { fields: string[]; complaints: string[] } {
  const complaints: string[] = [];
  const texts = splitFieldPaths(text);
  if (texts.length > MAX_FIELDS) {
    return { fields: [], complaints: [`${ANNOTATION.ignoreFields} names more than ${MAX_FIELDS} fields`] };
  }
  const fields = texts.filter((field) => {
    const path = parseFieldPath(field);
    if (path === undefined) {
      const such = 'spec.replicas, or spec.template.spec.containers[name=web].image';
      complaints.push(`${ANNOTATION.ignoreFields}: ${quoted(field)} is no path of a field, such as ${such}`);
    } else if (isIdentity(path)) {
      complaints.push(
        `${ANNOTATION.ignoreFields}: without ${quoted(field)} the object would not be known again`,
      );
    } else return true;
    return false;
  });
  return { fields, complaints };
}

function isIdentity({ steps }: FieldPath): boolean {
  const [before, last] = steps.slice(-2);
  // The key of a list entry.
  if (before?.kind === 'entry' && last?.kind === 'field' && before.keys.some(([key]) => key === last.name))
    return true;
  if (!steps.every((step) => step.kind === 'field')) return false;
  const names = steps.map((step) => (step.kind === 'field' ? step.name : ''));
  const isMark =
    names[0] === 'metadata' && names[1] === 'annotations' && names[2]?.startsWith(`${GROUP}/`) === true;
  return isMark || IDENTITY.has(names.join('.'));
}
