import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { SIGNALS } from '../../src/model/signal.ts';
import { type Judgement, judge } from '../../src/verify/judge.ts';
import { carryMemory } from '../../src/verify/memory.ts';
import type { RelatedObjects } from '../../src/verify/owners.ts';
import { healthFixtures, podFixture } from './fixtures.ts';
import {
  deployment,
  eventOn,
  manifestOf,
  type Moment,
  NOW,
  nothing,
  podLike,
  readyPod,
  replicaSet,
  settings,
  watch,
  watchAll,
} from './scene.ts';

const NEW = 'web-5d9';

/** Pods of the new ReplicaSet, each as in the fixture of that name; `ready` is one that is ready. */
function newPods(...names: string[]): KubeObject[] {
  return names.map((name, index) =>
    name === 'ready'
      ? readyPod(`web-5d9-${index}`, NEW)
      : podLike(podFixture(name).pod, `web-5d9-${index}`, NEW),
  );
}

function rollout(pods: KubeObject[], more: Partial<RelatedObjects> = {}): Partial<RelatedObjects> {
  return { replicaSets: [replicaSet(NEW)], pods, ...more };
}

/** The same sight at each of these times. */
function at(timesMs: number[], sight: Omit<Moment, 'atMs'>): Moment[] {
  return timesMs.map((atMs) => ({ atMs, ...sight }));
}

function reasons(judgement: Judgement): string[] {
  return judgement.kind === 'failed' ? judgement.failures.map((failure) => failure.reason) : [];
}

const crashing = {
  objects: [watch(deployment())],
  related: rollout(newPods('crash loop', 'crash loop', 'crash loop')),
};

describe('ready', () => {
  test('everything as desired is healthy', () => {
    const { judgement } = watchAll([{ atMs: 0, objects: [watch(deployment({ ready: 3 }))] }]);
    expect(judgement).toEqual({ kind: 'healthy', total: 1, message: '1 of 1 objects ready' });
  });

  test('beats failed: a pod may crash while the Deployment has all it wants', () => {
    const related = rollout(newPods('crash loop'));
    const { judgement } = watchAll(at([0, 60_000], { objects: [watch(deployment({ ready: 3 }))], related }));
    expect(judgement.kind).toBe('healthy');
  });

  test('a release of nothing is healthy', () => {
    expect(watchAll([{ atMs: 0, objects: [] }]).judgement.kind).toBe('healthy');
  });

  test('a paused Deployment is not waited for', () => {
    const paused = deployment();
    const live = { ...paused, spec: { ...(paused.spec as object), paused: true } };
    const { judgement } = watchAll([{ atMs: 0, objects: [watch(live)] }]);
    expect(judgement).toMatchObject({ kind: 'healthy', total: 0 });
    expect(judgement).toHaveProperty(
      'message',
      expect.stringContaining('its rollout is paused, not waited for'),
    );
  });

  test('what was unhealthy before and is unchanged is neither waited for nor kept quiet', () => {
    const ill = watch(deployment(), { changed: false, baselineUnhealthy: 'PodsNotReady' });
    const well = watch(deployment({ name: 'api', ready: 3 }));
    const { judgement } = watchAll(at([0, 400_000], { objects: [ill, well] }));
    expect(judgement).toMatchObject({ kind: 'healthy', total: 1 });
    expect(judgement).toHaveProperty(
      'message',
      expect.stringContaining('shop/Deployment/web was unhealthy before'),
    );
  });

  test('an object that someone deleted is waited for', () => {
    const gone = watch(deployment(), { live: undefined });
    expect(watchAll([{ atMs: 0, objects: [gone] }]).judgement).toMatchObject({
      kind: 'waiting',
      ready: 0,
      total: 1,
    });
  });
});

