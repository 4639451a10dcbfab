import { describe, expect, test } from 'vitest';
import { compileExpression, viewOf } from '../../src/model/expression.ts';
import type { KubeObject } from '../../src/model/object.ts';

const widget: KubeObject = {
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name: 'one', namespace: 'shop', generation: 3, labels: { tier: 'web' } },
  spec: { replicas: 3, gates: ['a', 'b'] },
  status: {
    phase: 'Ready',
    ready: 3,
    load: 0.5,
    nothing: null,
    conditions: [
      { type: 'Ready', status: 'True', observedGeneration: 3 },
      { type: 'Seen', status: 'False' },
    ],
  },
};

function answer(text: string, object: KubeObject = widget): boolean | { error: string } {
  const made = compileExpression(text);
  if ('error' in made) throw new Error(made.error);
  const view = viewOf(object);
  if (view === undefined) throw new Error('the object is too big');
  return made.ok.holds(view);
}

function refusal(text: string): string | undefined {
  const made = compileExpression(text);
  return 'error' in made ? made.error : undefined;
}

describe('an expression sees', () => {
  test.each([
    'status.phase == "Ready"',
    'object.status.phase == "Ready" && object.kind == "Widget"',
    'metadata.name == "one" && metadata.generation == 3',
    'status.ready == spec.replicas && status.ready + 1 == 4 && status.load < 1',
    'has(status.phase) && !has(status.unknown) && !has(data.anything)',
    'data == {}',
    'status.nothing == null',
    'status.conditions.exists(c, c.type == "Ready" && c.status == "True" && c.observedGeneration == metadata.generation)',
    'status.conditions.filter(c, c.type == "Ready").all(c, c.status == "True")',
    'spec.gates.all(g, ["a", "b"].exists(h, g == h))',
    'status["phase"].startsWith("Re") && "tier" in metadata.labels',
  ])('%s', (text) => expect(answer(text)).toBe(true));
});

describe('what is wrong in the text is told when it is read', () => {
  test.each([
    { name: 'nothing', text: ' ', want: /empty/ },
    { name: 'a slip of the pen', text: 'status.phase = "Ready"', want: /not a CEL expression: / },
    { name: 'a variable that is not there', text: 'state.phase == "Ready"', want: /Unknown variable: state/ },
    { name: 'types that do not go together', text: '"a" + 1 == "a1"', want: /no such overload/i },
    { name: 'a number', text: '1 + 1', want: /gives int/ },
    { name: 'a text', text: '"Ready"', want: /gives string/ },
    { name: 'a list', text: '[true]', want: /gives list/ },
    { name: 'too long a text', text: `status.phase == "${'x'.repeat(2000)}"`, want: /longer than 2000/ },
    { name: 'too deep a text', text: `${'('.repeat(100)}true${')'.repeat(100)}`, want: /depth/i },
    { name: 'too many parts', text: Array.from({ length: 300 }, () => 'true').join('&&'), want: /AstNodes/i },
  ])('$name', ({ text, want }) => expect(refusal(text)).toMatch(want));
});

describe('what cannot be evaluated is said so, without a value of the object', () => {
  const secret: KubeObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'one' },
    data: { password: 'aHVudGVyMg==' },
  };
  test.each([
    { text: 'status.unknown == 1', want: 'cannot be evaluated: no such key at `unknown`' },
    { text: 'data[data.password] == ""', want: 'cannot be evaluated: no such key at `data[data.password]`' },
    {
      text: 'bool(data.password)',
      want: expect.stringContaining('cannot be evaluated: bool conversion error'),
    },
    { text: 'int(data.password) == 1', want: expect.stringContaining('cannot be evaluated: ') },
    { text: 'data.password', want: 'gives neither true nor false' },
    { text: 'data.password > 1', want: expect.stringContaining('cannot be evaluated: ') },
  ])('$text', ({ text, want }) => {
    const said = answer(text, secret);
    expect(said).toEqual({ error: want });
    expect(JSON.stringify(said)).not.toContain('aHVudGVyMg');
  });
});

