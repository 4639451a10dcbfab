import { describe, expect, test } from 'vitest';
import { commitsBetween, isReachable } from '../../../src/adapters/git/history.ts';

/** child → parents */
type Graph = Record<string, string[]>;
const parentsIn = (graph: Graph) => async (oid: string) => graph[oid] ?? [];

const line: Graph = { d: ['c'], c: ['b'], b: ['a'], a: [] };
const merged: Graph = { m: ['c', 'y'], c: ['b'], y: ['x'], x: ['a'], b: ['a'], a: [] };
const crossed: Graph = { n: ['p', 'q'], p: ['m1', 'm2'], q: ['m2', 'm1'], m1: ['r'], m2: ['r'], r: [] };

describe('commits between two', () => {
  const table = [
    { name: 'of a line, newest first', graph: line, base: 'a', head: 'd', want: ['d', 'c', 'b'] },
    { name: 'of one and the same are none', graph: line, base: 'd', head: 'd', want: [] },
    { name: 'of a newer base and an older head are none', graph: line, base: 'd', head: 'b', want: [] },
    {
      name: 'of a merge hold both sides',
      graph: merged,
      base: 'a',
      head: 'm',
      want: ['m', 'c', 'b', 'y', 'x'],
    },
    { name: 'of a merge, from one side', graph: merged, base: 'c', head: 'm', want: ['m', 'y', 'x'] },
    {
      name: 'without a common ancestor are all of the head',
      graph: { ...line, z: [] },
      base: 'z',
      head: 'b',
      want: ['b', 'a'],
    },
    {
      name: 'that cross hold each once',
      graph: crossed,
      base: 'r',
      head: 'n',
      want: ['n', 'p', 'q', 'm2', 'm1'],
    },
  ];
  test.each(table)('$name', async ({ graph, base, head, want }) => {
    const found = await commitsBetween(parentsIn(graph), base, head);
    expect([...found].sort()).toEqual([...want].sort());
    for (const [i, oid] of found.entries()) {
      for (const parent of graph[oid] ?? []) {
        if (found.includes(parent))
          expect(found.indexOf(parent), `${oid} before ${parent}`).toBeGreaterThan(i);
      }
    }
    expect(found[0]).toBe(want[0]);
  });
});

describe('reachable', () => {
  const table = [
    { older: 'a', newer: 'd', want: true },
    { older: 'd', newer: 'd', want: true },
    { older: 'd', newer: 'a', want: false },
    { older: 'q', newer: 'd', want: false },
  ];
  test.each(table)('$older from $newer: $want', async ({ older, newer, want }) => {
    expect(await isReachable(parentsIn(line), older, newer)).toBe(want);
  });
});