describe('waiting', () => {
  test('tells the rollout, pod by pod', () => {
    const live = deployment({ updated: 1, old: 3, ready: 3 });
    const { judgement } = watchAll([
      { atMs: 0, objects: [watch(live)], related: rollout(newPods('first exit')) },
    ]);
    expect(judgement).toMatchObject({
      kind: 'waiting',
      ready: 0,
      total: 1,
      message:
        '0 of 1 objects ready; shop/Deployment/web: 1 of 3 pods updated, 3 ready, 3 old to be replaced',
      lookAgainInMs: 300_000,
    });
  });

  test('tells that a readiness probe fails, which only the deadline makes a failure of', () => {
    const events = podFixture('readiness probe fails').events.map((event) => ({
      ...event,
      involvedObject: { uid: 'uid-web-5d9-0' },
    }));
    const related = rollout(newPods('readiness probe fails'), { events });
    const sight = { objects: [watch(deployment({ ready: 2 }))], related };
    const said = expect.stringContaining('Pod/web-5d9-0: readiness probe fails');
    expect(watchAll(at([0, 299_000], sight)).judgement).toMatchObject({ kind: 'waiting', message: said });
    expect(watchAll(at([0, 300_000], sight)).judgement).toMatchObject({
      kind: 'failed',
      failures: [{ reason: 'TimedOut', evidence: 'TimedOut after 300 s, readiness probe fails' }],
    });
  });

  test('tells the signs that stand', () => {
    const { judgement } = watchAll(at([0], crashing));
    expect(judgement).toMatchObject({ kind: 'waiting', lookAgainInMs: SIGNALS.Confirmation.afterMs });
    expect(judgement).toHaveProperty(
      'message',
      expect.stringContaining('Pod/web-5d9-0: CrashLoopBackOff, exit code 1'),
    );
    expect(judgement.kind === 'waiting' && judgement.signs).toHaveLength(3);
  });

  test('looks again when a sign could begin to count', () => {
    const related = rollout(newPods('image not found backing off'));
    const { judgement } = watchAll(at([0, 10_000], { objects: [watch(deployment())], related }));
    expect(judgement).toMatchObject({ lookAgainInMs: 20_000 });
  });
});

describe('a failure is confirmed by a second read', () => {
  const confirm = SIGNALS.Confirmation.afterMs;

  test.each([
    { name: 'one read is not enough', given: [10_000], want: 'waiting' },
    { name: 'two reads, too close', given: [10_000, 10_000 + confirm - 1], want: 'waiting' },
    { name: 'two reads, far enough apart', given: [10_000, 10_000 + confirm], want: 'failed' },
  ])('$name', ({ given, want }) => {
    expect(watchAll(at(given, crashing)).judgement.kind).toBe(want);
  });

  test('with what may go into the commit', () => {
    expect(watchAll(at([0, confirm], crashing)).judgement).toMatchObject({
      kind: 'failed',
      failures: [
        {
          object: { kind: 'Deployment', name: 'web' },
          reason: 'CrashLoopBackOff',
          evidence: 'CrashLoopBackOff, exit code 1, 3 restarts in 24 s',
        },
      ],
    });
  });

  test('a read in between that shows no sign starts it anew', () => {
    const calm = { objects: [watch(deployment())], related: rollout(newPods('starting for the first time')) };
    const moments = [...at([0], crashing), ...at([3000], calm), ...at([6000], crashing)];
    expect(watchAll(moments).judgement.kind).toBe('waiting');
  });

  test('even where no time is asked for', () => {
    const thresholds = { ...settings.thresholds, Confirmation: { afterMs: 0, count: 2 } };
    expect(watchAll(at([10_000], crashing), { thresholds }).judgement.kind).toBe('waiting');
    expect(watchAll(at([10_000, 10_001], crashing), { thresholds }).judgement.kind).toBe('failed');
  });
});

