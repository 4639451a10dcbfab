// What is wrong with a commit's files. One mistake is one problem, with its place.
//
// 1. A message never quotes a value: any file may be a Secret. Names of fields and keys are quoted.
// 2. `code` and place may go into a revert's message; `message` and `hint` go to the status and the terminal.

import type { ObjectId } from '../model/object.ts';
import { oneLine } from '../model/text.ts';

export type ProblemCode =
  /** Not UTF-8, not YAML, or YAML that Kubernetes' tools would not take. */
  | 'InvalidYaml'
  | 'TooLarge'
  /** YAML, but no Kubernetes object, or one that no API server takes. */
  | 'InvalidObject'
  | 'DuplicateObject'
  /** A `pawl.dev/` annotation with a value, or a name, that means nothing. */
  | 'InvalidAnnotation'
  /** A kind of file or object that this version cannot render. */
  | 'NotSupported'
  /** No object at all: far more often a wrong path than a wish. */
  | 'Empty';

export interface RenderProblem {
  code: ProblemCode;
  /** Relative to the repository's root; empty where no one file is to blame. */
  file: string;
  /** 1-based position among the documents of the file. */
  document?: number;
  /** 1-based. */
  line?: number;
  /** Where it is known which object it is. */
  object?: ObjectId;
  message: string;
  hint?: string;
}

const MAX_PATH_LENGTH = 300;

/** `deploy/web.yaml:14`: safe to commit. */
export function placeOf(problem: Pick<RenderProblem, 'file' | 'line'>): string {
  if (problem.file === '') return '';
  const file = oneLine(problem.file, MAX_PATH_LENGTH);
  return problem.line === undefined ? file : `${file}:${problem.line}`;
}

/** One line for people: place, document, message, hint. */
export function showProblem(problem: RenderProblem): string {
  const document =
    problem.document === undefined || problem.document === 1 ? '' : ` (document ${problem.document})`;
  const place = placeOf(problem);
  const hint = problem.hint === undefined ? '' : `; ${problem.hint}`;
  return `${place}${document}${place === '' ? '' : ': '}${problem.message}${hint}`;
}

/** A name from a file, safe to show: quoted, without what hides or breaks lines, at most 80 characters. */
export function quoted(name: string): string {
  return JSON.stringify(oneLine(name, 80));
}
