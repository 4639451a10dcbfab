import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { stalledSince, takeBaseline } from '../../src/verify/baseline.ts';
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
  expect(stalledSince([stalled, deployment({ name: 'api' })])).toEqual(want);
});
