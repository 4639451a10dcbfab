// What a YAML scalar means to Kubernetes, which reads YAML as sigs.k8s.io/yaml does: YAML 1.1's booleans,
// octals both ways, but no base 60 and no dates. Neither YAML 1.1 nor 1.2 as written.
//
// 1. No digit is lost: an integer that a JavaScript number cannot hold travels as raw JSON, and one beyond
//    64 bits, which Kubernetes would round, is an error.

export type Scalar =
  | { type: 'null'; value: null }
  | { type: 'bool'; value: boolean }
  /** A number, or raw JSON (`JSON.isRawJSON`) for what would lose digits. */
  | { type: 'int'; value: number | object; digits: string }
  | { type: 'float'; value: number }
  | { type: 'string'; value: string }
  | { type: 'error'; message: string };

// Node has both since 21; the standard library's types do not know them yet.
const rawJson = JSON as unknown as {
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
};

/** Whether the value is an integer kept digit by digit: an object to `typeof`, a number to JSON. */
export function isExactInteger(value: unknown): boolean {
  return rawJson.isRawJSON(value);
}

const WORDS = new Map<string, Scalar>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(word(true)),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(word(false)),
  ...['', '~', 'null', 'Null', 'NULL'].map((text): [string, Scalar] => [text, { type: 'null', value: null }]),
]);

function word(value: boolean): (text: string) => [string, Scalar] {
  return (text) => [text, { type: 'bool', value }];
}

const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
/** Go's strconv.ParseInt with base 0. */
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const WHOLE = /^[-+]?[0-9]+$/;
const MAX_NUMBER_LENGTH = 400;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** The meaning of a plain scalar without a tag. */
export function readScalar(text: string): Scalar {
  const known = WORDS.get(text);
  if (known !== undefined) return known;
  if (!/^[-+.0-9]/.test(text) || text.length > MAX_NUMBER_LENGTH) return { type: 'string', value: text };
  if (NOT_FINITE.test(text))
    return { type: 'error', message: 'infinity and not-a-number do not exist in JSON' };
  // Underscores may stand anywhere, but where a dot comes first only between digits.
  const misplaced = text.startsWith('.') && /(?<!\d)_|_(?!\d)/.test(text);
  const plain = misplaced ? text : text.replaceAll('_', '');
  return readInteger(plain) ?? readFloat(plain) ?? { type: 'string', value: text };
}

function readInteger(text: string): Scalar | undefined {
  const found = INTEGER.exec(text);
  if (found === null) return undefined;
  const [, sign, hex, binary, octal, decimal] = found;
  const size = hex !== undefined ? `0x${hex}` : binary !== undefined ? `0b${binary}` : undefined;
  const value = BigInt(size ?? (octal !== undefined ? `0o${octal}` : (decimal ?? '0')));
  const signed = sign === '-' ? -value : value;
  // Unsigned 64 bits are read only without any sign.
  if (signed < MIN_INT64 || signed > (sign === '' ? MAX_UINT64 : MAX_INT64)) return undefined;
  return integer(signed);
}

function integer(value: bigint): Scalar {
  const digits = value.toString();
  const number = Number(value);
  return { type: 'int', value: String(number) === digits ? number : rawJson.rawJSON(digits), digits };
}

function readFloat(text: string): Scalar | undefined {
  if (!FLOAT.test(text)) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  if (WHOLE.test(text) && BigInt(value) !== BigInt(text.replace('+', ''))) {
    return {
      type: 'error',
      message: 'a number of more than 64 bits would be rounded: quote it if it is a text',
    };
  }
  return { type: 'float', value };
}

/**
 * How a key that is no string is spelled, or undefined where it cannot be one. Go spells floats with six
 * significant digits before it turns to exponents; beyond that the spelling would surprise anyone.
 */
export function keyOfScalar(scalar: Scalar): string | undefined {
  switch (scalar.type) {
    case 'string':
      return scalar.value;
    case 'bool':
      return String(scalar.value);
    case 'int':
      return scalar.digits;
    case 'float': {
      const spelled = Object.is(scalar.value, -0) ? '-0' : String(scalar.value);
      const size = Math.abs(scalar.value);
      const plain = size >= 1e-4 && size < 1e6 && spelled.replace(/[-.]/g, '').replace(/^0+/, '').length <= 6;
      return plain || scalar.value === 0 ? spelled : undefined;
    }
    case 'null':
    case 'error':
      return undefined;
  }
}
