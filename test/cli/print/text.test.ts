// Tables, times and texts of others on a terminal.
import { describe, expect, test } from 'vitest';
import { paintFor, plain } from '../../../src/cli/print/paint.ts';
import { safe, safeJson } from '../../../src/cli/print/safe.ts';
import { table } from '../../../src/cli/print/table.ts';
import { ago, span } from '../../../src/cli/print/time.ts';

const terminal = { write: () => true, isTTY: true };

test('columns are aligned, and a text of others cannot leave its cell', () => {
  const rows = [
    { a: 'one', b: 'first\nsecond' },
    { a: 'three', b: '\u001b[2Jgone\u202e' },
  ];
  const columns = [
    { title: 'A', cell: (row: (typeof rows)[0]) => row.a },
    { title: 'B', cell: (row: (typeof rows)[0]) => row.b },
  ];
  expect(table(rows, columns, plain)).toEqual(['A      B', 'one    first second', 'three  [2Jgone']);
});

test('colours do not count for the width', () => {
  const columns = [
    { title: 'A', cell: (row: string) => row, colour: () => 'red' as const },
    { title: 'B', cell: () => 'x' },
  ];
  const lines = table(['a', 'bbb'], columns, paintFor(terminal, {}));
  expect(lines).toEqual(['A    B', '\u001b[31ma\u001b[39m    x', '\u001b[31mbbb\u001b[39m  x']);
});

describe('colours', () => {
  test.each([
    { name: 'on a terminal', output: terminal, env: {}, want: true },
    { name: 'in a file', output: { write: () => true }, env: {}, want: false },
    { name: 'with NO_COLOR', output: terminal, env: { NO_COLOR: '1' }, want: false },
    { name: 'with an empty NO_COLOR', output: terminal, env: { NO_COLOR: '' }, want: true },
    { name: 'on a dumb terminal', output: terminal, env: { TERM: 'dumb' }, want: false },
  ])('$name: $want', ({ output, env, want }) => {
    expect(paintFor(output, env)('red', 'x') !== 'x').toBe(want);
  });
});

test('what would not be seen is written out; tabs and line breaks stay', () => {
  expect(safe('a\tb\nc\u001b[31m\u009b\u202e\ud800')).toBe('a\tb\nc\\u001b[31m\\u009b\\u202e\ufffd');
});

test('JSON holds no such character either, and says the same', () => {
  const data = { text: '\u001b[31m\u009b\u202eüñ\u{1f600}' };
  expect(safeJson(data)).not.toMatch(/[\u001b\u009b\u202e]/);
  expect(JSON.parse(safeJson(data))).toEqual(data);
});

describe('a duration', () => {
  test.each([
    [0, '0.0s'],
    [420, '0.4s'],
    [9_949, '9.9s'],
    [9_950, '10s'],
    [59_499, '59s'],
    [59_600, '1m'],
    [185_000, '3m 5s'],
    [3_600_000, '1h'],
    [7_800_000, '2h 10m'],
    [90_000_000, '1d 1h'],
    [Number.NaN, '?'],
    [-1, '?'],
  ])('%d ms is %s', (ms, want) => {
    expect(span(ms)).toBe(want);
  });

  test('a time in the future, of a clock that goes wrong, was just now; no time is nothing', () => {
    expect(ago('2026-01-01T00:00:10Z', Date.parse('2026-01-01T00:00:00Z'))).toBe('0.0s ago');
    expect(ago(undefined, 0)).toBe('');
    expect(ago('yesterday', 0)).toBe('');
  });
});