describe('whose failure counts', () => {
  test('not that of an object which this release left alone', () => {
    const objects = [watch(deployment(), { changed: false })];
    expect(watchAll(at([0, 5000, 299_000], { ...crashing, objects })).judgement.kind).toBe('waiting');
  });

  test('not that of pods of the old revision', () => {
    const old = podLike(podFixture('crash loop').pod, 'web-111-x', 'web-111');
    const related = rollout(newPods('starting for the first time'), {
      replicaSets: [replicaSet(NEW), replicaSet('web-111', { image: 'web:1' })],
    });
    const moments = at([0, 5000], {
      objects: [watch(deployment())],
      related: { ...related, pods: [...(related.pods ?? []), old] },
    });
    expect(watchAll(moments).judgement.kind).toBe('waiting');
  });

  test('that of an object which was unhealthy before too, once it is changed', () => {
    const objects = [watch(deployment(), { baselineUnhealthy: 'PodsNotReady' })];
    expect(watchAll(at([0, 5000], { ...crashing, objects })).judgement.kind).toBe('failed');
  });

  test('not that of a pod that was evicted', () => {
    const related = rollout(newPods('evicted', 'starting for the first time'));
    expect(watchAll(at([0, 5000], { objects: [watch(deployment())], related })).judgement.kind).toBe(
      'waiting',
    );
  });

  test('not that of a pod that was ready in this release, however long ago', () => {
    const before = { objects: [watch(deployment())], related: rollout(newPods('ready', 'ready', 'ready')) };
    const between = { ...before, related: rollout(newPods('first exit', 'first exit', 'first exit')) };
    const moments = [...at([0], before), ...at([5000, 8000], between), ...at([10_000, 15_000], crashing)];
    expect(watchAll(moments).judgement.kind).toBe('waiting');
  });
});

describe('what has given false alarms elsewhere (krane#477, krane#885)', () => {
  const objects = [watch(deployment())];
  const well = {
    objects: [watch(deployment({ ready: 3 }))],
    related: rollout(newPods('ready', 'ready', 'ready')),
  };

  test('a pod that crashes twice while what it needs comes up, and is ready then', () => {
    const [pod] = newPods('crash loop');
    const twice = structuredClone(pod as KubeObject);
    const [status] = (twice.status as { containerStatuses: { restartCount: number }[] }).containerStatuses;
    if (status !== undefined) status.restartCount = 2;
    const moments = [
      ...at([0, 5_000, 30_000], { objects, related: rollout([twice]) }),
      ...at([31_000], well),
    ];
    expect(watchAll(moments).judgement.kind).toBe('healthy');
  });

  test('a registry that gives the image at the third try', () => {
    const related = rollout(newPods('registry timeout'));
    const moments = [...at([0, 60_000, 250_000], { objects, related }), ...at([260_000], well)];
    expect(watchAll(moments).judgement.kind).toBe('healthy');
  });

  test('a Secret that comes half a minute after the pod', () => {
    const related = rollout(newPods('secret missing'));
    const moments = [...at([0, 5_000, 30_000], { objects, related }), ...at([35_000], well)];
    expect(watchAll(moments).judgement.kind).toBe('healthy');
  });

  test('an old ReplicaSet that the Deployment still reports as failing', () => {
    const live = healthFixtures().find(
      ({ name }) => name === 'deployment reports replica failure of an old set',
    )?.content as KubeObject;
    expect(watchAll(at([0, 5_000, 200_000], { objects: [watch(live)] })).judgement.kind).toBe('waiting');
  });
});

describe('one bad pod of three', () => {
  const one = {
    objects: [watch(deployment({ ready: 2 }))],
    related: rollout(newPods('crash loop', 'ready', 'ready')),
  };

  test('does not fail the release at the threshold', () => {
    expect(watchAll(at([0, 5000, 100_000], one)).judgement.kind).toBe('waiting');
  });

  test('does at twice the threshold', () => {
    const [bad, ...good] = newPods('crash loop', 'ready', 'ready');
    const worse = structuredClone(bad as KubeObject);
    const [status] = (worse.status as { containerStatuses: { restartCount: number }[] }).containerStatuses;
    if (status !== undefined) status.restartCount = 6;
    const later = { ...one, related: rollout([worse, ...good]) };
    expect(watchAll([...at([0, 5000], one), ...at([20_000, 25_000], later)]).judgement.kind).toBe('failed');
  });

  test('for twice the time, where the threshold is a time', () => {
    const related = rollout(newPods('configmap missing', 'ready', 'ready'));
    const sight = { objects: [watch(deployment({ ready: 2 }))], related };
    expect(watchAll(at([0, 60_000, 65_000, 119_999], sight)).judgement.kind).toBe('waiting');
    expect(watchAll(at([0, 120_000, 125_000], sight))).toMatchObject({
      atMs: 125_000,
      judgement: { kind: 'failed' },
    });
  });
});

