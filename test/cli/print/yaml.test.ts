import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { toYaml } from '../../../src/cli/print/yaml.ts';

describe('an object as YAML', () => {
  test('names what it is first, and the rest in order', () => {
    const object = {
      spec: { b: [{ z: 1, x: 'two' }], a: {} },
      kind: 'Pod',
      metadata: { name: 'web' },
      apiVersion: 'v1',
    };
    expect(toYaml(object)).toBe(
      `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  a: {}
  b:
  - x: two
    z: 1
`,
    );
  });

  test('text of several lines is written line by line', () => {
    expect(toYaml({ a: 'one\n\n  two\n', b: 'one\ntwo' })).toBe(
      'a: |\n  one\n\n    two\nb: |-\n  one\n  two\n',
    );
  });

  test.each(
    [
      '',
      ' ',
      'yes',
      'null',
      '~',
      '1',
      '1.5',
      '0x1f',
      '-',
      '- a',
      'a: b',
      'a #b',
      '# a',
      'a:',
      '"',
      "'",
      '{a',
      '[a',
      '*a',
      '&a',
      '!a',
      '|',
      '>',
      '%a',
      '@a',
      '`a',
      'a\tb',
      'ends ',
      '\n',
      'a\n\n',
      '\u001b[31m',
      '(hidden 1)',
      'registry.example.com/shop/web:1.17',
      '2026-01-01',
      '.5',
      'ünïcode',
      '  indented\ntwo',
    ].map((text) => ({ text })),
  )('the text $text reads back as it was', ({ text }) => {
    expect(load(toYaml({ key: text, [`${text}.`]: [text] }))).toEqual({
      key: text,
      [`${text}.`]: [text],
    });
  });

  test.each([
    { value: [] },
    { value: {} },
    { value: null },
    { value: true },
    { value: 1.5 },
    { value: [[1, 2], [3]] },
  ])('$value reads back as it was', ({ value }) => {
    expect(load(toYaml({ value }))).toEqual({ value });
  });
});
