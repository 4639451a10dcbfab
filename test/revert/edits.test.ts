import { describe, expect, test } from 'vitest';
import type { TreeFile } from '../../src/model/manifest.ts';
import { commonDirectory, restoreEdits } from '../../src/revert/edits.ts';

const at = (files: Record<string, string>): TreeFile[] =>
  Object.entries(files).map(([path, content]) => {
    const [oid = '', mode = '100644'] = content.split(' ');
    return { path, oid, mode };
  });

describe('what a revert does to the files', () => {
  const table: {
    name: string;
    paths?: string[];
    healthy: Record<string, string>;
    head: Record<string, string>;
    want: Record<string, unknown>;
  }[] = [
    {
      name: 'puts back what was changed',
      healthy: { a: '1' },
      head: { a: '2' },
      want: { a: { oid: '1', mode: '100644' } },
    },
    {
      name: 'puts back what was removed',
      healthy: { a: '1' },
      head: {},
      want: { a: { oid: '1', mode: '100644' } },
    },
    { name: 'removes what was added', healthy: {}, head: { a: '1' }, want: { a: null } },
    {
      name: 'puts back a mode',
      healthy: { a: '1 100755' },
      head: { a: '1' },
      want: { a: { oid: '1', mode: '100755' } },
    },
    { name: 'leaves alone what is as it was', healthy: { a: '1' }, head: { a: '1' }, want: {} },
    { name: 'leaves alone what came and went', paths: ['a'], healthy: {}, head: {}, want: {} },
    {
      name: 'leaves alone what the App does not read',
      paths: ['a'],
      healthy: { a: '1', b: '1' },
      head: { a: '1', b: '2', c: '3' },
      want: {},
    },
    {
      name: 'undoes a rename',
      healthy: { a: '1' },
      head: { b: '1' },
      want: { a: { oid: '1', mode: '100644' }, b: null },
    },
  ];
  test.each(table)('$name', ({ paths, healthy, head, want }) => {
    const union = paths ?? [...Object.keys(healthy), ...Object.keys(head)];
    expect(Object.fromEntries(restoreEdits(union, at(healthy), at(head)))).toEqual(want);
  });
});

describe('the directory of paths', () => {
  const table = [
    { paths: [], want: '' },
    { paths: ['a.yaml'], want: '' },
    { paths: ['deploy/a.yaml'], want: 'deploy' },
    { paths: ['deploy/a.yaml', 'deploy/x/b.yaml'], want: 'deploy' },
    { paths: ['deploy/x/a.yaml', 'deploy/x/b.yaml'], want: 'deploy/x' },
    { paths: ['deploy/x/a.yaml', 'deploy/xy/b.yaml'], want: 'deploy' },
    { paths: ['deploy/a.yaml', 'base/b.yaml'], want: '' },
    { paths: ['a/b/c.yaml', 'a.yaml'], want: '' },
  ];
  test.each(table)('$paths: $want', ({ paths, want }) => expect(commonDirectory(paths)).toBe(want));
});