describe('the surroundings', () => {
  test('make it unknown, when their sign is past its threshold', () => {
    const related = rollout(newPods('registry timeout'));
    const moments = at([0, 299_999 - 5000, 300_000, 305_000], { objects: [watch(deployment())], related });
    expect(watchAll(moments, { timeoutMs: 600_000 })).toMatchObject({
      atMs: 305_000,
      judgement: { kind: 'unknown', reason: 'ErrImagePull' },
    });
  });

  test('do not save a commit that fails at the same time', () => {
    const api = deployment({ name: 'api' });
    const related: Partial<RelatedObjects> = {
      replicaSets: [replicaSet(NEW), replicaSet('api-77', { of: 'api', replicas: 1 })],
      pods: newPods('crash loop'),
      events: [],
    };
    const quota = eventOn('uid-api-77', 'FailedCreate', 'forbidden: exceeded quota: pods');
    const sight = { objects: [watch(api), watch(deployment())], related: { ...related, events: [quota] } };
    const { judgement } = watchAll([
      { ...sight, atMs: 0, related },
      ...at([115_000], { ...sight, related: rollout([]) }),
      ...at([120_000, 125_000], sight),
    ]);
    expect(reasons(judgement)).toEqual(['CrashLoopBackOff']);
  });

  test('an image that older pods run already cannot be the commit’s fault', () => {
    const image = 'registry.example.com/web:1.18';
    const related = rollout(
      [...newPods('image not found backing off'), readyPod('web-111-x', 'web-111', image)],
      {
        replicaSets: [replicaSet(NEW), replicaSet('web-111', { image: 'web:1' })],
      },
    );
    const moments = at([0, 30_000, 35_000, 100_000], { objects: [watch(deployment())], related });
    expect(watchAll(moments).judgement.kind).toBe('unknown');
  });

  test('nor one that the healthy revision had', () => {
    const before = deployment({ image: 'registry.example.com/web:1.18' });
    const objects = [watch(deployment(), { before })];
    const related = rollout(newPods('image not found backing off'));
    expect(watchAll(at([0, 30_000, 35_000], { objects, related })).judgement.kind).toBe('unknown');
    expect(
      watchAll(at([0, 30_000, 35_000], { objects: [watch(deployment())], related })).judgement.kind,
    ).toBe('failed');
  });
});

describe('a Secret that an operator makes', () => {
  const external: KubeObject = {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata: { name: 'from-the-vault', namespace: 'shop' },
    spec: { target: { name: 'made-by-operator' } },
  };
  const related = rollout(newPods('secret made by an operator'));
  const moments = (objects: Moment['objects']) => at([0, 60_000, 65_000, 179_999], { objects, related });

  test('is given longer', () => {
    const made = { manifest: manifestOf(external), live: external, changed: true };
    expect(watchAll(moments([watch(deployment()), made])).judgement.kind).toBe('waiting');
    expect(
      watchAll([
        ...moments([watch(deployment()), made]),
        ...at([180_000, 185_000], { objects: [watch(deployment()), made], related }),
      ]).judgement.kind,
    ).toBe('failed');
  });

  test('is missing like any other where no operator makes it', () => {
    expect(watchAll(moments([watch(deployment())]))).toMatchObject({
      atMs: 65_000,
      judgement: { kind: 'failed' },
    });
  });
});

describe('an image that is not found', () => {
  test('keeps its first cause, and its clock, while the kubelet only says back-off', () => {
    const told = { objects: [watch(deployment())], related: rollout(newPods('image not found')) };
    const later = { ...told, related: rollout(newPods('image back off alone')) };
    const moments = [...at([1000], told), ...at([13_000, 30_999], later), ...at([31_000, 36_000], later)];
    expect(watchAll(moments)).toMatchObject({ atMs: 36_000, judgement: { kind: 'failed' } });
  });
});

