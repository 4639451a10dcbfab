import { describe, expect, test } from 'vitest';
import { keyOf, type KubeObject } from '../../src/model/object.ts';
import { isMassDeletion, sameContent, toPrune } from '../../src/plan/pair.ts';

const PART_OF = 'applyset.kubernetes.io/part-of';

function member(
  kind: string,
  name: string,
  more: Partial<KubeObject['metadata']> = {},
  apiVersion = 'v1',
): KubeObject {
  return { apiVersion, kind, metadata: { name, namespace: 'shop', labels: { [PART_OF]: 'us' }, ...more } };
}

describe('what is pruned', () => {
  const cases: { name: string; members: KubeObject[]; desired?: string[]; want: string[] }[] = [
    {
      name: 'a member that desired no longer holds',
      members: [member('ConfigMap', 'a')],
      want: ['shop/ConfigMap/a'],
    },
    {
      name: 'nothing that is desired',
      members: [member('ConfigMap', 'a')],
      desired: ['shop/ConfigMap/a'],
      want: [],
    },
    {
      name: 'nothing of another App',
      members: [member('ConfigMap', 'a', { labels: { [PART_OF]: 'them' } })],
      want: [],
    },
    { name: 'nothing without the label', members: [member('ConfigMap', 'a', { labels: {} })], want: [] },
    {
      name: 'nothing that says Never',
      members: [member('ConfigMap', 'a', { annotations: { 'pawl.dev/prune': 'Never' } })],
      want: [],
    },
    {
      name: 'nothing that is going already',
      members: [member('ConfigMap', 'a', { deletionTimestamp: '2026-01-01T00:00:00Z' })],
      want: [],
    },
    { name: 'no claim for storage', members: [member('PersistentVolumeClaim', 'a')], want: [] },
    { name: 'no namespace', members: [member('Namespace', 'a', { namespace: undefined })], want: [] },
    {
      name: 'no definition of a kind',
      members: [member('CustomResourceDefinition', 'a', { namespace: undefined }, 'apiextensions.k8s.io/v1')],
      want: [],
    },
  ];
  test.each(cases)('$name', ({ members, desired = [], want }) => {
    expect(toPrune(members, new Set(desired), 'us').map(keyOf)).toEqual(want);
  });
});

describe('a mass deletion', () => {
  const cases = [
    { name: 'deletes everything', members: 2, pruned: 2, desired: 0, want: true },
    { name: 'deletes more than half of ten', members: 10, pruned: 6, desired: 4, want: true },
    { name: 'is not half of ten', members: 10, pruned: 5, desired: 5, want: false },
    { name: 'is not one of nine', members: 9, pruned: 8, desired: 1, want: false },
    { name: 'is not nothing at all', members: 0, pruned: 0, desired: 0, want: false },
  ];
  test.each(cases)('$name: $want', ({ members, pruned, desired, want }) => {
    expect(isMassDeletion(members, pruned, desired)).toBe(want);
  });
});

test('status, versions and the order of keys are no difference of content', () => {
  const a = {
    ...member('ConfigMap', 'a', { resourceVersion: '1', generation: 1, uid: 'u' }),
    data: { x: '1', y: '2' },
    status: { a: 1 },
  };
  const b = {
    ...member('ConfigMap', 'a', { resourceVersion: '2', generation: 2, uid: 'v' }),
    data: { y: '2', x: '1' },
  };
  expect(sameContent(a, b)).toBe(true);
  expect(sameContent(a, { ...b, data: { x: '1' } })).toBe(false);
});
