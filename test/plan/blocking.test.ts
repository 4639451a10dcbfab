import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import type { PlanItem, Refusal } from '../../src/model/plan.ts';
import { blocking, isAboutToBeFree, namedAsBlocking } from '../../src/plan/blocking.ts';
import { manifestOf } from './manifest.ts';

const object = (kind: string, name: string, spec: unknown = {}, annotations = {}): KubeObject => ({
  apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1',
  kind,
  metadata: { name, namespace: 'shop', annotations },
  spec,
});
const item = (of: KubeObject, live?: KubeObject, action: PlanItem['action'] = 'create'): PlanItem => ({
  manifest: manifestOf(of),
  object: of,
  live,
  action,
  dryRun: 'passed',
});
const service = (name: string, nodePort?: number, more = {}) =>
  object('Service', name, { ports: [{ port: 80, nodePort }], ...more });
const mounting = (name: string, claimName: string) =>
  object('Deployment', name, {
    template: { spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] } },
  });
const claim = (name: string, mode: string) => object('PersistentVolumeClaim', name, { accessModes: [mode] });

test.each([
  {
    name: 'nothing in particular',
    items: [item(service('new'))],
    leaving: [service('old', 30_080)],
    want: [],
  },
  {
    name: 'what says so',
    items: [],
    leaving: [object('ConfigMap', 'c', {}, { 'pawl.dev/prune': 'Before' })],
    want: ['c'],
  },
  {
    name: 'a node port',
    items: [item(service('new', 30_080))],
    leaving: [service('old', 30_080), service('other', 30_081)],
    want: ['old'],
  },
  {
    name: 'an address',
    items: [item(service('new', undefined, { clusterIP: '10.0.0.9' }))],
    leaving: [service('old', undefined, { clusterIP: '10.0.0.9' })],
    want: ['old'],
  },
  {
    name: 'no address at all',
    items: [item(service('new', undefined, { clusterIP: 'None' }))],
    leaving: [service('old', undefined, { clusterIP: 'None' })],
    want: [],
  },
  {
    name: 'what is not changed has it already',
    items: [item(service('new', 30_080), undefined, 'unchanged')],
    leaving: [service('old', 30_080)],
    want: [],
  },
  {
    name: 'a claim',
    items: [item(mounting('new', 'data'))],
    leaving: [mounting('old', 'data')],
    want: ['old'],
  },
  {
    name: 'a claim for many nodes',
    items: [item(mounting('new', 'data')), item(claim('data', 'ReadWriteMany'))],
    leaving: [mounting('old', 'data')],
    want: [],
  },
  {
    name: 'objects that nobody vouches for',
    items: [item(service('new', 30_080))],
    leaving: [
      object('Service', 'odd', { ports: 'none', clusterIPs: 7 }),
      object('Deployment', 'odd', { template: null }),
    ],
    want: [],
  },
])('what goes first: $name', ({ items, leaving, want }) => {
  expect(blocking(items, leaving).map(({ metadata }) => metadata.name)).toEqual(want);
});

const refusal = (of: KubeObject, message: string, kind: Refusal['kind'] = 'Invalid'): Refusal => ({
  id: manifestOf(of).id,
  kind,
  message,
});
const TAKEN = 'spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated';

test.each([
  {
    name: 'a member that is to go',
    items: [],
    leaving: [service('old', 30_080)],
    message: TAKEN,
    want: true,
  },
  {
    name: 'a member that moves',
    items: [item(service('mover', 30_090), service('mover', 30_080), 'configure')],
    leaving: [],
    message: TAKEN,
    want: true,
  },
  {
    name: 'a member that keeps it',
    items: [item(service('mover', 30_080), service('mover', 30_080), 'configure')],
    leaving: [],
    message: TAKEN,
    want: false,
  },
  { name: 'somebody else', items: [], leaving: [service('old', 30_081)], message: TAKEN, want: false },
  {
    name: 'another fault',
    items: [],
    leaving: [service('old', 30_080)],
    message: 'spec.ports: Required value',
    want: false,
  },
])('a port that is taken by $name', ({ items, leaving, message, want }) => {
  const wanted = service('new', 30_080);
  expect(isAboutToBeFree(refusal(wanted, message), wanted, { items, leaving })).toBe(want);
});

test('a webhook that names the object in the way', () => {
  const ingress = (name: string): KubeObject => ({
    ...object('Ingress', name),
    apiVersion: 'networking.k8s.io/v1',
  });
  const denied = refusal(
    ingress('new'),
    'admission webhook "x" denied the request: host "a.example.com" and path "/" is already defined in ingress shop/old',
    'Denied',
  );
  expect(namedAsBlocking(denied, [ingress('old'), ingress('ol'), service('old')])).toEqual([ingress('old')]);
  expect(namedAsBlocking({ ...denied, kind: 'Forbidden' }, [ingress('old')])).toEqual([]);
});