describe('a ProgressDeadlineExceeded', () => {
  const live = healthFixtures().find((one) => one.name === 'deployment deadline exceeded')
    ?.content as KubeObject;

  test('that is fresh fails the release', () => {
    expect(reasons(watchAll(at([0, 5000], { objects: [watch(live)] })).judgement)).toEqual([
      'ProgressDeadlineExceeded',
    ]);
  });

  test('that stood before the apply does not, though the controller has seen the new template', () => {
    const objects = [watch(live, { stalledSince: '2026-11-01T10:00:00Z' })];
    expect(watchAll(at([0, 5000, 200_000], { objects })).judgement.kind).toBe('waiting');
  });
});

describe('the deadline', () => {
  const slow = {
    objects: [watch(deployment({ ready: 1 }))],
    related: rollout(newPods('readiness probe fails')),
  };

  test('comes at the timeout and not before', () => {
    expect(watchAll(at([0, 299_999], slow)).judgement).toMatchObject({ kind: 'waiting', lookAgainInMs: 1 });
    expect(watchAll(at([0, 300_000], slow)).judgement.kind).toBe('failed');
  });

  const blame: { name: string; given: Omit<Moment, 'atMs'>; want: Partial<Judgement> }[] = [
    {
      name: 'blames the commit where nothing else speaks',
      given: slow,
      want: {
        kind: 'failed',
        failures: [
          expect.objectContaining({ reason: 'TimedOut', evidence: 'TimedOut after 300 s, PodsNotReady' }),
        ],
      },
    },
    {
      name: 'names the sign of the commit that stood below its threshold',
      given: {
        objects: [watch(deployment({ ready: 2 }))],
        related: rollout(newPods('crash loop', 'ready', 'ready')),
      },
      want: {
        kind: 'failed',
        failures: [
          expect.objectContaining({
            evidence: 'TimedOut after 300 s, CrashLoopBackOff, exit code 1, 3 restarts in 24 s',
          }),
        ],
      },
    },
    {
      name: 'is unknown where the surroundings show a sign',
      given: { objects: [watch(deployment())], related: rollout(newPods('unschedulable')) },
      want: { kind: 'unknown', reason: 'Unschedulable' },
    },
    {
      name: 'is unknown where a node has gone quiet',
      given: {
        objects: [watch(deployment({ ready: 2 }))],
        related: rollout(newPods('given up by the node controller', 'ready', 'ready')),
      },
      want: { kind: 'unknown', reason: 'NodeLost' },
    },
    {
      name: 'is unknown where the same object shows signs of both',
      given: {
        objects: [watch(deployment({ ready: 1 }))],
        related: rollout(newPods('crash loop', 'unschedulable', 'ready')),
      },
      want: { kind: 'unknown', reason: 'Unschedulable' },
    },
    {
      name: 'is unknown where an unchanged object suffers too',
      given: { ...slow, objects: [...slow.objects, watch(deployment({ name: 'api' }), { changed: false })] },
      want: { kind: 'unknown', reason: 'TimedOut' },
    },
    {
      name: 'is unknown where an unchanged object alone is not ready',
      given: { objects: [watch(deployment({ name: 'api' }), { changed: false })] },
      want: { kind: 'unknown', reason: 'TimedOut' },
    },
    {
      name: 'is unknown where someone keeps an object away',
      given: { objects: [watch(deployment(), { live: undefined })] },
      want: { kind: 'unknown', reason: 'TimedOut' },
    },
    {
      name: 'blames a changed object with its own sign, though another lacks room',
      given: {
        objects: [watch(deployment({ ready: 2 })), watch(deployment({ name: 'api' }))],
        related: {
          replicaSets: [replicaSet(NEW), replicaSet('api-77', { of: 'api' })],
          pods: [
            ...newPods('crash loop', 'ready', 'ready'),
            podLike(podFixture('unschedulable').pod, 'api-77-x', 'api-77'),
          ],
        },
      },
      want: {
        kind: 'failed',
        failures: [expect.objectContaining({ object: expect.objectContaining({ name: 'web' }) })],
      },
    },
  ];
  test.each(blame)('$name', ({ given, want }) => {
    const { judgement } = watchAll(at([299_000, 300_000], given));
    expect(judgement).toEqual({ ...judgement, ...want });
  });
});

