import { expect, test } from 'vitest';
import type { App, Condition } from '../../src/model/app.ts';
import { cycleFrom, isToLetGo, notReady } from '../../src/loop/dependencies.ts';
import { Dependents } from '../../src/loop/dependents.ts';
import { Wakes } from '../../src/loop/wakes.ts';

function app(name: string, dependsOn: string[] = [], status?: App['status']): App {
  return {
    apiVersion: 'pawl.dev/v1alpha1',
    kind: 'App',
    metadata: { name, namespace: 'shop', generation: 2 },
    spec: {
      source: { url: 'https://git.example.com/shop.git' },
      serviceAccountName: 'deployer',
      dependsOn: dependsOn.map((one) => ({ name: one })),
    },
    status,
  };
}

const ready = (status: Condition['status'], more: Partial<Condition> = {}): App['status'] => ({
  conditions: [
    {
      type: 'Ready',
      status,
      reason: 'Healthy',
      message: 'm',
      lastTransitionTime: '',
      observedGeneration: 2,
      ...more,
    },
  ],
});

test.each([
  { name: 'one that is', given: app('db', [], ready('True')), want: undefined },
  { name: 'one that was never released', given: app('db'), want: /not been released/ },
  { name: 'one that is not', given: app('db', [], ready('False', { reason: 'Held' })), want: /Held: m/ },
  {
    name: 'one that was changed',
    given: app('db', [], ready('True', { observedGeneration: 1 })),
    want: /changed/,
  },
  {
    name: 'one with a release under way',
    given: app('db', [], {
      ...ready('True'),
      release: { commit: 'a', phase: 'Applying', startedAt: '', elapsed: 0, attempt: 1, cause: 'commit' },
    }),
    want: /under way/,
  },
])('ready at its own newest state: $name', ({ given, want }) => {
  if (want === undefined) expect(notReady(given)).toBeUndefined();
  else expect(notReady(given)).toMatch(want);
});

test.each([
  { name: 'none', graph: { a: ['b', 'c'], b: ['c'], c: [] }, want: undefined },
  { name: 'two', graph: { a: ['b'], b: ['a'] }, want: ['shop/a', 'shop/b', 'shop/a'] },
  {
    name: 'three',
    graph: { a: ['x', 'b'], x: [], b: ['c'], c: ['a'] },
    want: ['shop/a', 'shop/b', 'shop/c', 'shop/a'],
  },
  { name: 'of others, which it only leads to', graph: { a: ['b'], b: ['c'], c: ['b'] }, want: undefined },
  { name: 'with an App that is not there', graph: { a: ['gone'] }, want: undefined },
])('a cycle: $name', ({ graph, want }) => {
  const apps = new Map(Object.entries(graph).map(([name, on]) => [name, app(name, on)]));
  expect(cycleFrom('shop/a', ({ name }) => apps.get(name))).toEqual(want);
});

test('who waits is woken by what matters, and by nothing else', () => {
  const dependents = new Dependents();
  const web = { name: { namespace: 'shop', name: 'web' }, wakes: new Wakes() };
  const db = { namespace: 'shop', name: 'db' };
  const standing = JSON.stringify([2, 'True', 2, true]);
  dependents.waits(web, new Map([['shop/db', standing]]));
  dependents.changed(
    db,
    app('db', [], { ...ready('True', { message: 'another' }), lastHandledRequest: 'x' }),
  );
  dependents.changed({ namespace: 'shop', name: 'other' }, undefined);
  expect(web.wakes.isEmpty).toBe(true);
  dependents.changed(db, app('db', [], ready('False')));
  expect([...web.wakes.take()]).toEqual(['retry']);
  dependents.dealtWith(db, 'head');
  expect([...web.wakes.take()]).toEqual(['retry']);
  dependents.dealtWith(db, 'head');
  expect(web.wakes.isEmpty).toBe(true);
  dependents.changed(db, undefined);
  expect([...web.wakes.take()]).toEqual(['retry']);
  expect(dependents.headOf(db)).toBeUndefined();
  dependents.goesOn(web.name);
  dependents.dealtWith(db, 'next');
  expect(web.wakes.isEmpty).toBe(true);
});

test.each([
  { name: 'one that it lets go', waits: ['x'], desired: ['y'], held: ['x', 'y'], want: true },
  { name: 'nothing', waits: [], desired: ['y'], held: ['x', 'y'], want: false },
  { name: 'one that it keeps', waits: ['x'], desired: ['x'], held: ['x'], want: false },
  { name: 'one that it has not got', waits: ['x'], desired: ['y'], held: ['y'], want: false },
])('a dependency that waits for $name holds nobody up: $want', ({ waits, desired, held, want }) => {
  expect(isToLetGo(new Set(waits), new Set(desired), (key) => held.includes(key))).toBe(want);
});
