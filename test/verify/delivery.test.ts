// What rolls out another object speaks late: of what it has taken up, not of what was applied.

import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import type { HealthContext } from '../../src/verify/answers.ts';
import { oldNews } from '../../src/verify/baseline.ts';
import { takenUpOf, targetOf } from '../../src/verify/delivery.ts';
import { healthOf } from '../../src/verify/health.ts';
import { healthFixtures } from './fixtures.ts';
import { deployment, NOW, watch, watchAll } from './scene.ts';

function fixture(name: string): KubeObject {
  const found = healthFixtures().find((one) => one.name === name);
  if (found === undefined) throw new Error(`no fixture of a ${name}`);
  return found.content;
}

const failed = fixture('canary failed');
const succeeded = fixture('canary succeeded');
const HASH = '7b779dcc48';
const target = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };

function withWorkload(rollout: KubeObject, workloadObservedGeneration: string): KubeObject {
  const { spec, status } = rollout as unknown as { spec: object; status: object };
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  return { ...rollout, spec: { ...spec, workloadRef }, status: { ...status, workloadObservedGeneration } };
}

test('a Canary rolls out its target, a Rollout its workload if it has one, and nothing else does', () => {
  expect(targetOf(failed)).toEqual(target);
  expect(targetOf(withWorkload(fixture('rollout rolled out'), '3'))).toEqual(target);
  expect(targetOf(fixture('rollout rolled out'))).toBeUndefined();
  expect(targetOf(fixture('hpa scaling'))).toBeUndefined();
});

describe('after an apply', () => {
  const aborted = withWorkload(fixture('rollout aborted'), '3');
  const healthy = withWorkload(fixture('rollout rolled out'), '3');
  const cases: { name: string; given: [KubeObject, Partial<HealthContext>]; want: [string, string] }[] = [
    {
      name: 'a Canary that has not taken up the new template says nothing yet',
      given: [succeeded, { stalledSince: HASH, targetChanged: true }],
      want: ['InProgress', 'NotObserved'],
    },
    {
      name: 'nor does one that failed before',
      given: [failed, { stalledSince: HASH, targetChanged: true }],
      want: ['InProgress', 'NotObserved'],
    },
    {
      name: 'a Canary that has taken it up is believed',
      given: [succeeded, { stalledSince: '6f5', targetChanged: true }],
      want: ['Current', 'Current'],
    },
    {
      name: 'and its failure is a failure',
      given: [failed, { stalledSince: '6f5', targetChanged: true }],
      want: ['Failed', 'CanaryFailed'],
    },
    {
      name: 'a failed Canary whose target has its former template back runs what was promoted last',
      given: [failed, { stalledSince: HASH, targetChanged: false }],
      want: ['Current', 'RolledBack'],
    },
    {
      name: 'a Canary whose target is as it was is believed',
      given: [succeeded, { stalledSince: HASH, targetChanged: false }],
      want: ['Current', 'Current'],
    },
    {
      name: 'a Rollout that has not taken up its workload’s new template says nothing yet',
      given: [healthy, { stalledSince: '3', targetChanged: true }],
      want: ['InProgress', 'NotObserved'],
    },
    {
      name: 'a Rollout that was aborted before is not called a failure for that',
      given: [aborted, { stalledSince: '3' }],
      want: ['InProgress', 'NotObserved'],
    },
    {
      name: 'a Rollout that is aborted after it took it up has failed',
      given: [aborted, { stalledSince: '2', targetChanged: true }],
      want: ['Failed', 'RolloutAborted'],
    },
  ];
  test.each(cases)('$name', ({ given: [object, context], want }) => {
    const { status, reason } = healthOf(object, { now: NOW, ...context });
    expect([status, reason]).toEqual(want);
  });

  test('what it took up before is remembered by the baseline', () => {
    expect(takenUpOf(failed)).toBe(HASH);
    expect(
      oldNews([failed, fixture('canary just created'), fixture('rollout aborted')], NOW).stalledSince,
    ).toEqual({
      'shop/Canary.flagger.app/web': HASH,
    });
  });
});

describe('a Canary that fails', () => {
  const web = watch(deployment({ replicas: 0, updated: 0 }));
  const at =
    (...timesMs: number[]) =>
    (object: KubeObject, more: object) =>
      timesMs.map((atMs) => ({ atMs, objects: [web, watch(object, more)] }));

  test('fails the release that changed its target, and the target is what is blamed', () => {
    const more = { blamedOn: target, targetChanged: true, stalledSince: '6f5' };
    const { judgement } = watchAll(at(0, 5_000)(failed, more));
    expect(judgement).toMatchObject({
      kind: 'failed',
      failures: [{ object: target, reason: 'CanaryFailed', evidence: 'CanaryFailed' }],
    });
  });

  test('is waited for as long as Flagger has not looked, though its target is scaled to zero', () => {
    const more = { blamedOn: target, targetChanged: true, stalledSince: HASH };
    expect(watchAll(at(0, 60_000)(succeeded, more)).judgement).toMatchObject({
      kind: 'waiting',
      ready: 1,
      total: 2,
    });
  });

  test('is the surroundings’ matter while it waits for a person', () => {
    const waiting = fixture('canary waiting promotion');
    const more = { blamedOn: target, targetChanged: true, stalledSince: '6f5' };
    const settings = { timeoutMs: 1_000_000 };
    expect(watchAll(at(0, 299_999)(waiting, more), settings).judgement.kind).toBe('waiting');
    expect(watchAll(at(0, 300_000, 305_000)(waiting, more), settings).judgement).toMatchObject({
      kind: 'unknown',
      reason: 'AwaitingPromotion',
    });
  });
});

test('the pods of a Rollout are those of its present hash', () => {
  // Their crashes are seen long before its own deadline.
  const rollout = fixture('rollout progressing');
  const made = (hash: string) => ({
    metadata: { name: hash, uid: hash, labels: { 'rollouts-pod-template-hash': hash } },
  });
  const owned = (hash: string, kind: string, of: string): KubeObject => ({
    apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1',
    kind,
    metadata: {
      ...made(hash).metadata,
      name: `${kind}-${hash}`,
      uid: `${kind}-${hash}`,
      namespace: 'shop',
      ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: of, controller: true }],
    },
    ...(kind === 'Pod' && {
      status: {
        containerStatuses: [
          {
            name: 'web',
            restartCount: 3,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { exitCode: 1, reason: 'Error' } },
          },
        ],
      },
    }),
  });
  const sight = (hash: string) => ({
    objects: [watch(rollout)],
    related: {
      replicaSets: [owned(hash, 'ReplicaSet', '1a')],
      pods: [owned(hash, 'Pod', `ReplicaSet-${hash}`)],
    },
  });
  const judged = (hash: string) => watchAll([0, 5_000].map((atMs) => ({ atMs, ...sight(hash) }))).judgement;
  expect(judged('6c5')).toMatchObject({ kind: 'failed', failures: [{ reason: 'CrashLoopBackOff' }] });
  expect(judged('111').kind).toBe('waiting');
});