describe('the soak', () => {
  const well: Omit<Moment, 'atMs'> = {
    objects: [watch(deployment({ ready: 3 }))],
    related: rollout(newPods('ready', 'ready', 'ready')),
  };
  const ill: Omit<Moment, 'atMs'> = {
    objects: [watch(deployment({ ready: 2 }))],
    related: rollout(newPods('first exit', 'ready', 'ready')),
  };
  const soak = { soakMs: 60_000 };

  test('is over when everything stayed ready for its time', () => {
    expect(watchAll(at([10_000, 69_999], well), soak).judgement).toMatchObject({
      kind: 'waiting',
      lookAgainInMs: 1,
    });
    expect(watchAll(at([10_000, 70_000], well), soak).judgement.kind).toBe('healthy');
  });

  test('starts anew when something was not ready in between', () => {
    const moments = [...at([10_000], well), ...at([40_000], ill), ...at([41_000, 100_999], well)];
    expect(watchAll(moments, soak).judgement.kind).toBe('waiting');
    expect(watchAll([...moments, ...at([101_000], well)], soak).judgement.kind).toBe('healthy');
  });

  test('ends in failure by a sign of failure', () => {
    const related = rollout(newPods('killed by its liveness probe'), {
      events: podFixture('killed by its liveness probe').events.map((event) => ({
        ...event,
        involvedObject: { uid: 'uid-web-5d9-0' },
      })),
    });
    const moments = [
      ...at([10_000], well),
      ...at([20_000, 25_000], { objects: [watch(deployment())], related }),
    ];
    expect(reasons(watchAll(moments, soak).judgement)).toEqual(['ProbeKilled']);
  });

  test('ends in failure when what was lost does not come back', () => {
    const moments = [...at([10_000], well), ...at([20_000, 319_999], ill)];
    expect(watchAll(moments, soak).judgement.kind).toBe('waiting');
    expect(reasons(watchAll([...moments, ...at([320_000], ill)], soak).judgement)).toEqual(['TimedOut']);
  });

  test('cannot be drawn out beyond timeout and soak together', () => {
    const flapping = Array.from({ length: 40 }, (_, index) =>
      at([(index + 1) * 10_000], index % 2 === 0 ? well : ill),
    ).flat();
    const { judgement, atMs } = watchAll(flapping, soak);
    expect(reasons(judgement)).toEqual(['TimedOut']);
    expect(atMs).toBe(400_000);
  });

  test('ends for what is lost again and again, however short each time', () => {
    const flapping = Array.from({ length: 3600 }, (_, index) =>
      at([index * 1000], index % 30 >= 28 ? ill : well),
    ).flat();
    const { judgement, atMs } = watchAll(flapping, soak);
    expect(reasons(judgement)).toEqual(['TimedOut']);
    expect(atMs).toBe(418_000);
    const unchanged = flapping.map((moment) => ({
      ...moment,
      objects: moment.objects.map((watched) => ({ ...watched, changed: false })),
      related: {},
    }));
    expect(watchAll(unchanged, soak)).toMatchObject({ judgement: { kind: 'unknown' }, atMs: 418_000 });
  });

  test('takes something lost late once for a chance, if it comes back in time', () => {
    const early = [50, 100, 150, 200, 250, 300, 350].flatMap((second) => [
      ...at([second * 1000], ill),
      ...at([second * 1000 + 2000], well),
    ]);
    const late = [...at([1000], well), ...early, ...at([400_000], ill), ...at([404_999, 464_998], well)];
    expect(watchAll(late, soak).judgement.kind).toBe('waiting');
    expect(watchAll([...late, ...at([464_999], well)], soak).judgement.kind).toBe('healthy');
  });
});

