// What others changed, and could not be set back, is never the commit's fault.
import { expect, test } from 'vitest';
import type { Judgement } from '../../src/verify/judge.ts';
import { podFixture } from './fixtures.ts';
import { deployment, type Moment, podLike, replicaSet, settings, watch, watchAll } from './scene.ts';

const NEW = 'web-5d9';
const crash = podLike(podFixture('crash loop').pod, `${NEW}-0`, NEW);
const crashing = { replicaSets: [replicaSet(NEW)], pods: [crash] };
const drift = { kind: 'Contested' as const, path: 'spec.template.spec.containers[web].image', manager: 'op' };
const live = deployment();
const asDesired = [watch(live)];
const drifted = [watch(live, { drift })];
const MINUTE = 60_000;

function reasonOf(judgement: Judgement): string {
  switch (judgement.kind) {
    case 'failed':
      return `failed: ${judgement.failures.map(({ reason }) => reason).join()}`;
    case 'unknown':
      return `unknown: ${judgement.reason}`;
    case 'healthy':
    case 'waiting':
      return judgement.kind;
  }
}

const { timeoutMs } = settings;

test.each<{ name: string; given: Moment[]; want: string }>([
  {
    name: 'it crashes as it is desired: the commit has failed',
    given: [0, MINUTE, 2 * MINUTE].map((atMs) => ({ atMs, objects: asDesired, related: crashing })),
    want: 'failed: CrashLoopBackOff',
  },
  {
    name: 'it crashes as others have it',
    given: [0, MINUTE, 2 * MINUTE].map((atMs) => ({ atMs, objects: drifted, related: crashing })),
    want: 'unknown: DriftContested',
  },
  {
    name: 'the server refuses to set it back',
    given: [0, MINUTE, 2 * MINUTE].map((atMs) => ({
      atMs,
      objects: [watch(live, { drift: { ...drift, kind: 'Refused' as const } })],
      related: crashing,
    })),
    want: 'unknown: DriftRefused',
  },
  {
    name: 'set back a moment ago, what it showed before is not held against it',
    given: [
      { atMs: 0, objects: drifted, related: crashing },
      { atMs: MINUTE, objects: asDesired, related: crashing },
    ],
    want: 'waiting',
  },
  {
    name: 'it is not ready in time as others have it',
    given: [0, timeoutMs].map((atMs) => ({ atMs, objects: drifted })),
    want: 'unknown: DriftContested',
  },
  {
    name: 'set back before the deadline it has not had all of its time',
    given: [
      { atMs: 0, objects: drifted },
      { atMs: timeoutMs - 1000, objects: asDesired },
      { atMs: timeoutMs, objects: asDesired },
    ],
    want: 'unknown: DriftContested',
  },
  {
    name: 'ready all the same',
    given: [{ atMs: 0, objects: [watch(deployment({ ready: 3 }), { drift })] }],
    want: 'healthy',
  },
  {
    name: 'another object fails by itself',
    given: [0, MINUTE, 2 * MINUTE].map((atMs) => ({
      atMs,
      objects: [...asDesired, watch(deployment({ name: 'other' }), { drift })],
      related: crashing,
    })),
    want: 'failed: CrashLoopBackOff',
  },
])('$name', ({ given, want }) => {
  expect(reasonOf(watchAll(given).judgement)).toBe(want);
});

test('object, field and manager are named, on one line', () => {
  const given = [0, timeoutMs].map((atMs) => ({
    atMs,
    objects: [watch(live, { drift: { ...drift, path: 'metadata.labels[a\nb]', manager: 'o\u202ep' } })],
  }));
  expect(watchAll(given).judgement).toMatchObject({
    message: expect.stringMatching(
      /^shop\/Deployment\/web metadata\.labels\[a b\], which is changed by op? ?p? again/,
    ),
  });
});
