// Files of a commit → parsed objects: everything that can be said without a server. A file that was parsed before,
// under the same path, need not be parsed again: what it holds depends on nothing else.
//
// A file that is asked for and not there is a problem, whyever it is not: its objects would be taken for removed.

import type { SourceFile, TreeFile } from '../model/manifest.ts';
import { LIMITS, type Limits, readDocuments } from './documents.ts';
import { idOf } from '../model/object.ts';
import { normalise } from './normalise.ts';
import { leastBytes, MAX_OBJECT_BYTES } from './object-size.ts';
import { type ParsedObject, toObject } from './objects.ts';
import { quoted, type RenderProblem } from './problem.ts';

/** One file, as it stands in the tree of a commit. */
export interface ParsedFile extends TreeFile {
  bytes: number;
  nodes: number;
  documents: number;
  objects: ParsedObject[];
  problems: RenderProblem[];
}

export interface Parsed {
  objects: ParsedObject[];
  problems: RenderProblem[];
  /** What was read, sorted by path. */
  readSet: TreeFile[];
  /** Those that hold no problem: what they hold may be taken again. */
  files: ParsedFile[];
}

/** At most as many as a status can show and a person will read. */
export const MAX_PROBLEMS = 100;

export function parseFile(
  file: SourceFile,
  limits: Limits = LIMITS,
  nodesLeft = limits.maxNodes,
): ParsedFile {
  const { path, oid, mode, content } = file;
  const { documents, problems, nodes } = readDocuments(file, limits, nodesLeft);
  const objects: ParsedObject[] = [];
  for (const document of documents) {
    const result = toObject(document);
    if (Array.isArray(result)) problems.push(...result);
    else if (leastBytes(result.object) > MAX_OBJECT_BYTES) problems.push(tooLarge(result));
    else objects.push({ ...result, object: normalise(result.object) });
  }
  return {
    path,
    oid,
    mode,
    bytes: content.byteLength,
    nodes,
    documents: documents.length,
    objects,
    problems: problems.slice(0, MAX_PROBLEMS),
  };
}

function tooLarge({ object, origin }: ParsedObject): RenderProblem {
  return {
    code: 'TooLarge',
    ...origin,
    object: idOf(object),
    message: `${object.kind} ${quoted(object.metadata.name)} is larger than ${MAX_OBJECT_BYTES / 1024 / 1024} MiB, which is what etcd takes`,
    hint: 'split it, or keep large files elsewhere',
  };
}

/** All files of the read set, of which some may have been parsed before. `asked`: what they should be. */
export function parse(
  files: readonly (SourceFile | ParsedFile)[],
  limits: Limits = LIMITS,
  asked: readonly TreeFile[] = files,
): Parsed {
  const sorted = files.toSorted((a, b) => compare(a.path, b.path));
  const readSet = asked
    .map(({ path, oid, mode }) => ({ path, oid, mode }))
    .sort((a, b) => compare(a.path, b.path));
  const totalBytes = sorted.reduce((sum, file) => sum + bytesOf(file), 0);
  if (sorted.length > limits.maxFiles) return tooMuch(readSet, `more than ${limits.maxFiles} files`);
  if (totalBytes > limits.maxTotalBytes)
    return tooMuch(readSet, `more than ${mebibytes(limits.maxTotalBytes)} in all`);

  const parsed: ParsedFile[] = [];
  let nodesLeft = limits.maxNodes;
  let documents = 0;
  for (const file of sorted) {
    const one = 'content' in file ? parseFile(file, limits, nodesLeft) : file;
    if (one === file && one.nodes > nodesLeft)
      return tooMuch(readSet, `more than ${limits.maxNodes} values in all, aliases written out`);
    parsed.push(one);
    nodesLeft -= one.nodes;
    documents += one.documents;
    if (documents > limits.maxDocuments) return tooMuch(readSet, `more than ${limits.maxDocuments} objects`);
  }
  const problems = parsed.flatMap((file) => file.problems);
  if (problems.length === 0) problems.push(...missing(parsed, readSet));
  if (documents === 0 && problems.length === 0) {
    problems.push({
      code: 'Empty',
      file: '',
      message: 'no objects: the path holds no manifests',
      hint: 'check spec.source.path; only .yaml, .yml and .json files are read',
    });
  }
  problems.sort((a, b) => compare(a.file, b.file) || (a.line ?? 0) - (b.line ?? 0));
  return {
    objects: parsed.flatMap((file) => file.objects),
    problems: problems.slice(0, MAX_PROBLEMS),
    readSet,
    files: parsed.filter((file) => file.problems.length === 0),
  };
}

/** Who parses elsewhere stops where a limit is reached: then another problem says which. */
function missing(parsed: readonly ParsedFile[], asked: readonly TreeFile[]): RenderProblem[] {
  const paths = new Set(parsed.map(({ path }) => path));
  const absent = asked.filter(({ path }) => !paths.has(path));
  const [first] = absent;
  if (first === undefined) return [];
  const more = absent.length > 1 ? `, and ${absent.length - 1} more files` : '';
  const message = `was not parsed${more}: nothing is made of the rest`;
  return [{ code: 'TooLarge', file: first.path, message, hint: 'split the App, or point its path at less' }];
}

/** A commit whose files are more than one App may hold; none of them is to blame alone. */
export function tooMuch(readSet: readonly TreeFile[], message: string): Parsed {
  const hint = 'split the App, or point its path at less';
  return {
    objects: [],
    problems: [{ code: 'TooLarge', file: '', message, hint }],
    readSet: [...readSet],
    files: [],
  };
}

/** For people. */
export function mebibytes(bytes: number): string {
  return bytes < 1024 * 1024 ? `${bytes} bytes` : `${bytes / 1024 / 1024} MiB`;
}

function bytesOf(file: SourceFile | ParsedFile): number {
  return 'content' in file ? file.content.byteLength : file.bytes;
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
