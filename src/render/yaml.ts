// YAML text → documents of plain JSON values, as Kubernetes reads them. js-yaml finds the structure (its
// parser gives a stream of events); compose.ts and scalar.ts decide what it means.
//
// 1. Nothing is changed in silence: what tools disagree on is an error with its line.
// 2. The work is bounded: depth by the parser, nodes by the budget, events by a look at the text before.
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
/** The parser makes an event or two of each, before anything is counted: this many take some 300 MB. */
const MAX_SEPARATORS = 1_000_000;

export function readYaml(text: string, budget: NodeBudget): YamlResult {
  if (separatorsIn(text) > MAX_SEPARATORS) {
    return { kind: 'invalid', message: 'too many lines and entries for one file', line: 1 };
  }
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

/** At least as many as there are nodes: none can begin without a line end, or one of `,:[{-`. */
function separatorsIn(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x0a:
      case 0x0d:
      case 0x2c:
      case 0x2d:
      case 0x3a:
      case 0x5b:
      case 0x7b:
        count += 1;
    }
  }
  return count;
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
