// YAML text → documents of plain JSON values, as Kubernetes reads them. js-yaml finds the structure (its
// parser gives a stream of events); compose.ts and scalar.ts decide what it means.
//
// 1. Nothing is changed in silence: what tools disagree on is an error with its line.
// 2. The work is bounded: depth by the parser, nodes by the budget.
// 3. Values are shared where aliases were: nobody may change them. `__proto__` is a key like any other.

import { YAMLException, parseEvents } from 'js-yaml';
import { Composer, InvalidNode } from './compose.ts';
import type { NodeBudget } from './compose.ts';

export interface YamlDocument {
  /** undefined: the document holds nothing. */
  value: unknown;
  /** 1-based line of its first content. */
  line: number;
}

export type YamlResult =
  | { kind: 'read'; documents: YamlDocument[] }
  | { kind: 'invalid'; message: string; line: number; document?: number };

const MAX_DEPTH = 100;

export function readYaml(text: string, budget: NodeBudget): YamlResult {
  const lineAt = lineCounter(text);
  const documents: YamlDocument[] = [];
  try {
    const composer = new Composer(text, parseEvents(text, { maxDepth: MAX_DEPTH }), budget);
    while (composer.more()) {
      const { value, position } = composer.document();
      documents.push({ value, line: lineAt(position) });
    }
    return { kind: 'read', documents };
  } catch (error) {
    if (error instanceof InvalidNode) {
      const line = lineCounter(text)(error.position);
      return { kind: 'invalid', message: error.message, line, document: documents.length + 1 };
    }
    if (!(error instanceof YAMLException)) throw error;
    return { kind: 'invalid', message: withoutText(error.reason), line: (error.mark?.line ?? 0) + 1 };
  }
}

/** The parser's few messages that quote the file lose the quotation: it may be a Secret. */
function withoutText(reason: string): string {
  return `not YAML: ${reason.replace(/:.*$/s, '').replace(/"[^"]*"/g, '…')}`;
}

/** Positions must come in order: the text is gone through once. */
function lineCounter(text: string): (position: number) => number {
  let line = 1;
  let newline = text.indexOf('\n');
  return (position) => {
    for (; newline >= 0 && newline < position; newline = text.indexOf('\n', newline + 1)) line += 1;
    return line;
  };
}
