// Files of a commit → parsed objects: everything that can be said without a server. A file that was parsed before,
// under the same path, need not be parsed again: what it holds depends on nothing else.

import type { SourceFile, TreeFile } from '../model/manifest.ts';
import { LIMITS, type Limits, readDocuments } from './documents.ts';
import { normalise } from './normalise.ts';
import { type ParsedObject, toObject } from './objects.ts';
import type { RenderProblem } from './problem.ts';

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

/** All files of the read set, of which some may have been parsed before. */
export function parse(files: readonly (SourceFile | ParsedFile)[], limits: Limits = LIMITS): Parsed {
  const sorted = files.toSorted((a, b) => compare(a.path, b.path));
  const readSet = sorted.map(({ path, oid, mode }) => ({ path, oid, mode }));
  const tooMuch = (message: string): Parsed => ({
    objects: [],
    problems: [{ code: 'TooLarge', file: '', message, hint: 'split the App, or point its path at less' }],
    readSet,
    files: [],
  });
  const totalBytes = sorted.reduce((sum, file) => sum + bytesOf(file), 0);
  if (sorted.length > limits.maxFiles) return tooMuch(`more than ${limits.maxFiles} files`);
  if (totalBytes > limits.maxTotalBytes) return tooMuch(`more than ${limits.maxTotalBytes} bytes in all`);

  const parsed: ParsedFile[] = [];
  let nodesLeft = limits.maxNodes;
  let documents = 0;
  for (const file of sorted) {
    const one = 'content' in file ? parseFile(file, limits, nodesLeft) : file;
    if (one === file && one.nodes > nodesLeft)
      return tooMuch(`more than ${limits.maxNodes} values in all, aliases written out`);
    parsed.push(one);
    nodesLeft -= one.nodes;
    documents += one.documents;
    if (documents > limits.maxDocuments) return tooMuch(`more than ${limits.maxDocuments} objects`);
  }
  const problems = parsed.flatMap((file) => file.problems);
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

function bytesOf(file: SourceFile | ParsedFile): number {
  return 'content' in file ? file.content.byteLength : file.bytes;
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
