// What an expression could cost at most over data of a given shape, told from its syntax tree before it runs. Each
// node has a cost, and its value a size and a length, all bounded from above; a macro in a macro multiplies, a list
// that is put together from itself doubles, so what would explode has a bound that is beyond every limit.

/** A node of the library's syntax tree, as it was parsed. */
export interface CelNode {
  op: string;
  args: unknown;
}

export interface DataShape {
  /** Of the whole object: its nodes, and one for every 16 characters. */
  size: number;
  /** Elements of the longest list or map. */
  longest: number;
  /** The longest text: one, and one for every 16 characters. */
  text: number;
}

/**
 * No regular expressions (the engine's can take for ever), no parsers (the library's of durations is such an
 * expression: 300,000 digits take it minutes), nothing that binds or makes long texts.
 */
const FUNCTIONS: ReadonlySet<string> = new Set([
  'has',
  'size',
  'type',
  'dyn',
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'startsWith',
  'endsWith',
  'contains',
  'lowerAscii',
  'upperAscii',
  'trim',
]);
const MACROS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** The first function that expressions may not call. */
export function unknownFunction(node: CelNode): string | undefined {
  const isCall = node.op === 'call' || node.op === 'rcall';
  const name = isCall ? String((node.args as unknown[])[0]) : undefined;
  if (name !== undefined && !FUNCTIONS.has(name) && !MACROS.has(name)) return name;
  return childrenOf(node)
    .map(unknownFunction)
    .find((found) => found !== undefined);
}

/** Steps. */
export function costOf(node: CelNode, shape: DataShape): number {
  return boundOf(node, shape, new Map()).cost;
}

interface Bound {
  cost: number;
  /** Nodes of the value. */
  size: number;
  /** Elements, where it is a list. */
  length: number;
  /** It is part of the object as it came, so no list in it is longer than the longest. */
  isData: boolean;
}

type Scope = ReadonlyMap<string, Bound>;

function boundOf(node: CelNode, shape: DataShape, scope: Scope): Bound {
  const { args } = node;
  if (node.op === 'id') return scope.get(String(args)) ?? dataBound(shape);
  if (node.op === 'value') return bound(1, typeof args === 'string' ? 1 + args.length / 16 : 1);
  if (node.op === 'rcall') return callBound(node, shape, scope);
  const parts = childrenOf(node).map((child) => boundOf(child, shape, scope));
  const { cost, size, length } = total(parts);
  switch (node.op) {
    case '.':
    case '[]':
      return { ...memberOf(parts[0] ?? dataBound(shape), shape), cost: 1 + cost };
    case 'in':
      return bound(1 + cost + inCost(parts), 1);
    case 'list':
    case 'map':
      return bound(1 + cost, 1 + size, parts.length);
    case 'call':
      return bound(1 + cost + size, size, size);
    case '+':
    case '?:':
      return bound(1 + cost + size, size, length);
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return bound(1 + cost + Math.min(...parts.map((part) => part.size)), 1);
    default:
      return bound(1 + cost, 1);
  }
}

/** A method of a text, or a macro over a list. */
function callBound(node: CelNode, shape: DataShape, scope: Scope): Bound {
  const [name, receiver, given] = node.args as [string, CelNode, CelNode[]];
  const from = boundOf(receiver, shape, scope);
  if (!MACROS.has(name)) {
    const texts = [from, ...given.map((each) => boundOf(each, shape, scope))].map((part) =>
      part.isData ? { ...part, size: shape.text } : part,
    );
    const { cost, size } = total(texts);
    // What is looked for is compared at every place of the other, and may differ in its last character only.
    const searching = name === 'contains' ? texts.reduce((product, text) => product * text.size, 1) : 0;
    return bound(1 + cost + size + searching, size);
  }
  const [variable, ...body] = given;
  const inner = new Map([...scope, [String(variable?.args), memberOf(from, shape)]]);
  const parts = body.map((each) => boundOf(each, shape, inner));
  const length = Math.max(from.length, 1);
  const cost = 1 + from.cost + length * (1 + total(parts).cost);
  if (name === 'map') return bound(cost, 1 + length * (parts.at(-1)?.size ?? 1), length);
  return name === 'filter' ? { ...from, cost } : bound(cost, 1);
}

function bound(cost: number, size: number, length = 0): Bound {
  return { cost, size, length, isData: false };
}

function dataBound(shape: DataShape): Bound {
  return { cost: 1, size: shape.size, length: shape.longest, isData: true };
}

/** Something in it. */
function memberOf(whole: Bound, shape: DataShape): Bound {
  const length = whole.isData ? shape.longest : whole.size;
  return { cost: 1, size: whole.size, length, isData: whole.isData };
}

/** Something is compared with each element, and all elements together are no more than the list. */
function inCost([value, list]: readonly Bound[]): number {
  return value === undefined || list === undefined ? 0 : Math.min(list.size, list.length * value.size);
}

function total(parts: readonly Bound[]): { cost: number; size: number; length: number } {
  const sum = (read: (part: Bound) => number) => parts.reduce((all, part) => all + read(part), 0);
  return {
    cost: sum((part) => part.cost),
    size: sum((part) => part.size),
    length: sum((part) => part.length),
  };
}

function childrenOf(node: CelNode): CelNode[] {
  return nodesIn(node.args);
}

function nodesIn(value: unknown): CelNode[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  return typeof value === 'object' && value !== null && 'op' in value ? [value as CelNode] : [];
}
