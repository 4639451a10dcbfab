// Anyone with rights on a status can write anything into it: whatever stands there, judging gives an answer.

import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { healthFixtures, podFixtures } from './fixtures.ts';
import { deployment, podLike, replicaSet, watch, watchAll } from './scene.ts';

const JUNK = [null, -1, '9', [null], { toString: 1 }];

/** The object with each part of its spec and status replaced by junk, one at a time. */
function* spoiled(object: KubeObject): Generator<KubeObject> {
  for (const path of pathsBelow(object, ['spec', 'status'])) {
    for (const junk of JUNK) {
      const copy = structuredClone(object);
      const last = path.at(-1) ?? '';
      let parent: Record<string, unknown> = copy;
      for (const name of path.slice(0, -1)) parent = parent[name] as Record<string, unknown>;
      parent[last] = junk;
      yield copy;
    }
  }
}

function* pathsBelow(value: object, names: string[]): Generator<string[]> {
  for (const name of names) {
    const inner = (value as Record<string, unknown>)[name];
    if (inner === undefined) continue;
    yield [name];
    if (typeof inner !== 'object' || inner === null) continue;
    for (const path of pathsBelow(inner, Object.keys(inner))) yield [name, ...path];
  }
}

function judged(object: KubeObject, pods: KubeObject[] = [], events: KubeObject[] = []) {
  const related = { pods, events, replicaSets: [replicaSet('web-5d9')] };
  const sight = { objects: [watch(object)], related };
  return watchAll([
    { atMs: 0, ...sight },
    { atMs: 300_000, ...sight },
  ]).judgement;
}

const KINDS = /^(healthy|failed|unknown|waiting)$/;

test.each(healthFixtures())('a $name, spoiled', ({ content }) => {
  for (const object of spoiled(content)) expect(judged(object).kind).toMatch(KINDS);
});

test.each(podFixtures())('a pod: $name, spoiled', ({ content }) => {
  const like = podLike(content.pod, 'web-5d9-x', 'web-5d9');
  const events = content.events.map((event) => ({ ...event, involvedObject: { uid: 'uid-web-5d9-x' } }));
  for (const pod of spoiled(like)) expect(judged(deployment(), [pod], events).kind).toMatch(KINDS);
});

test('evidence holds no text that a status can bring in', () => {
  const allowed = /^[A-Za-z0-9 ,-]*$/;
  const secret = 'hunter2: "(see https://user:pass@example.com)"';
  for (const { content } of podFixtures()) {
    const shouting = JSON.parse(
      JSON.stringify(content.pod, (key, value: unknown) =>
        key === 'message' ? `${String(value)} ${secret}` : value,
      ),
    ) as KubeObject;
    const judgement = judged(deployment(), [podLike(shouting, 'web-5d9-x', 'web-5d9')]);
    for (const { evidence } of judgement.kind === 'failed' ? judgement.failures : [])
      expect(evidence).toMatch(allowed);
  }
});
