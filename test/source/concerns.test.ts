import { describe, expect, test } from 'vitest';
import type { Commit } from '../../src/model/commit.ts';
import { concerning } from '../../src/source/concerns.ts';

const commit = (oid: string, ...parents: string[]): Commit => ({
  oid,
  parents,
  tree: '',
  message: oid,
  author: { name: '', email: '' },
  authoredAt: 0,
});

describe('a commit concerns the App', () => {
  const table: {
    name: string;
    commits: Commit[];
    hashes: Record<string, string | undefined>;
    want: string[];
  }[] = [
    {
      name: 'when its read set differs from its parent’s',
      commits: [commit('c', 'b'), commit('b', 'a')],
      hashes: { a: '1', b: '2', c: '2' },
      want: ['b'],
    },
    {
      name: 'newest first',
      commits: [commit('c', 'b'), commit('b', 'a')],
      hashes: { a: '1', b: '2', c: '3' },
      want: ['c', 'b'],
    },
    {
      name: 'also when it puts back what was',
      commits: [commit('c', 'b'), commit('b', 'a')],
      hashes: { a: '1', b: '2', c: '1' },
      want: ['c', 'b'],
    },
    {
      name: 'not when it is a merge that takes one side as it was',
      commits: [commit('m', 'b', 'x'), commit('x', 'a'), commit('b', 'a')],
      hashes: { a: '1', b: '1', x: '2', m: '2' },
      want: ['x'],
    },
    {
      name: 'when it is a merge of two changes',
      commits: [commit('m', 'b', 'x'), commit('x', 'a'), commit('b', 'a')],
      hashes: { a: '1', b: '2', x: '3', m: '4' },
      want: ['m', 'x', 'b'],
    },
    { name: 'when it has no parent', commits: [commit('a')], hashes: { a: '1' }, want: ['a'] },
    {
      name: 'when its parent is beyond what is held',
      commits: [commit('b', 'a')],
      hashes: { b: '1', a: undefined },
      want: ['b'],
    },
    { name: 'or none does', commits: [], hashes: {}, want: [] },
  ];
  test.each(table)('$name', async ({ commits, hashes, want }) => {
    const asked: string[] = [];
    const found = await concerning(commits, async (oid) => {
      asked.push(oid);
      return hashes[oid];
    });
    expect(found.map((c) => c.oid)).toEqual(want);
    expect(new Set(asked).size, 'each is asked for once').toBe(asked.length);
  });
});
