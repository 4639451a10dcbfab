import { describe, expect, test } from 'vitest';
import type { TreeFile } from '../../src/model/manifest.ts';
import { readSetOf } from '../../src/source/readset.ts';

const file = (path: string, mode = '100644', oid = '1'.repeat(40)): TreeFile => ({ path, mode, oid });
const paths = (files: TreeFile[]) => files.map((f) => f.path);

describe('the read set', () => {
  const table = [
    {
      name: 'holds YAML and JSON below the path, at any depth',
      entries: ['deploy/a.yaml', 'deploy/b.yml', 'deploy/c.json', 'deploy/x/y/z.YAML'],
      want: ['deploy/a.yaml', 'deploy/b.yml', 'deploy/c.json', 'deploy/x/y/z.YAML'],
    },
    {
      name: 'leaves out everything else',
      entries: ['deploy/README.md', 'deploy/yaml', 'deploy/a.yaml.bak', 'deploy/run.sh'],
      want: [],
    },
    {
      name: 'leaves out what is beside the path',
      entries: ['deploy2/a.yaml', 'deploy.yaml', 'x/deploy/a.yaml'],
      want: [],
    },
    {
      name: 'leaves out names with a leading dot, and what is below them',
      entries: ['deploy/.a.yaml', 'deploy/.github/x.yaml', 'deploy/x/.hidden/y.yaml'],
      want: [],
    },
    {
      name: 'is sorted by the bytes of the path',
      entries: [
        'deploy/ü.yaml',
        'deploy/\u{1f600}.yaml',
        'deploy/\uffee.yaml',
        'deploy/b.yaml',
        'deploy/B.json',
        'deploy/a/z.yaml',
        'deploy/a-b.yaml',
      ],
      want: [
        'deploy/B.json',
        'deploy/a-b.yaml',
        'deploy/a/z.yaml',
        'deploy/b.yaml',
        'deploy/ü.yaml',
        'deploy/\uffee.yaml',
        'deploy/\u{1f600}.yaml',
      ],
    },
  ];
  test.each(table)('$name', ({ entries, want }) => {
    const set = readSetOf(
      entries.map((path) => file(path)),
      'deploy',
    );
    expect(paths(set.files)).toEqual(want);
    expect(set.problems).toEqual([]);
  });

  test('of the root is of everything', () => {
    expect(paths(readSetOf([file('a.yaml'), file('.git.yaml'), file('x/b.yaml')], '').files)).toEqual([
      'a.yaml',
      'x/b.yaml',
    ]);
  });

  test('below a path that starts with a dot is read: somebody named it', () => {
    expect(paths(readSetOf([file('.deploy/a.yaml')], '.deploy').files)).toEqual(['.deploy/a.yaml']);
  });
});

describe('its hash', () => {
  const hash = (entries: TreeFile[]) => readSetOf(entries, 'deploy').hash;
  const base = [file('deploy/a.yaml'), file('deploy/b.yaml', '100644', '2'.repeat(40))];
  test('does not depend on the order of entries, nor on files that are not read', () => {
    expect(hash(base.toReversed())).toBe(hash(base));
    expect(hash([...base, file('deploy/README.md'), file('other/x.yaml')])).toBe(hash(base));
  });
  const changes = [
    { name: 'content', entries: [file('deploy/a.yaml', '100644', '3'.repeat(40)), base[1] as TreeFile] },
    { name: 'mode', entries: [file('deploy/a.yaml', '100755'), base[1] as TreeFile] },
    { name: 'name', entries: [file('deploy/c.yaml'), base[1] as TreeFile] },
    {
      name: 'contents that changed places',
      entries: [file('deploy/b.yaml'), file('deploy/a.yaml', '100644', '2'.repeat(40))],
    },
    { name: 'one file less', entries: [base[0] as TreeFile] },
    { name: 'a link that came', entries: [...base, file('deploy/l', '120000')] },
    { name: 'a file that became a link', entries: [file('deploy/a.yaml', '120000'), base[1] as TreeFile] },
  ];
  test.each(changes)('changes with $name', ({ entries }) => expect(hash(entries)).not.toBe(hash(base)));
});

describe('what cannot be read is a problem that names its path', () => {
  const table = [
    { name: 'a symbolic link', entries: [file('deploy/a.yaml', '120000')], want: 'SymbolicLink' },
    {
      name: 'a link that may be a directory',
      entries: [file('deploy/conf', '120000')],
      want: 'SymbolicLink',
    },
    { name: 'a submodule', entries: [file('deploy/sub', '160000')], want: 'Submodule' },
    { name: 'a way up', entries: [file('deploy/../../etc/x.yaml')], want: 'BadPath' },
    { name: 'a dot', entries: [file('deploy/./x.yaml')], want: 'BadPath' },
    { name: 'an empty name', entries: [file('deploy//x.yaml')], want: 'BadPath' },
    { name: 'a backslash', entries: [file('deploy/a\\b.yaml')], want: 'BadPath' },
    { name: 'a line end', entries: [file('deploy/a\nb.yaml')], want: 'BadPath' },
    { name: 'bytes that are no UTF-8', entries: [file('deploy/\ufffd.yaml')], want: 'BadPath' },
    {
      name: 'a name twice',
      entries: [file('deploy/a.yaml'), file('deploy/a.yaml', '100644', '2'.repeat(40))],
      want: 'CaseCollision',
    },
    {
      name: 'names that differ in case',
      entries: [file('deploy/A.yaml'), file('deploy/a.yaml')],
      want: 'CaseCollision',
    },
    {
      name: 'names that differ in how an umlaut is written',
      entries: [file('deploy/\u00fc.yaml'), file('deploy/u\u0308.yaml')],
      want: 'CaseCollision',
    },
  ];
  test.each(table)('$name: $want', ({ entries, want }) => {
    const { files, problems } = readSetOf([...entries, file('deploy/good.yaml')], 'deploy');
    expect(problems.map((p) => p.reason)).toEqual([want]);
    expect(problems[0]?.message).not.toMatch(/[\n\r]/);
    expect(entries.map((e) => e.path)).toContain(problems[0]?.path);
    expect(paths(files)).toContain('deploy/good.yaml');
  });

  test('and other Apps below other paths go on', () => {
    const set = readSetOf(
      [file('deploy/a.yaml'), file('evil/l', '120000'), file('evil/A.yaml'), file('evil/a.yaml')],
      'deploy',
    );
    expect(set.problems).toEqual([]);
  });
});
