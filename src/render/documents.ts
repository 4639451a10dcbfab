// Files → the documents that should be objects, each with its place; Lists are unfolded.

import type { Origin, SourceFile } from '../model/manifest.ts';
import { isMapping } from './compose.ts';
import type { NodeBudget } from './compose.ts';
import { oneLine } from '../model/text.ts';
import type { RenderProblem } from './problem.ts';
import { readYaml } from './yaml.ts';

export interface Document {
  value: Record<string, unknown>;
  origin: Origin;
}

export interface Limits {
  maxFileBytes: number;
  maxTotalBytes: number;
  maxFiles: number;
  maxDocuments: number;
  /** Over all files, aliases written out. */
  maxNodes: number;
}

/** Far above what one App should hold, far below what would hurt: some seconds and 500 MB. */
export const LIMITS: Limits = {
  maxFileBytes: 16 * 1024 * 1024,
  maxTotalBytes: 32 * 1024 * 1024,
  maxFiles: 20_000,
  maxDocuments: 10_000,
  maxNodes: 2_000_000,
};

const MAX_LIST_DEPTH = 5;

/** What one file holds, and how much of the limits that takes. */
export interface FileDocuments {
  documents: Document[];
  problems: RenderProblem[];
  /** Aliases written out. */
  nodes: number;
}

/** `nodesLeft`: of the limit over all files. */
export function readDocuments(
  file: SourceFile,
  limits: Limits = LIMITS,
  nodesLeft = limits.maxNodes,
): FileDocuments {
  const documents: Document[] = [];
  const problems: RenderProblem[] = [];
  const budget: NodeBudget = { left: nodesLeft };
  readFile(file, limits, budget, documents, problems);
  return { documents, problems, nodes: nodesLeft - budget.left };
}

function readFile(
  file: SourceFile,
  limits: Limits,
  budget: NodeBudget,
  documents: Document[],
  problems: RenderProblem[],
): void {
  const refusal = refuseFile(file, limits);
  if (refusal !== undefined) {
    problems.push(refusal);
    return;
  }
  const text = decode(file.content);
  if (text === undefined) {
    problems.push({ code: 'InvalidYaml', file: file.path, message: 'not UTF-8 text' });
    return;
  }
  const result = readYaml(text, budget);
  if (result.kind === 'invalid') {
    const { message, line, document } = result;
    const hint = /\{\{/.test(text)
      ? 'templates ({{ … }}) are not rendered: commit plain manifests'
      : undefined;
    problems.push({ code: 'InvalidYaml', file: file.path, document, line, message, hint });
    return;
  }
  result.documents.forEach(({ value, line }, index) => {
    if (value === undefined || value === null) return;
    unfold(value, { file: file.path, document: index + 1, line }, documents, problems);
  });
}

function refuseFile(file: SourceFile, limits: Limits): RenderProblem | undefined {
  const name = file.path.slice(file.path.lastIndexOf('/') + 1);
  if (/^kustomization\.ya?ml$/.test(name)) {
    return {
      code: 'NotSupported',
      file: file.path,
      message: 'kustomizations are not rendered by this version of Pawl',
      hint: 'commit what `kustomize build` prints',
    };
  }
  if (name === 'Chart.yaml') {
    return {
      code: 'NotSupported',
      file: file.path,
      message: 'Helm charts are not rendered by this version of Pawl',
      hint: 'commit what `helm template` prints',
    };
  }
  if (file.content.byteLength > limits.maxFileBytes) {
    return { code: 'TooLarge', file: file.path, message: `larger than ${limits.maxFileBytes} bytes` };
  }
  return undefined;
}

function decode(content: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(content);
  } catch {
    return undefined;
  }
}

/** `kind: List`, and kinds such as ConfigMapList, whose items may leave out kind and apiVersion. */
function unfold(
  value: unknown,
  origin: Origin,
  documents: Document[],
  problems: RenderProblem[],
  depth = 0,
): void {
  if (!isMapping(value)) {
    problems.push({
      code: 'InvalidObject',
      ...origin,
      message: 'not a Kubernetes object: apiVersion, kind and metadata are expected',
    });
    return;
  }
  const { kind, apiVersion, items } = value;
  if (!isList(value) || typeof kind !== 'string') {
    documents.push({ value, origin });
    return;
  }
  if (!Array.isArray(items) || depth >= MAX_LIST_DEPTH) {
    const message =
      depth >= MAX_LIST_DEPTH
        ? 'Lists in Lists, too deep'
        : `the items of a ${oneLine(kind, 63)} must be a list`;
    problems.push({ code: 'InvalidObject', ...origin, message });
    return;
  }
  const inherited = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  for (const item of items) {
    const whole = isMapping(item) ? { ...inherited, ...item } : item;
    unfold(whole, origin, documents, problems, depth + 1);
  }
}

function isList(value: Record<string, unknown>): boolean {
  const { kind, items, metadata } = value;
  if (kind === 'List') return true;
  if (typeof kind !== 'string' || !kind.endsWith('List') || items === undefined) return false;
  // A custom kind may be called so too, but then its object has a name.
  return !isMapping(metadata) || metadata.name === undefined;
}
