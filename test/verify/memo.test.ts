// What judging remembers of values that did not change makes it cheap, and never another judgement.

import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { type JudgeInput, judge } from '../../src/verify/judge.ts';
import { group, newMemo } from '../../src/verify/memo.ts';
import { podFixture } from './fixtures.ts';
import { deployment, NOW, podLike, readyPod, replicaSet, settings, watch } from './scene.ts';

/** The same numbers every time. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % sides;
  };
}

function podOf(name: string, set: string, how: number): KubeObject {
  const crash = podFixture('crash loop').pod;
  const starting = podFixture('starting for the first time').pod;
  if (how === 0) return podLike(crash, name, set);
  return how === 1 ? podLike(starting, name, set) : readyPod(name, set);
}

test.each([1, 2, 3, 4])('judging with it and without it gives the same, whatever changes (%i)', (seed) => {
  const roll = dice(seed);
  const names = ['web', 'api', 'db', 'cart'];
  const memo = newMemo();
  let objects = names.map((name) => watch(deployment({ name }), { changed: roll(4) > 0 }));
  let pods = names.flatMap((name) =>
    [0, 1, 2].map((pod) => podOf(`${name}-new-${pod}`, `${name}-new`, roll(3))),
  );
  let replicaSets = names.map((name) => replicaSet(`${name}-new`, { of: name }));
  let withMemo: JudgeInput['memory'];
  let without: JudgeInput['memory'];
  for (let round = 0; round < 60; round++) {
    const which = roll(names.length);
    const name = names[which] ?? '';
    const pod = `${name}-new-${roll(4)}`;
    switch (roll(6)) {
      case 0:
        objects = objects.with(which, { ...objects[which]!, live: deployment({ name, ready: 2 + roll(2) }) });
        break;
      case 1:
        pods = pods.filter(({ metadata }) => metadata.name !== pod);
        break;
      case 2:
        pods = [...pods.filter(({ metadata }) => metadata.name !== pod), podOf(pod, `${name}-new`, roll(3))];
        break;
      case 3:
        replicaSets = replicaSets.with(
          which,
          replicaSet(`${name}-new`, { of: name, image: `web:${1 + roll(2)}` }),
        );
        break;
      case 4: {
        const dead = deployment({ name: names[(which + 1) % 4], image: `web:${1 + roll(2)}`, ready: 3 });
        objects = objects.map((one) =>
          one.live?.metadata.name === dead.metadata.name ? { ...one, live: dead } : one,
        );
        break;
      }
      default:
        pods = pods.map((one) => (one.metadata.name === pod ? podOf(pod, `${name}-new`, roll(3)) : one));
    }
    const input = {
      objects,
      desired: names.map((name) => deployment({ name })),
      related: { pods, replicaSets, events: [] },
      settings: { ...settings, soakMs: 60_000, timeoutMs: 3_600_000 },
      elapsedMs: round * 500,
      now: NOW + round,
    };
    const quick = judge({ ...input, memory: withMemo, memo });
    const slow = judge({ ...input, memory: without });
    expect(quick.judgement).toEqual(slow.judgement);
    const sorted = (memory: typeof quick.memory) => ({
      ...memory,
      seenReady: [...memory.seenReady].toSorted(),
    });
    expect(sorted(quick.memory)).toEqual(sorted(slow.memory));
    withMemo = quick.memory;
    without = slow.memory;
  }
});

test('objects grouped again and again are grouped as at once, and what did not change is the same array', () => {
  const byNode = (object: KubeObject) => String(object.node);
  const item = (uid: string, node: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: uid, uid },
    node,
  });
  const [a, b, c] = [item('a', '1'), item('b', '1'), item('c', '2')];
  const first = group([a, b, c], byNode, undefined);
  const steps: { name: string; items: KubeObject[]; changed: string[] | undefined }[] = [
    { name: 'nothing', items: [a, b, c], changed: [] },
    { name: 'one has changed', items: [a, item('b', '1'), c], changed: ['b'] },
    { name: 'one has come', items: [a, b, c, item('d', '2')], changed: ['d'] },
    { name: 'one has moved', items: [a, item('b', '2'), c], changed: undefined },
    { name: 'one has gone', items: [a, c], changed: undefined },
    { name: 'one has gone, and another has come', items: [a, c, item('d', '1')], changed: undefined },
    { name: 'all have gone', items: [], changed: undefined },
  ];
  for (const { name, items, changed } of steps) {
    const next = group(items, byNode, first);
    expect(Object.fromEntries(next.groups), name).toEqual(Object.fromEntries(Map.groupBy(items, byNode)));
    expect(
      next.changed?.map(({ metadata }) => metadata.name),
      name,
    ).toEqual(changed);
    if (
      items.includes(c) &&
      items.length < 4 &&
      !items.some(({ node, metadata }) => node === '2' && metadata.uid !== 'c')
    )
      expect(next.groups.get('2'), name).toBe(first.groups.get('2'));
  }
});

test.each([
  { name: 'while one is not ready', soakMs: 0, ready: 1 },
  { name: 'during the soak', soakMs: 60_000, ready: 3 },
])(
  'when one pod of 3,000 Deployments changes $name, it takes a tenth to judge them again',
  ({ soakMs, ready }) => {
    const names = Array.from({ length: 3_000 }, (_, index) => `web-${index}`);
    const objects = names.map((name, index) => watch(deployment({ name, ready: index === 0 ? ready : 3 })));
    const desired = objects.map(({ manifest }) => manifest.object);
    const replicaSets = names.map((name) => replicaSet(`${name}-new`, { of: name }));
    let pods = names.map((name) => readyPod(`${name}-new-0`, `${name}-new`));
    const memo = newMemo();
    let memory: JudgeInput['memory'];
    const tookMs: number[] = [];
    for (let round = 0; round < 30; round++) {
      pods = pods.with(round * 7, structuredClone(pods[round * 7]!));
      const related = { pods, replicaSets, events: [] };
      const startedMs = performance.now();
      const judged = judge({
        objects,
        desired,
        related,
        settings: { ...settings, soakMs },
        elapsedMs: round * 100,
        memory,
        now: NOW,
        memo,
      });
      tookMs.push(performance.now() - startedMs);
      memory = judged.memory;
      expect(judged.judgement.kind).toBe('waiting');
    }
    // 150 ms the first time, 1 to 3 ms from then on. The best of many: what judging costs, and not what else is done.
    expect(Math.min(...tookMs)).toBeLessThan((tookMs[0] ?? 0) / 10);
  },
);
