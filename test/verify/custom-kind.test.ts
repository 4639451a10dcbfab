// Kinds for which the App itself says when they are ready.

import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { type KindRuleSpec, kindRules } from '../../src/model/kind-rules.ts';
import { healthOf } from '../../src/verify/health.ts';
import { healthFixtures } from './fixtures.ts';
import { NOW, watch, watchAll } from './scene.ts';

function rules(...given: KindRuleSpec[]) {
  return kindRules(given, (message) => {
    throw new Error(message);
  });
}

const kinds = rules({
  group: 'example.com',
  kind: 'Widget',
  current: 'status.phase == "Ready"',
  failed: 'status.phase == "Broken"',
  inProgress: 'has(status.busy) && status.busy',
  message: 'the widget maker has not made it',
});

function widget(status: object | undefined, metadata: object = {}): KubeObject {
  return {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'one', namespace: 'shop', uid: 'uid-one', generation: 2, ...metadata },
    ...(status === undefined ? {} : { status }),
  };
}

describe('a kind with a rule of the App', () => {
  const cases: { name: string; given: KubeObject; want: [string, string] }[] = [
    {
      name: 'is ready when `current` holds',
      given: widget({ phase: 'Ready' }),
      want: ['Current', 'Current'],
    },
    {
      name: 'has failed when `failed` holds',
      given: widget({ phase: 'Broken' }),
      want: ['Failed', 'Stalled'],
    },
    { name: 'waits where none holds', given: widget({ phase: 'New' }), want: ['InProgress', 'NotCurrent'] },
    {
      name: 'waits while `inProgress` holds, whatever the others say',
      given: widget({ phase: 'Broken', busy: true }),
      want: ['InProgress', 'InProgress'],
    },
    {
      name: 'waits where nothing can be said',
      given: widget(undefined),
      want: ['InProgress', 'RuleNotEvaluated'],
    },
    {
      name: 'waits where an expression gives no answer',
      given: widget({ phase: 'Ready', busy: 'yes' }),
      want: ['Current', 'Current'],
    },
    {
      name: 'is asked only what its controller has seen',
      given: widget({ phase: 'Ready', observedGeneration: 1 }),
      want: ['InProgress', 'NotObserved'],
    },
    {
      name: 'is not asked once it is being deleted',
      given: widget({ phase: 'Ready' }, { deletionTimestamp: '2026-11-01T10:00:00Z' }),
      want: ['Terminating', 'Terminating'],
    },
    {
      name: 'is not asked by conditions that the rule does not name',
      given: widget({ phase: 'Ready', conditions: [{ type: 'Stalled', status: 'True' }] }),
      want: ['Current', 'Current'],
    },
  ];
  test.each(cases)('$name', ({ given, want }) => {
    const { status, reason } = healthOf(given, { now: NOW, kinds });
    expect([status, reason]).toEqual(want);
  });

  test('says what it waits for, in the App’s words, or what is wrong with the rule', () => {
    expect(healthOf(widget({ phase: 'New' }), { now: NOW, kinds }).message).toBe(
      'the widget maker has not made it',
    );
    expect(healthOf(widget({}), { now: NOW, kinds }).message).toBe(
      'spec.health.kinds Widget: failed cannot be evaluated: no such key at `phase`',
    );
  });

  test('fails a release by the threshold of Stalled, confirmed by a second read', () => {
    const objects = [watch(widget({ phase: 'Broken' }))];
    const at = (...timesMs: number[]) => timesMs.map((atMs) => ({ atMs, objects }));
    expect(watchAll(at(0, 4_999), { kinds }).judgement.kind).toBe('waiting');
    expect(watchAll(at(0, 5_000), { kinds }).judgement).toMatchObject({
      kind: 'failed',
      failures: [{ reason: 'Stalled', evidence: 'Stalled' }],
    });
  });

  test('never fails a release by a rule that cannot be evaluated, before the deadline', () => {
    const objects = [watch(widget({}))];
    expect(
      watchAll(
        [0, 5_000, 299_999].map((atMs) => ({ atMs, objects })),
        { kinds },
      ).judgement.kind,
    ).toBe('waiting');
  });

  test('is like any other kind for an App without a rule', () => {
    expect(healthOf(widget({ phase: 'Broken' }), { now: NOW }).status).toBe('Current');
  });
});

test('a rule takes the place of what Pawl knows of a built-in kind', () => {
  const own = rules({ group: 'apps', kind: 'Deployment', current: 'status.readyReplicas >= 1' });
  const half = healthFixtures().find(({ name }) => name === 'deployment pod not ready')?.content;
  expect(healthOf(half, { now: NOW }).status).toBe('InProgress');
  expect(healthOf(half, { now: NOW, kinds: own }).status).toBe('Current');
  const behind = healthFixtures().find(({ name }) => name === 'deployment controller behind')?.content;
  expect(healthOf(behind, { now: NOW, kinds: own }).reason).toBe('NotObserved');
});
