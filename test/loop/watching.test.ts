// What the judge is told of an object that rolls out another one.

import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { keyOf } from '../../src/model/object.ts';
import { watcher } from '../../src/loop/watching.ts';
import type { StandingDrift } from '../../src/verify/drift.ts';
import { oldNews } from '../../src/verify/baseline.ts';
import { judge } from '../../src/verify/judge.ts';
import { manifestOf, NOW, nothing, settings } from '../verify/scene.ts';

const canary: KubeObject = {
  apiVersion: 'flagger.app/v1beta1',
  kind: 'Canary',
  metadata: { name: 'web', namespace: 'shop', uid: 'uid-canary', generation: 1 },
  spec: { targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
  status: { phase: 'Succeeded', lastAppliedSpec: 'abc', lastPromotedSpec: 'abc' },
};

const rollout: KubeObject = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'web', namespace: 'shop', uid: 'uid-rollout', generation: 1 },
  spec: { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
  status: { phase: 'Healthy', observedGeneration: '1', workloadObservedGeneration: '4' },
};

function web(image: string, port: object): KubeObject {
  const containers = [{ name: 'web', image, ports: [port] }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', uid: 'uid-web', generation: 4 },
    spec: { template: { metadata: { labels: { app: 'web' } }, spec: { containers } } },
  };
}

const bare = { containerPort: 80 };
/** As the API server has it, however it is written. */
const whole = { containerPort: 80, protocol: 'TCP' };

/** The release writes `after` in place of `before`; the controller says nothing new. */
function released(
  delivering: KubeObject,
  [before, after]: [KubeObject, KubeObject],
  live: [KubeObject, KubeObject],
) {
  const [former, now, by] = [
    manifestOf(before, 'before'),
    manifestOf(after, 'after'),
    manifestOf(delivering),
  ];
  const watched = watcher({
    desired: new Map([now, by].map((one) => [one.key, one])),
    former: new Map([former, by].map((one) => [one.key, one])),
    changes: new Map(),
    baseline: { at: '', unhealthy: {}, ...oldNews([live[0], delivering], NOW) },
    live: (id) => (keyOf(id) === by.key ? delivering : live[1]),
    drift: () => undefined,
  })(by);
  const input = { objects: [watched], related: nothing, settings, memory: undefined, now: NOW };
  return judge({ ...input, elapsedMs: 0 }).judgement;
}

test.each([canary, rollout])(
  '$kind: a change of its target that comes to nothing is not waited for',
  (delivering) => {
    const written: [KubeObject, KubeObject] = [web('web:1', bare), web('web:1', whole)];
    const judgement = released(delivering, written, [web('web:1', whole), web('web:1', whole)]);
    expect(judgement).toMatchObject({ kind: 'healthy', message: '1 of 1 objects ready' });
  },
);

test.each([canary, rollout])('$kind: one that gives its target another template is', (delivering) => {
  const written: [KubeObject, KubeObject] = [web('web:1', bare), web('web:2', bare)];
  const judgement = released(delivering, written, [web('web:1', whole), web('web:2', whole)]);
  expect(judgement).toMatchObject({ kind: 'waiting', ready: 0 });
});

test('what is suspended does not roll out anything, and is not waited for', () => {
  const suspended = { ...canary, spec: { ...(canary.spec as object), suspend: true } };
  const written: [KubeObject, KubeObject] = [web('web:1', bare), web('web:2', bare)];
  const judgement = released(suspended, written, [web('web:1', whole), web('web:2', whole)]);
  expect(judgement).toMatchObject({ kind: 'healthy', message: expect.stringContaining('not waited for') });
});

test('an object is the very same value until it changes, or others change it for good', () => {
  const object = web('web:1', whole);
  const manifest = manifestOf(object);
  let drift: StandingDrift | undefined;
  const watched = watcher({
    desired: new Map([[manifest.key, manifest]]),
    former: undefined,
    changes: new Map(),
    baseline: undefined,
    live: () => object,
    drift: () => drift,
  });
  const first = watched(manifest);
  expect(watched(manifest)).toBe(first);
  drift = { kind: 'Refused', path: 'spec.replicas', manager: 'kubectl' };
  const drifted = watched(manifest);
  expect(drifted.drift).toBe(drift);
  expect(watched(manifest)).toBe(drifted);
  drift = undefined;
  expect(watched(manifest).drift).toBeUndefined();
});
