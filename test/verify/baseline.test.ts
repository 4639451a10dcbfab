import { describe, expect, test } from 'vitest';
import { fitStatus } from '../../src/adapters/cluster/status-size.ts';
import { NOT_KNOWN, oldNewsOf, unhealthyBefore } from '../../src/model/baseline.ts';
import { kindRules } from '../../src/model/kind-rules.ts';
import { idOf, type KubeObject, keyOf } from '../../src/model/object.ts';
import { oldNews, takeBaseline } from '../../src/verify/baseline.ts';
import { healthOf } from '../../src/verify/health.ts';
import { healthFixtures } from './fixtures.ts';
import { deployment, NOW, watch, watchAll } from './scene.ts';

function fixture(name: string): KubeObject {
  const found = healthFixtures().find((one) => one.name === name);
  if (found === undefined) throw new Error(`no fixture of a ${name}`);
  return found.content;
}

test('a baseline holds what was not healthy, and why', () => {
  const objects = [
    deployment({ name: 'well', ready: 3 }),
    deployment({ name: 'ill' }),
    fixture('job out of retries'),
    fixture('deployment paused'),
    fixture('namespace terminating'),
  ];
  expect(takeBaseline(objects, NOW)).toEqual({
    at: '2026-11-01T10:01:00.000Z',
    unhealthy: {
      'shop/Deployment.apps/ill': 'PodsNotReady',
      'shop/Job.batch/migrate': 'BackoffLimitExceeded',
      '/Namespace/shop': 'Terminating',
    },
    stalledSince: {},
  });
});

describe('of a failure without a time of its own', () => {
  const kinds = kindRules(
    [
      {
        group: 'example.com',
        kind: 'Widget',
        failed: 'status.phase == "Broken"',
        current: 'status.phase == "Ready"',
      },
    ],
    () => {},
  );
  const widget = (status: object | undefined, generation = 2): KubeObject => ({
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'door', namespace: 'shop', uid: 'uid-door', generation },
    ...(status && { status }),
  });
  const stalled = (message: string) => widget({ conditions: [{ type: 'Stalled', status: 'True', message }] });
  const markOf = (object: KubeObject, known = { kinds }) =>
    oldNews([object], NOW, known).stalledSince['shop/Widget.example.com/door'];

  test.each([
    { name: 'a rule of the App finds', before: widget({ phase: 'Broken' }), known: { kinds } },
    { name: 'the object itself tells of', before: stalled('no wood'), known: { kinds: [] } },
  ])('that $name, the status as it is marks it as old news', ({ before, known }) => {
    const stalledSince = markOf(before, known);
    expect(stalledSince).toMatch(/^[0-9a-f]{12}$/);
    // Set back by a revert, and its controller has not spoken yet: it has no generation to say so.
    const after = { ...before, metadata: { ...before.metadata, generation: 3, resourceVersion: '9' } };
    expect(healthOf(after, { now: NOW, ...known }).status).toBe('Failed');
    expect(healthOf(after, { now: NOW, ...known, stalledSince })).toMatchObject({
      status: 'InProgress',
      reason: 'NotObserved',
    });
    // It has: it fails again.
    const again = { ...after, status: { ...(before.status as object), at: 'now' } };
    expect(healthOf(again, { now: NOW, ...known, stalledSince }).status).toBe('Failed');
    const wait = (live: KubeObject, atMs: number) => ({ atMs, objects: [watch(live, { stalledSince })] });
    expect(watchAll([wait(after, 0), wait(after, 299_999)], known).judgement.kind).toBe('waiting');
    expect(watchAll([wait(again, 0), wait(again, 5_000)], known).judgement.kind).toBe('failed');
  });

  test('nothing is marked where nothing has failed, or there is no status to compare', () => {
    expect(markOf(widget({ phase: 'Ready' }))).toBeUndefined();
    expect(markOf(widget({ phase: 'New' }))).toBeUndefined();
    expect(markOf(widget(undefined))).toBeUndefined();
  });

  test('the mark lets nobody guess the status who may not read the object', () => {
    const other = widget({ phase: 'Broken' });
    other.metadata.uid = 'uid-other';
    expect(markOf(other)).not.toBe(markOf(widget({ phase: 'Broken' })));
  });
});

test('and since when an exceeded deadline stands', () => {
  const stalled = fixture('deployment deadline exceeded');
  const want = { 'shop/Deployment.apps/web': '2026-11-01T10:00:00Z' };
  expect(takeBaseline([stalled], NOW)).toMatchObject({ stalledSince: want });
  expect(oldNews([stalled, deployment({ name: 'api' })], NOW).stalledSince).toEqual(want);
});

describe('of 10,000 objects that are not healthy', () => {
  const stalled = fixture('deployment deadline exceeded');
  const many = Array.from({ length: 10_000 }, (_, index) => ({
    ...stalled,
    metadata: { ...stalled.metadata, name: `a-deployment-with-a-rather-long-name-${index}` },
  }));
  const canary = fixture('canary failed');
  const baseline = takeBaseline([...many, canary], NOW);
  const key = (object: KubeObject) => keyOf(idOf(object));
  const [first] = many;
  const last = many.at(-1);

  test('as many are named as fit, and the rest is counted, so that the status stays far below its limit', () => {
    expect(Buffer.byteLength(JSON.stringify(baseline))).toBeLessThan(100 * 1024);
    const named = Object.keys(baseline.unhealthy).length;
    expect(named).toBeGreaterThan(500);
    expect(named + (baseline.moreUnhealthy ?? 0)).toBe(10_001);
    expect(Object.keys(baseline.stalledSince).length + (baseline.moreStalled ?? 0)).toBe(10_001);
    expect(() => fitStatus({ baseline })).not.toThrow();
  });

  test('one that is not named may have been unhealthy, and is not blamed', () => {
    expect(unhealthyBefore(baseline, key(first!))).toBe('ProgressDeadlineExceeded');
    expect(unhealthyBefore(baseline, key(last!))).toBe(NOT_KNOWN);
    expect(unhealthyBefore(takeBaseline([first!], NOW), key(last!))).toBeUndefined();
    expect(unhealthyBefore(undefined, key(last!))).toBeUndefined();
  });

  test('nor is it called failed for a deadline that may have been exceeded before', () => {
    const stalledSince = oldNewsOf(baseline, key(last!));
    expect(healthOf(last, { now: NOW, stalledSince }).status).toBe('InProgress');
    expect(healthOf(last, { now: NOW }).status).toBe('Failed');
  });

  test('what rolls out another comes first, as it is believed by its mark alone', () => {
    expect(baseline.stalledSince[key(canary)]).toBe('7b779dcc48');
  });
});
