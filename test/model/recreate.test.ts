import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { mayRecreate } from '../../src/model/recreate.ts';
import { manifestOf } from '../plan/manifest.ts';

const MEMBER = { 'applyset.kubernetes.io/part-of': 'us' };

function object(kind: string, apiVersion: string, spec: object, labels = MEMBER): KubeObject {
  return { apiVersion, kind, metadata: { name: 'db', namespace: 'shop', labels }, spec };
}

const kept = (whenDeleted: string) => ({ persistentVolumeClaimRetentionPolicy: { whenDeleted } });

test.each<{ name: string; live: KubeObject | undefined; want: boolean }>([
  { name: 'what says so', live: object('StatefulSet', 'apps/v1', {}), want: true },
  { name: 'a set that keeps its claims', live: object('StatefulSet', 'apps/v1', kept('Retain')), want: true },
  {
    name: 'a set whose claims are deleted with it',
    live: object('StatefulSet', 'apps/v1', kept('Delete')),
    want: false,
  },
  {
    name: 'another kind that has such a field',
    live: object('StatefulSet', 'example.com/v1', kept('Delete')),
    want: true,
  },
  { name: 'a claim', live: object('PersistentVolumeClaim', 'v1', {}), want: false },
  {
    name: 'what is not ours',
    live: object('StatefulSet', 'apps/v1', {}, { 'applyset.kubernetes.io/part-of': 'them' }),
    want: false,
  },
  { name: 'what is not there', live: undefined, want: false },
])('whether $name may be made anew: $want', ({ live, want }) => {
  const desired = live ?? object('StatefulSet', 'apps/v1', {});
  const { policy } = manifestOf(desired);
  expect(mayRecreate(manifestOf(desired, { policy: { ...policy, recreate: true } }), live, 'us')).toBe(want);
});

test('the desired form does not count: it is the live set that would take its claims with it', () => {
  const live = object('StatefulSet', 'apps/v1', kept('Delete'));
  const desired = object('StatefulSet', 'apps/v1', kept('Retain'));
  const { policy } = manifestOf(desired);
  expect(mayRecreate(manifestOf(desired, { policy: { ...policy, recreate: true } }), live, 'us')).toBe(false);
});
