// What of objects and manifests may be shown. Of a Secret: its names and keys, never a value in any form. In the
// place of a value stands a mark; equal values share one, so one sees that a key changed, and that it did not.
//
// 1. Marks are numbers in the order of appearance, not hashes: nothing can be guessed and compared.
// 2. Whatever of a Secret is not known to be harmless is masked: other fields, and annotations, which tools
//    fill with copies of the whole object.
// 3. A Secret is masked wherever it stands: in a list, or inside of another object.

export type Mark = (value: unknown) => string;

/** Marks of one comparison: use the same for both sides. */
export function makeMarks(): Mark {
  const numbers = new Map<string, number>();
  return (value) => {
    const text = typeof value === 'string' ? value : `${typeof value} ${JSON.stringify(value, asText)}`;
    const number = numbers.get(text) ?? numbers.size + 1;
    numbers.set(text, number);
    return `(hidden ${number})`;
  };
}

/** JSON has no bigint. */
function asText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** Deeper or larger than any object that the API server takes: an alias that unfolds without end. */
const MAX_DEPTH = 100;
const MAX_NODES = 500_000;

export interface Masked {
  /** A copy with every Secret in it masked. */
  value: unknown;
  /** How many Secrets there were. */
  secrets: number;
}

/** Throws RangeError for what is too deep or too large. */
export function masked(value: unknown, mark: Mark): Masked {
  let nodes = 0;
  let secrets = 0;

  function spend(depth: number): void {
    if (depth > MAX_DEPTH || ++nodes > MAX_NODES) throw new RangeError('too deep or too large');
  }

  function measure(node: unknown, depth: number): void {
    spend(depth);
    if (Array.isArray(node) || isRecord(node)) {
      for (const each of Object.values(node)) measure(each, depth + 1);
    }
  }

  function secret(node: Record<string, unknown>, depth: number): Record<string, unknown> {
    secrets++;
    // A mark is made of the whole value, which must have an end first.
    measure(node, depth);
    return maskedSecret(node, mark);
  }

  function walk(node: unknown, depth: number): unknown {
    spend(depth);
    if (Array.isArray(node)) return node.map((each) => walk(each, depth + 1));
    if (!isRecord(node)) return node;
    if (isSecret(node, depth)) return secret(node, depth);
    // The items of such a list need not say what they are.
    if (node.kind === 'SecretList' && Array.isArray(node.items)) {
      return {
        ...node,
        items: node.items.map((item) => secret(isRecord(item) ? item : { item }, depth)),
      };
    }
    return mapped(node, (each) => walk(each, depth + 1));
  }

  const copy = walk(value, 0);
  return { value: copy, secrets };
}

/** Inside of other objects, a kind and a name alone are a reference. */
function isSecret(node: Record<string, unknown>, depth: number): boolean {
  return (
    node.kind === 'Secret' && (depth === 0 || 'metadata' in node || 'data' in node || 'stringData' in node)
  );
}

function maskedSecret(secret: Record<string, unknown>, mark: Mark): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(secret)) {
    switch (field) {
      case 'apiVersion':
      case 'kind':
      case 'type':
      case 'immutable':
        out[field] = typeof value === 'object' ? mark(value) : value;
        break;
      case 'metadata':
        out[field] = isRecord(value) ? maskedMetadata(value, mark) : mark(value);
        break;
      case 'data':
        out[field] = isRecord(value) ? mapped(value, (each) => mark(decoded(each))) : mark(value);
        break;
      case 'stringData':
        out[field] = isRecord(value) ? mapped(value, (each) => mark(each)) : mark(value);
        break;
      default:
        out[field] = mark(value);
    }
  }
  return out;
}

function maskedMetadata(metadata: Record<string, unknown>, mark: Mark): Record<string, unknown> {
  const { annotations } = metadata;
  if (annotations === undefined) return metadata;
  if (!isRecord(annotations)) return { ...metadata, annotations: mark(annotations) };
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(annotations)) {
    shown[name] = /^(pawl\.dev|applyset\.kubernetes\.io|kubernetes\.io)\//.test(name) ? value : mark(value);
  }
  return { ...metadata, annotations: shown };
}

/** `data` is `stringData` in base64: the same value gets the same mark. */
function decoded(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const bytes = Buffer.from(value, 'base64');
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : value;
}

function mapped(
  record: Record<string, unknown>,
  change: (value: unknown) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

/** Dates and bytes, which YAML can write, are values. */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
