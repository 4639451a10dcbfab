import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { stableJson } from '../../src/render/hash.ts';
import { readYaml } from '../../src/render/yaml.ts';

interface Reading {
  name: string;
  yaml: string;
  /** What Go's sigs.k8s.io/yaml 1.6.0 makes of it, as JSON with its keys in order; null where it refuses. */
  want: string | null;
}

const READINGS = JSON.parse(
  readFileSync(new URL('../../fixtures/yaml/kubernetes-reading.json', import.meta.url), 'utf8'),
) as Reading[];

const read = (text: string, left = 10_000) => readYaml(text, { left });

function values(text: string): unknown[] {
  const result = read(text);
  if (result.kind === 'invalid') throw new Error(`line ${result.line}: ${result.message}`);
  return result.documents.map((document) => document.value);
}

function refusal(text: string, left?: number): string {
  const result = read(text, left);
  return result.kind === 'invalid' ? `${result.line}: ${result.message}` : 'read';
}

describe('reads YAML as Kubernetes does', () => {
  test.for(READINGS)('$name', ({ yaml, want }) => {
    const result = read(yaml);
    if (want === null) expect(result.kind).toBe('invalid');
    else expect(result.kind === 'read' ? stableJson(result.documents[0]?.value) : result.message).toBe(want);
  });
});

describe('refuses what would be changed in silence, with its line', () => {
  test.for([
    {
      name: 'a number of more than 64 bits',
      given: 'a: 1\nb: 123456789012345678901234567890\n',
      want: '2: a number of more than 64 bits would be rounded: quote it if it is a text',
    },
    {
      name: 'a merge after a line that gives the same key',
      given: 'x: &x { a: 1 }\ny:\n  a: 2\n  <<: *x\n',
      want: '4: the merge (<<) and a line before it both give "a": put the merge first',
    },
    {
      name: 'two merges of the same key',
      given: 'x: &x { a: 1 }\nw: &w { a: 3 }\ny:\n  <<: *x\n  <<: *w\n',
      want: '5: the merge (<<) and a line before it both give "a": put the merge first',
    },
    {
      name: 'a key twice after a merge of it',
      given: 'x: &x { a: 1 }\ny:\n  <<: *x\n  a: 2\n  a: 3\n',
      want: '5: the key "a" is there twice',
    },
    { name: 'a merge of a text', given: 'a:\n  <<: x\n', want: '2: a merge (<<) takes mappings only' },
    { name: 'a key twice', given: 'a: 1\nb: 2\na: 3\n', want: '3: the key "a" is there twice' },
    {
      name: 'two keys of one spelling',
      given: '"1": a\n1: b\n',
      want: '2: the key "1" is there twice',
    },
    {
      name: 'a key with two spellings',
      given: '1e20: a\n',
      want: '1: a key that is null, or a number without one spelling: quote it',
    },
    { name: 'half a character', given: 'a: "\\ud800"\n', want: '1: half a character (a lone surrogate)' },
    {
      name: 'binary',
      given: 'a: !!binary aGVsbG8=\n',
      want: '1: a tag (!) that JSON has no type for: quote the value if it is a text',
    },
    { name: 'infinity', given: 'a:\n  - .inf\n', want: '2: infinity and not-a-number do not exist in JSON' },
    {
      name: 'a tag directive',
      given: '%TAG !e! tag:x,2000:\n---\na: 1\n',
      want: '1: %TAG directives are not supported',
    },
  ])('$name', ({ given, want }) => {
    expect(refusal(given)).toBe(want);
  });
});

test('keeps every digit of an integer that a number cannot hold, down to the JSON', () => {
  const [value] = values('a: 9223372036854775807\nb: 9007199254740993\nc: 10000000000000000000\n');
  expect(JSON.stringify(value)).toBe(
    '{"a":9223372036854775807,"b":9007199254740993,"c":10000000000000000000}',
  );
});

