import { describe, expect, test } from 'vitest';
import { fitStatus } from '../../src/adapters/cluster/status-size.ts';
import { NOT_KNOWN, oldNewsOf, unhealthyBefore } from '../../src/model/baseline.ts';
import { idOf, type KubeObject, keyOf } from '../../src/model/object.ts';
import { oldNews, takeBaseline } from '../../src/verify/baseline.ts';
import { healthOf } from '../../src/verify/health.ts';
import { healthFixtures } from './fixtures.ts';
import { deployment, NOW } from './scene.ts';

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

test('and since when an exceeded deadline stands', () => {
  const stalled = fixture('deployment deadline exceeded');
  const want = { 'shop/Deployment.apps/web': '2026-11-01T10:00:00Z' };
  expect(takeBaseline([stalled], NOW)).toMatchObject({ stalledSince: want });
  expect(oldNews([stalled, deployment({ name: 'api' })]).stalledSince).toEqual(want);
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
