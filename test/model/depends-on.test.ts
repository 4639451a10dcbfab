import { expect, test } from 'vitest';
import { resolveDependsOn } from '../../src/model/depends-on.ts';

const own = { namespace: 'shop', name: 'web' };

function resolve(given: unknown[]) {
  const complaints: string[] = [];
  const found = resolveDependsOn(given, own, (message) => complaints.push(message));
  return { found: found.map(({ namespace, name }) => `${namespace}/${name}`), complaints };
}

test.each([
  { name: 'the own namespace where none is given', given: [{ name: 'db' }], want: ['shop/db'] },
  { name: 'another namespace', given: [{ name: 'db', namespace: 'data' }], want: ['data/db'] },
  { name: 'each App once', given: [{ name: 'db' }, { name: 'db', namespace: 'shop' }], want: ['shop/db'] },
])('dependencies: $name', ({ given, want }) => {
  expect(resolve(given)).toEqual({ found: want, complaints: [] });
});

test.each([
  { name: 'no name', given: {}, want: 'spec.dependsOn[0].name is not the name of an App' },
  { name: 'no mapping', given: 'db', want: 'spec.dependsOn[0].name is not the name of an App' },
  { name: 'nothing', given: null, want: 'spec.dependsOn[0].name is not the name of an App' },
  {
    name: 'a name of two parts',
    given: { name: 'data/db' },
    want: 'spec.dependsOn[0].name is not the name of an App',
  },
  {
    name: 'a namespace that is none',
    given: { name: 'db', namespace: 'A' },
    want: 'spec.dependsOn[0].namespace is not the name of a namespace',
  },
  { name: 'the App itself', given: { name: 'web' }, want: 'spec.dependsOn[0] is the App itself' },
])('dependencies that mean nothing: $name', ({ given, want }) => {
  expect(resolve([given]).complaints).toEqual([want]);
});
