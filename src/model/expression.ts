// One CEL expression about one object: compiled once, asked often.
// 1. It is bounded: by its length and shape when it is compiled, and before each evaluation by what it could cost
//    over the very object (expression-cost.ts), so that no expression and no object can stall the process.
// 2. It sees copies made of Maps, lists and plain values: no prototype, no method, nothing to change.
// 3. What it answers in an error names the expression's own words and never a value: the object may be a Secret.

import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { LRUCache } from 'lru-cache';
import { type CelNode, type DataShape, costOf, unknownFunction } from './expression-cost.ts';
import type { KubeObject } from './object.ts';

export interface Expression {
  text: string;
  /** Steps that asking it about the object could take at most; telling that takes as many, or {@link MAX_PARTS}. */
  costOver(view: ObjectView): number;
  /** Whether it holds; a reason in words where it cannot be said. */
  holds(view: ObjectView): boolean | { error: string };
}

/** An object as expressions see it. */
export interface ObjectView {
  variables: ReadonlyMap<string, unknown>;
  shape: DataShape;
}

export const MAX_EXPRESSION_LENGTH = 2_000;
/** Steps of one evaluation, and of all that a rule asks about one object; measured at 10 to 160 ns each. */
export const MAX_STEPS = 60_000;
/** Beyond it an object is not looked at by expressions. */
export const MAX_NODES = 20_000;
const MAX_DEPTH = 40;
/** Of the syntax tree. */
export const MAX_PARTS = 400;
/** What an expression must be able to bear, else it is refused before it meets an object. */
const SMALL: DataShape = { size: 100, longest: 10, text: 20 };

const VARIABLES = ['metadata', 'spec', 'status', 'data'] as const;

const environment = VARIABLES.reduce(
  (made, name) => made.registerVariable(name, 'map'),
  new Environment({
    homogeneousAggregateLiterals: false,
    limits: {
      maxAstNodes: MAX_PARTS,
      maxDepth: 40,
      maxListElements: 100,
      maxMapEntries: 20,
      maxCallArguments: 4,
    },
  }).registerVariable('object', 'map'),
);

type Compiled = { ok: Expression } | { error: string };
const compiled = new LRUCache<string, Compiled>({ max: 500 });

/** The error says what is wrong, in words that quote nothing but the expression. */
export function compileExpression(text: string): Compiled {
  const known = compiled.get(text) ?? compile(text);
  compiled.set(text, known);
  return known;
}

function compile(text: string): Compiled {
  if (text.trim() === '') return { error: 'is empty' };
  if (text.length > MAX_EXPRESSION_LENGTH)
    return { error: `is longer than ${MAX_EXPRESSION_LENGTH} characters` };
  let program: ParseResult;
  try {
    program = environment.parse(text);
  } catch (error) {
    return { error: `is not a CEL expression: ${summaryOf(error)}` };
  }
  // Before the types are checked: the library gives nodes what it infers.
  const ast = program.ast as unknown as CelNode;
  const unknown = unknownFunction(ast);
  if (unknown !== undefined) return { error: `calls ${unknown}, which is not allowed here` };
  const checked = program.check();
  if (!checked.valid) return { error: `is not a CEL expression: ${summaryOf(checked.error)}` };
  if (checked.type !== 'bool' && checked.type !== 'dyn')
    return { error: `gives ${checked.type ?? 'no type'}, and has to give true or false` };
  if (costOf(ast, SMALL) > MAX_STEPS) return { error: 'is too costly' };
  return {
    ok: {
      text,
      costOver: ({ shape }) => costOf(ast, shape),
      holds: (view) => ask(program, ast, text, view),
    },
  };
}

function ask(
  program: ParseResult,
  ast: CelNode,
  text: string,
  { variables, shape }: ObjectView,
): boolean | { error: string } {
  if (costOf(ast, shape) > MAX_STEPS) return { error: 'is too costly for an object of this size' };
  try {
    const answer: unknown = program(variables);
    return typeof answer === 'boolean' ? answer : { error: 'gives neither true nor false' };
  } catch (error) {
    return { error: `cannot be evaluated: ${placeOf(error, text)}` };
  }
}

/** Undefined for an object that is too big. An absent part of it is an empty map. */
export function viewOf(object: KubeObject): ObjectView | undefined {
  const shape = { size: 0, longest: 0, text: 1 };
  const { managedFields: _, ...metadata } = object.metadata;
  try {
    const whole = copy({ ...object, metadata }, shape, 0) as Map<string, unknown>;
    const parts = VARIABLES.map((name): [string, unknown] => {
      const part = whole.get(name);
      return [name, part instanceof Map ? part : new Map()];
    });
    // `object` holds the parts once more.
    return { variables: new Map<string, unknown>([...parts, ['object', whole]]), shape };
  } catch (error) {
    if (error === TOO_BIG) return undefined;
    throw error;
  }
}

const TOO_BIG = Symbol('too big');

function copy(value: unknown, shape: DataShape, depth: number): unknown {
  shape.size += 1;
  if (typeof value === 'string') measure(value, shape);
  if (shape.size > MAX_NODES || depth > MAX_DEPTH) throw TOO_BIG;
  if (Array.isArray(value)) {
    shape.longest = Math.max(shape.longest, value.length);
    return value.map((each) => copy(each, shape, depth + 1));
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    shape.longest = Math.max(shape.longest, entries.length);
    return new Map(
      entries.map(([key, each]) => {
        // Macros over a map are given its keys.
        measure(key, shape);
        return [key, copy(each, shape, depth + 1)];
      }),
    );
  }
  // As in the API server's own CEL: 3 is an int and 0.5 a double.
  return Number.isSafeInteger(value) ? BigInt(value as number) : value;
}

function measure(text: string, shape: DataShape): void {
  shape.size += text.length / 16;
  shape.text = Math.max(shape.text, 1 + text.length / 16);
}

interface CelError {
  code?: unknown;
  summary?: unknown;
  range?: { start: number; end: number };
}

/** Of errors found in the text alone. */
function summaryOf(error: unknown): string {
  const { summary } = (error ?? {}) as CelError;
  return typeof summary === 'string' ? summary.slice(0, 200) : 'it cannot be read';
}

/** The kind of error and where in the text; what the library says itself may quote a value. */
function placeOf(error: unknown, text: string): string {
  const { code, range } = (error ?? {}) as CelError;
  const what = typeof code === 'string' ? code.replaceAll('_', ' ') : 'it fails';
  return range === undefined ? what : `${what} at \`${text.slice(range.start, range.end).slice(0, 80)}\``;
}