test('takes __proto__ as a key like any other', () => {
  const [value] = values(
    '__proto__: { polluted: yes }\na: { __proto__: x }\nb: &b { __proto__: 1 }\nc: { <<: *b }\n',
  );
  expect(JSON.stringify(value)).toBe(
    '{"__proto__":{"polluted":true},"a":{"__proto__":"x"},"b":{"__proto__":1},"c":{"__proto__":1}}',
  );
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

describe('bounds the work', () => {
  test('of aliases that grow ninefold at each of nine levels', () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const items = level === 0 ? '"lol"' : `*l${level - 1}`;
      return `l${level}: &l${level} [${Array.from({ length: 9 }, () => items).join(', ')}]`;
    });
    expect(refusal(`${levels.join('\n')}\n`, 100_000)).toMatch(/^\d: too many nodes, aliases written out$/);
  });

  test('of merges that copy the same keys again and again', () => {
    const wide = Array.from({ length: 100 }, (_, n) => `k${n}: 1`).join(', ');
    const merges = Array.from({ length: 200 }, (_, n) => `m${n}: { <<: *w }`).join('\n');
    expect(refusal(`w: &w { ${wide} }\n${merges}\n`)).toContain('too many nodes');
  });

  test('of aliases of a long text', () => {
    const text = `a: &a ${'x'.repeat(100_000)}\nb: [${Array.from({ length: 50 }, () => '*a').join(', ')}]\n`;
    expect(refusal(text, 100_000)).toBe('2: too many nodes, aliases written out');
  });

  test('of what the parser makes of one file', () => {
    expect(refusal(`[${'a,'.repeat(1_000_000)}]`)).toBe('1: too many lines and entries for one file');
  });

  test('of an alias inside what it stands for', () => {
    expect(refusal('a: &a [*a]\n')).toBe('1: an alias (*) lies inside what it stands for');
  });

  test('of nesting', () => {
    expect(refusal(`a: ${'['.repeat(5_000)}`)).toContain('nesting exceeded');
  });

  test('over documents, whose anchors do not reach into the next', () => {
    expect(refusal('a: &a 1\n---\nb: *a\n')).toBe('3: an alias (*) names no anchor (&) of this document');
  });
});

test('never quotes a value, which may be a password', () => {
  const password = 'S3cretS3cret';
  const mistakes = [
    `a: !${password} x`,
    `a: *${password}`,
    `a: !e!${password} x`,
    `a: !<${password}"> x`,
    `a: !!int ${password}`,
    `a: "${password}`,
    `a: ${password}: b: c`,
    `? [${password}]\n: 1`,
    `%TAG ! ${password}\n%TAG ! ${password}\n---\na: 1`,
    `a: &${password} 1\n  b: 2`,
    `a: "\\q${password}"`,
    `a: 'x' ${password}`,
    `a: |9x${password}\n  b`,
    `{a: 1}${password}`,
  ];
  for (const mistake of mistakes) {
    const result = read(mistake);
    expect(result.kind, mistake).toBe('invalid');
    expect(JSON.stringify(result), mistake).not.toContain(password);
  }
});

test('counts documents and lines', () => {
  const result = read(
    '# first\n---\n\na: 1\n---\n---\n# nothing\n--- # third\nb: |\n  ---\n  x\n...\n---\n- c\n',
  );
  expect(result).toEqual({
    kind: 'read',
    documents: [
      { value: { a: 1 }, line: 4 },
      { value: undefined, line: expect.any(Number) },
      { value: undefined, line: expect.any(Number) },
      { value: { b: '---\nx\n' }, line: 9 },
      { value: ['c'], line: 14 },
    ],
  });
});

test.for([
  { name: 'an empty file', given: '' },
  { name: 'a comment', given: '# nothing\n' },
  { name: 'blanks', given: ' \n\n  \n' },
  { name: 'a byte order mark', given: '\ufeff' },
])('finds nothing in $name', ({ given }) => {
  expect(values(given).filter((value) => value !== undefined)).toEqual([]);
});
