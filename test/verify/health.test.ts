import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import type { HealthContext } from '../../src/verify/answers.ts';
import { healthOf } from '../../src/verify/health.ts';
import { healthFixtures } from './fixtures.ts';

const NOW = Date.parse('2026-11-01T10:01:00Z');
const bindingModes = new Map([
  ['immediate', 'Immediate'],
  ['waiting', 'WaitForFirstConsumer'],
]);

describe('each kind is judged by its own rule', () => {
  const cases = healthFixtures();

  test('there are fixtures', () => expect(cases.length).toBeGreaterThan(70));

  test.each(cases)('$name: $want.0 ($want.1)', ({ content, want }) => {
    const { status, reason } = healthOf(content, { now: NOW, bindingModes });
    expect([status, reason]).toEqual(want);
  });
});

test('an object that does not exist is waited for', () => {
  expect(healthOf(undefined, { now: NOW })).toMatchObject({ status: 'InProgress', reason: 'NotFound' });
});

describe('what was applied is told from what was there before', () => {
  const deployment = (metadata: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'shop', uid: 'one', generation: 4, ...metadata },
  });
  const cases: { name: string; given: [KubeObject, Partial<HealthContext>]; want: string }[] = [
    {
      name: 'the generation that was applied',
      given: [deployment({}), { minGeneration: 4 }],
      want: 'Current',
    },
    { name: 'a newer generation', given: [deployment({}), { minGeneration: 3 }], want: 'Current' },
    { name: 'an older generation', given: [deployment({}), { minGeneration: 5 }], want: 'InProgress' },
    {
      name: 'an object made anew, which counts from one again',
      given: [deployment({ uid: 'two', generation: 1 }), { minGeneration: 5, appliedUid: 'one' }],
      want: 'Current',
    },
  ];
  test.each(cases)('$name: $want', ({ given: [object, context], want }) => {
    expect(healthOf(object, { now: NOW, ...context }).status).toBe(want);
  });
});

describe('a deadline that was exceeded before the apply is old news', () => {
  const stalled = healthFixtures().find((one) => one.name === 'deployment deadline exceeded')?.content;
  const before = '2026-11-01T10:00:00Z';

  test('with the update time it had before, it is ignored', () => {
    expect(healthOf(stalled, { now: NOW, stalledSince: before })).toMatchObject({
      status: 'InProgress',
      reason: 'PodsNotUpdated',
    });
  });

  test('with another update time, it is fresh', () => {
    const earlier = '2026-11-01T09:00:00Z';
    expect(healthOf(stalled, { now: NOW, stalledSince: earlier })).toMatchObject({ status: 'Failed' });
  });
});