describe('nothing of JavaScript shows', () => {
  const hostile = JSON.parse(
    '{"apiVersion":"v1","kind":"X","metadata":{"name":"x"},"status":{"__proto__":{"polluted":true},"constructor":{"prototype":1}}}',
  ) as KubeObject;
  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', 'size', 'get'])(
    '%s',
    (name) => {
      expect(answer(`has(spec.${name})`)).toBe(false);
      expect(answer(`"${name}" in spec`)).toBe(false);
      expect(answer(`has(metadata.${name})`)).toBe(false);
    },
  );
  test('a field of such a name is a field like any other, and pollutes nothing', () => {
    expect(answer('status.__proto__.polluted && status.constructor.prototype == 1', hostile)).toBe(true);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('no expression stalls the process', () => {
  const list = Array.from({ length: 2_000 }, (_, index) => index);
  const texts = Array.from({ length: 30 }, () => 'a'.repeat(200));
  const big: KubeObject = {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'big' },
    status: { l: list, t: texts },
  };
  const doubling = (times: number) =>
    `status.l${Array.from({ length: times }, () => '.map(x, [x, x])').join('')} == status.l${Array.from({ length: times }, () => '.map(y, [y, y])').join('')}`;
  const hostile = [
    'status.l.all(a, status.l.all(b, status.l.all(c, a + b + c >= 0)))',
    'status.l.all(a, status.l.exists(b, a == b))',
    'status.l.map(a, status.l.map(b, b)) == status.l.map(a, status.l.map(b, b))',
    'status.l.map(a, status.l + status.l).all(l, l.all(x, x == x))',
    '[status.l, status.l].map(l, l + l).map(l, l + l).map(l, l + l).map(l, l + l).map(l, l + l).all(l, l.all(x, x >= 0))',
    doubling(12),
    'status.l.all(a, status == object.status)',
    'status.l.all(a, a in status.l)',
    'status.l.all(a, object.status.l == status.l)',
    Array.from({ length: 40 }, () => 'status.l.all(x, status.t.all(t, t.contains("b")))').join(' && '),
    `${'status.t.all(t, '.repeat(8)}true${')'.repeat(8)}`,
  ];
  test.each(hostile)('%s', (text) => {
    const startedMs = performance.now();
    const made = compileExpression(text);
    if ('ok' in made) {
      const view = viewOf(big);
      const said = view === undefined ? undefined : made.ok.holds(view);
      if (said !== undefined && typeof said !== 'boolean') expect(said.error).toMatch(/too costly|cannot be/);
    }
    // It has taken 30 ms at most; one that is let through takes seconds or does not end.
    expect(performance.now() - startedMs).toBeLessThan(500);
  });

  test.each([
    'status.a.matches("(a+)+$")',
    'duration(status.a) > duration("1s")',
    'timestamp(status.a) > timestamp("2026-01-01T00:00:00Z")',
    'cel.bind(x, status, true)',
    'status.a.split("") == []',
    'b"1".json() == {}',
  ])('functions that may take for ever, or make much of little, are refused: %s', (text) =>
    expect(refusal(text)).toMatch(
      /^calls (matches|bind|split|json|duration|timestamp), which is not allowed/,
    ),
  );

  test('what is just within the bounds takes a moment', () => {
    const parts = Array.from({ length: 4 }, () => 'a >= 0').join(' && ');
    const startedMs = performance.now();
    expect(answer(`status.l.all(a, ${parts})`, big)).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(500);
    expect(answer(`status.l.all(a, ${parts}) && status.l.all(a, ${parts})`, big)).toEqual({
      error: 'is too costly for an object of this size',
    });
  });

  test.each([
    ['double(status.s) > 1.0', '9'],
    ['int(status.s) > 1', ' '],
    ['uint(status.s) > uint(1)', '9'],
    ['bool(status.s)', 'a'],
    ['status.s.trim() == ""', ' '],
    ['status.s.lowerAscii().contains("b")', 'A'],
    ['size(status.s) > 1', 'a'],
  ])('of a very long text neither: %s', (text, character) => {
    const startedMs = performance.now();
    answer(text, { ...big, status: { s: character.repeat(300_000) } });
    expect(performance.now() - startedMs).toBeLessThan(500);
  });

  test.each([
    ['status.a.contains(status.b)', 100_000, 60_000],
    ['status.l.exists(a, status.a.contains(status.b + a))', 20_000, 20_000],
    ['status.m.exists(k, status.a.contains(k))', 100_000, 60_000],
    ['(status.a + status.a).contains(status.b + status.b)', 100_000, 50_000],
    ['status.a.lowerAscii().contains(status.b.trim())', 100_000, 60_000],
  ])('nor by looking for one long text in another: %s', (text, length, wanted) => {
    // Each place has to be compared up to its middle.
    const half = 'a'.repeat(wanted / 2);
    const status = { a: 'a'.repeat(length), b: `${half}b${half}`, l: [half], m: { [`${half}b${half}`]: 1 } };
    const startedMs = performance.now();
    expect(answer(text, { ...widget, status })).toEqual({
      error: 'is too costly for an object of this size',
    });
    expect(performance.now() - startedMs).toBeLessThan(100);
  });

  test('a word is found in a text of any length', () => {
    expect(
      answer('status.a.contains("needle")', { ...big, status: { a: `${'hay'.repeat(50_000)}needle` } }),
    ).toBe(true);
  });

  test('an object beyond all measure is not looked at', () => {
    const huge = { ...big, status: { l: Array.from({ length: 30_000 }, () => 1) } };
    expect(viewOf(huge)).toBeUndefined();
    let deep: unknown = 1;
    for (let level = 0; level < 10_000; level++) deep = { deep };
    expect(viewOf({ ...big, status: deep })).toBeUndefined();
  });
});
