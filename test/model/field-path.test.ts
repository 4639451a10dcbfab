import { describe, expect, test } from 'vitest';
import {
  isPlaceIn,
  parseFieldPath,
  splitFieldPaths,
  valueAt,
  withField,
  withoutField,
} from '../../src/model/field-path.ts';
import type { KubeObject } from '../../src/model/object.ts';

const object = {
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'x', annotations: { 'example.com/a.b': 'c' }, finalizers: ['a/b', 'c'] },
  spec: {
    replicas: 3,
    ports: [{ port: 80 }, { port: 80, protocol: 'UDP', nodePort: 1 }],
    containers: [{ name: 'web', image: 'a' }],
    only: { one: 1 },
  },
} as unknown as KubeObject;
const path = (text: string) => {
  const parsed = parseFieldPath(text);
  if (parsed === undefined) throw new Error(`no path: ${text}`);
  return parsed;
};

describe('a path', () => {
  test.each([
    ['spec.replicas', 3],
    ['metadata.annotations[example.com/a.b]', 'c'],
    ['spec.containers[name=web].image', 'a'],
    ['spec.ports[port=80,protocol=TCP].port', 80],
    ['spec.ports[port=80,protocol=UDP].nodePort', 1],
    ['metadata.finalizers["a/b"]', 'a/b'],
    ['metadata.finalizers[1]', 'c'],
    ['spec.containers[name=other].image', undefined],
    ['spec.replicas.more', undefined],
    ['spec.constructor', undefined],
    ['spec.__proto__.x', undefined],
  ])('%s leads to %j', (text, want) => {
    expect(valueAt(object, path(text))).toEqual(want);
  });

  test.each([
    '',
    '.spec',
    'spec.',
    '/spec/replicas',
    'spec..replicas',
    '[a]',
    'spec[',
    'spec[]',
    'spec[a=]',
    'spec[=a]',
    'a b',
    'spec[name=web]image',
  ])('%j is none', (text) => expect(parseFieldPath(text)).toBeUndefined());

  test('a list of them is cut at the commas that are not within brackets', () => {
    const text = ' spec.ports[port=80,protocol=TCP].nodePort ,\n spec.replicas,, ';
    expect(splitFieldPaths(text)).toEqual(['spec.ports[port=80,protocol=TCP].nodePort', 'spec.replicas']);
  });

  test('an entry that is not there is no place', () => {
    expect(isPlaceIn(object, path('spec.containers[name=other].image'))).toBe(false);
    expect(isPlaceIn(object, path('spec.containers[name=web].command'))).toBe(true);
  });
});

describe('without a field', () => {
  test.each([
    ['spec.replicas', ['spec', 'replicas']],
    ['spec.only.one', ['spec', 'only']],
  ])('%s: it is gone, and what held nothing else', (text, [outer = '', inner = '']) => {
    const rest = withoutField(object, path(text)) as unknown as Record<string, object>;
    expect(Object.keys(rest[outer] ?? {})).not.toContain(inner);
  });

  test('an entry of a list goes whole, and nothing that was given changes', () => {
    const before = structuredClone(object);
    const rest = withoutField(object, path('spec.ports[port=80,protocol=UDP]'));
    expect(rest.spec).toMatchObject({ ports: [{ port: 80 }] });
    expect(object).toEqual(before);
  });

  test('the same object where there is none', () => {
    expect(withoutField(object, path('spec.other.field'))).toBe(object);
  });
});

describe('with a field', () => {
  test.each([
    ['spec.replicas', 5],
    ['spec.template.spec.x', 'made'],
    ['metadata.annotations[new/one]', 'text'],
    ['spec.containers[name=web].image', 'b'],
  ])('%s holds %j', (text, value) => {
    expect(valueAt(withField(object, path(text), value), path(text))).toEqual(value);
  });

  test('an entry that is not there is not made for one of its fields', () => {
    expect(withField(object, path('spec.containers[name=other].image'), 'b')).toEqual(object);
  });
});