describe('a release that supersedes another', () => {
  const sight = { objects: [watch(deployment())], related: rollout(newPods('image not found backing off')) };
  const { memory, judgement } = watchAll(at([0, 20_000], sight));
  const key = 'shop/Deployment.apps/web';
  const next = (unchanged: string[], elapsedMs: number) =>
    judge({
      objects: sight.objects,
      related: { ...nothing, ...sight.related },
      settings: {
        ...settings,
        thresholds: { ...settings.thresholds, Confirmation: { afterMs: 0, count: 2 } },
      },
      elapsedMs,
      memory: carryMemory(memory, 20_000, new Set(unchanged)),
      now: NOW,
    }).judgement;

  test('leaves the clocks of what it does not change as they are', () => {
    expect(judgement.kind).toBe('waiting');
    expect(next([key], 1)).toMatchObject({ kind: 'waiting', lookAgainInMs: 9999 });
  });

  test('starts those of what it changes anew', () => {
    expect(next([], 1)).toMatchObject({ kind: 'waiting', lookAgainInMs: 30_000 });
  });
});

test('a thousand failing Deployments are judged in a moment, the second time too', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `web-${index}`);
  const crash = podFixture('crash loop').pod;
  const sight = {
    objects: names.map((name) => watch(deployment({ name }))),
    related: {
      replicaSets: names.map((name) => replicaSet(`${name}-new`, { of: name })),
      pods: names.flatMap((name) =>
        [0, 1, 2].map((pod) => podLike(crash, `${name}-new-${pod}`, `${name}-new`)),
      ),
    },
  };
  const startedMs = performance.now();
  const { judgement } = watchAll(at([0, 1000, 5000], sight));
  expect(reasons(judgement)).toHaveLength(1000);
  // Far more than it needs; looking through all memory for each object took a hundred times as long.
  expect(performance.now() - startedMs).toBeLessThan(5000);
});

test('nothing that was handed in is changed, and what is remembered is plain data', () => {
  const freeze = <Value>(value: Value): Value => {
    if (typeof value === 'object' && value !== null)
      for (const inner of Object.values(Object.freeze(value))) freeze(inner);
    return value;
  };
  const moments = freeze(at([0, 1000], crashing));
  const { memory } = watchAll(moments);
  expect(JSON.parse(JSON.stringify(memory))).toEqual(JSON.parse(JSON.stringify(memory)));
  expect(structuredClone(memory)).toEqual(memory);
});

describe('what blames the surroundings decides nothing while another sign may yet blame the commit', () => {
  const lost = healthFixtures().find(({ name }) => name === 'pvc lost')?.content as KubeObject;
  const certificate = healthFixtures().find(({ name }) => name === 'certificate could not be issued')
    ?.content as KubeObject;
  const related = rollout(newPods('image not found backing off'));

  test('a volume is lost at once, and an image that does not exist is told of after 30 s', () => {
    const sight = { objects: [watch(lost), watch(deployment())], related };
    const early = watchAll(at([0, 5_000, 29_999], sight)).judgement;
    expect(early.kind).toBe('waiting');
    // It wakes nobody until then.
    expect(watchAll(at([0, 5_000, 10_000], sight)).judgement).toMatchObject({ lookAgainInMs: 20_000 });
    const { judgement } = watchAll(at([0, 5_000, 30_000, 35_000], sight));
    expect(judgement).toMatchObject({ kind: 'failed', failures: [{ reason: 'ImagePullBackOff' }] });
  });

  test('once that sign is gone, or where there never was one, it decides', () => {
    const calm = { objects: [watch(lost), watch(deployment())] };
    expect(watchAll(at([0, 5_000], calm)).judgement).toMatchObject({ kind: 'unknown', reason: 'VolumeLost' });
    const sight = { objects: calm.objects, related };
    const moments = [...at([0, 5_000], sight), ...at([10_000], calm)];
    expect(watchAll(moments).judgement.kind).toBe('unknown');
  });

  test('a certificate is waited for, so that what the commit broke shows meanwhile', () => {
    const objects = [watch(certificate), watch(deployment())];
    const moments = [...at([0, 5_000], { objects }), ...at([20_000, 50_000, 55_000], { objects, related })];
    expect(watchAll(moments).judgement).toMatchObject({
      kind: 'failed',
      failures: [{ reason: 'ImagePullBackOff' }],
    });
  });
});
