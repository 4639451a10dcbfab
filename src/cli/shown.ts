// Previews as they may be shown: Secrets masked, and what only the server keeps left out.

import { loadAll, YAML11_SCHEMA } from 'js-yaml';
import { type KubeObject, showId } from '../model/object.ts';
import type { FilePreview, ObjectPreview, PreviewAction } from '../model/preview.ts';
import { type Mark, makeMarks, masked } from './mask.ts';
import { toYaml } from './print/yaml.ts';

export interface ShownObject {
  /** As in `shop/Deployment/web`. */
  object: string;
  action: PreviewAction;
  before?: unknown;
  after?: unknown;
  reason?: string;
}

export interface ShownFile {
  path: string;
  before?: string;
  after?: string;
  /** Why there is less to see than the file holds. */
  note?: string;
}

export function shownObjects(objects: readonly ObjectPreview[]): ShownObject[] {
  return objects.map(({ id, action, before, after, reason }) => {
    const [old, fresh] = [before, after].map((side) =>
      side === undefined ? undefined : withoutServersOwn(side),
    );
    const object = showId(id);
    // A field that only changes hands is no difference that anyone could see.
    const isSame = old !== undefined && fresh !== undefined && toYaml(old) === toYaml(fresh);
    if (action === 'unchanged' || (action === 'configure' && isSame)) return { object, action: 'unchanged' };
    const mark = makeMarks();
    const shown: ShownObject = { object, action };
    if (old !== undefined) shown.before = masked(old, mark).value;
    if (fresh !== undefined) shown.after = masked(fresh, mark).value;
    if (reason !== undefined) shown.reason = reason;
    return shown;
  });
}

/** Kept by the server, different with every write, and of no meaning for what is desired. */
const SERVERS_OWN = [
  'managedFields',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'selfLink',
];

function withoutServersOwn(object: KubeObject): unknown {
  const { status: _status, ...rest } = object;
  const entries = Object.entries(object.metadata).filter(([name]) => !SERVERS_OWN.includes(name));
  return { ...rest, metadata: Object.fromEntries(entries) };
}

const LARGEST_FILE_CHARS = 1024 * 1024;

export function shownFiles(files: readonly FilePreview[]): ShownFile[] {
  return files.map((file) => {
    if (file.binary) return { path: file.path, note: 'a binary file' };
    // Of other files nobody can tell whether they hold a secret.
    if (!/\.(ya?ml|json)$/i.test(file.path))
      return { path: file.path, note: 'not shown: it is no YAML or JSON' };
    return shownManifests(file);
  });
}

function shownManifests({ path, before, after }: FilePreview): ShownFile {
  const texts = [before, after].filter((text) => text !== undefined);
  if (texts.some((text) => text.length > LARGEST_FILE_CHARS))
    return { path, note: 'not shown: it is too large' };
  try {
    const mark = makeMarks();
    const sides = [before, after].map((text) => (text === undefined ? undefined : maskedText(text, mark)));
    if (sides.every((side) => side === undefined || side.secrets === 0)) return { path, before, after };
    const note = 'it holds a Secret: shown without comments, its values hidden';
    return { path, before: sides[0]?.text, after: sides[1]?.text, note };
  } catch {
    // What cannot be read cannot be masked. An escape can spell any word.
    if (texts.some((text) => /secret|\\[xu]/i.test(text))) {
      return { path, note: 'not shown: it cannot be read, and may hold a Secret' };
    }
    return { path, before, after };
  }
}

function maskedText(text: string, mark: Mark): { text: string; secrets: number } {
  // With the merge keys (`<<`) that Kubernetes' own reader knows: they too can make an object a Secret.
  const documents = loadAll(text, { schema: YAML11_SCHEMA }).map((document) => masked(document, mark));
  return {
    text: documents.map((document) => toYaml(document.value)).join('---\n'),
    secrets: documents.reduce((sum, document) => sum + document.secrets, 0),
  };
}
