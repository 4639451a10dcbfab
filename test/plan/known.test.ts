import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { driftOf, knownFrom } from '../../src/plan/known.ts';

function configMap(name: string, version: string, banner: string): KubeObject {
  const fieldsV1 = { 'f:data': { 'f:banner': {} }, 'f:metadata': { 'f:labels': { 'f:team': {} } } };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: version,
      labels: { team: 'shop' },
      managedFields: [{ manager: 'pawl', operation: 'Apply', fieldsV1 }],
    },
    data: { banner },
  };
}

test.each([
  { name: 'another value is drift', live: configMap('a', '8', 'closed'), want: ['data.banner'] },
  { name: 'the same values at another version are none', live: configMap('a', '8', 'open'), want: [] },
  {
    name: 'the version that was applied is not looked into',
    live: configMap('a', '7', 'never read'),
    want: [],
  },
  {
    name: 'the same version of another object is',
    live: configMap('b', '7', 'closed'),
    want: ['data.banner'],
  },
])('$name', ({ live, want }) => {
  const known = knownFrom('hash', configMap('a', '7', 'open'));
  if (known === undefined) throw new Error('not known');
  expect(driftOf(known, live).map(({ path }) => path)).toEqual(want);
});

test('objects that are alike share what they have in common', () => {
  const [one, other] = ['a', 'b'].map((name) => knownFrom('hash', configMap(name, '7', 'open')));
  expect(one?.fields).toBe(other?.fields);
  expect(one?.values).toEqual(other?.values);
});
