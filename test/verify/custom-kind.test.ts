// Kinds for which the App itself says when they are ready.

import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { type KindRuleSpec, kindRules } from '../../src/model/kind-rules.ts';
import { healthOf } from '../../src/verify/health.ts';
import { healthFixtures } from './fixtures.ts';
import { judge } from '../../src/verify/judge.ts';
import { newEffort } from '../../src/verify/custom-kind.ts';
import { deployment, NOW, nothing, settings, watch, watchAll } from './scene.ts';

function rules(...given: KindRuleSpec[]) {
  return kindRules(given, (message) => {
    throw new Error(message);
  });
}

const stalled = withCondition(deployment(), { type: 'Stalled', status: 'True' });

function withCondition(object: KubeObject, condition: object): KubeObject {
  return { ...object, status: { ...(object.status as object), conditions: [condition] } };
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
    const at = (...timesMs: number[]) => timesMs.map((atMs) => ({ atMs, objects }));
    expect(watchAll(at(0, 5_000, 299_999), { kinds }).judgement.kind).toBe('waiting');
  });

  test.each([
    { name: 'for lack of a field', given: widget({}) },
    {
      name: 'as the object is too big',
      given: widget({ phase: 'Ready', l: Array.from({ length: 21_000 }, () => 1) }),
    },
  ])('nor at the deadline, $name: nothing is known of it', ({ given }) => {
    const objects = [watch(given)];
    const { judgement } = watchAll(
      [0, 300_000].map((atMs) => ({ atMs, objects })),
      { kinds },
    );
    expect(judgement).toMatchObject({ kind: 'unknown', reason: 'RuleNotEvaluated' });
    // What shows a sign of its own is blamed all the same.
    const broken = [...objects, watch(stalled)];
    expect(watchAll([{ atMs: 300_000, objects: broken }], { kinds }).judgement).toMatchObject({
      kind: 'failed',
      failures: [{ object: { kind: 'Deployment' } }],
    });
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

describe('what an App asks of its objects does not hold up the others', () => {
  // Each of the three is just within the bounds by itself.
  const nested = 'data.all(k, data.all(l, k.startsWith("k") || l.startsWith("k")))';
  const asked = rules({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    inProgress: `!(${nested})`,
    failed: `!(${nested})`,
    current: nested,
  });
  const configMap = (name: string, keys: number): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'shop', uid: `uid-${name}` },
    data: Object.fromEntries(Array.from({ length: keys }, (_, key) => [`k${key}`, 'v'])),
  });

  test('all expressions of a rule together are bounded for one object', () => {
    const one = rules({ apiVersion: 'v1', kind: 'ConfigMap', current: nested });
    expect(healthOf(configMap('a', 60), { now: NOW, kinds: one }).status).toBe('Current');
    expect(healthOf(configMap('a', 60), { now: NOW, kinds: asked })).toMatchObject({
      reason: 'RuleNotEvaluated',
      message: 'spec.health.kinds ConfigMap: is too costly for an object of this size',
    });
  });

  test('the same live object is asked once by a rule, and again when either has changed', () => {
    const live = configMap('a', 20);
    const spent = (object: KubeObject, kinds: typeof asked) => {
      const effort = newEffort();
      const before = effort.leftSteps;
      healthOf(object, { now: NOW, kinds, effort });
      return before - effort.leftSteps;
    };
    expect(spent(live, asked)).toBeGreaterThan(1_000);
    expect(spent(live, asked)).toBe(0);
    // The App has been read again, and says the same.
    expect(
      spent(
        live,
        asked.map((rule) => ({ ...rule })),
      ),
    ).toBe(0);
    expect(spent({ ...live }, asked)).toBeGreaterThan(1_000);
    expect(
      spent(
        live,
        asked.map((rule) => ({ ...rule, message: 'has other words' })),
      ),
    ).toBeGreaterThan(1_000);
  });

  test('what is too much for one read is judged over several, and nothing is said before all has been asked', () => {
    const objects = Array.from({ length: 200 }, (_, index) => watch(configMap(`a${index}`, 30)));
    const input = {
      objects,
      related: nothing,
      settings: { ...settings, kinds: asked, soakMs: 60_000 },
      now: NOW,
    };
    const ready = judge({ ...input, elapsedMs: 0, memory: undefined, objects: [objects[0]!] });
    let memory = ready.memory;
    const kinds: string[] = [];
    for (let round = 1; round < 400; round++) {
      const startedMs = performance.now();
      const judged = judge({ ...input, elapsedMs: round, memory });
      // Some 10 ms; at once it is a second and more.
      expect(performance.now() - startedMs).toBeLessThan(400);
      memory = judged.memory;
      if (judged.judgement.kind !== 'waiting') throw new Error(judged.judgement.kind);
      if (judged.judgement.objectsReady) break;
      expect(judged.judgement).toMatchObject({ lookAgainInMs: 50, signs: [] });
      kinds.push(judged.judgement.message);
    }
    expect(kinds.length).toBeGreaterThan(3);
    // The soak that had begun goes on.
    expect(memory.readySinceMs).toBe(0);
  });

  test('objects that change faster than they can be asked about draw nothing out beyond timeout and soak', () => {
    const changing = () => Array.from({ length: 200 }, (_, index) => watch(configMap(`a${index}`, 30)));
    const set = { kinds: asked, soakMs: 60_000 };
    expect(watchAll([{ atMs: 359_999, objects: changing() }], set).judgement.kind).toBe('waiting');
    expect(watchAll([{ atMs: 360_000, objects: changing() }], set).judgement).toMatchObject({
      kind: 'unknown',
      reason: 'RuleNotEvaluated',
    });
  });
});
