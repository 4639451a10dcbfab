import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { formatCommit, parseCommit } from '../../../src/adapters/git/commit.ts';
import { checkedEdits, isWritablePath } from '../../../src/adapters/git/edits.ts';
import {
  editTree,
  EMPTY_TREE,
  formatTree,
  parseTree,
  type TreeEntry,
} from '../../../src/adapters/git/tree.ts';

const oid = (n: number) => n.toString(16).padStart(40, '0');

/** Trees in memory, with git's own ids. */
function memory() {
  const trees = new Map<string, TreeEntry[]>([[EMPTY_TREE, []]]);
  const store = {
    async readTree(id: string) {
      const found = trees.get(id);
      if (found === undefined) throw new Error(`no tree ${id}`);
      return found;
    },
    async writeTree(entries: readonly TreeEntry[]) {
      const bytes = formatTree(entries);
      const id = createHash('sha1').update(`tree ${bytes.length}\0`).update(bytes).digest('hex');
      trees.set(id, parseTree(bytes));
      return id;
    },
  };
  const put = (files: Record<string, number>) =>
    editTree(
      store,
      EMPTY_TREE,
      new Map(Object.entries(files).map(([p, n]) => [p, { oid: oid(n), mode: '100644' }])),
    );
  const list = async (id: string, above = ''): Promise<Record<string, string>> => {
    const found: Record<string, string> = {};
    for (const entry of await store.readTree(id)) {
      if (entry.mode === '40000') Object.assign(found, await list(entry.oid, `${above}${entry.name}/`));
      else found[`${above}${entry.name}`] = `${entry.mode} ${Number.parseInt(entry.oid, 16)}`;
    }
    return found;
  };
  return { store, put, list };
}

describe('editing a tree', () => {
  const before = { 'a/x.yaml': 1, 'a/y.yaml': 2, 'b.yaml': 3, 'c/d/e/f.yaml': 4 };
  const file = (n: number, mode = '100644') => ({ oid: oid(n), mode });
  const table = [
    { name: 'puts a file', edits: { 'a/z.yaml': file(9) }, want: { 'a/z.yaml': '100644 9' } },
    { name: 'keeps the mode', edits: { 'b.yaml': file(3, '100755') }, want: { 'b.yaml': '100755 3' } },
    { name: 'replaces a file', edits: { 'a/x.yaml': file(9) }, want: { 'a/x.yaml': '100644 9' } },
    { name: 'removes a file', edits: { 'a/x.yaml': null }, want: { 'a/x.yaml': undefined } },
    {
      name: 'lets empty directories vanish, all the way up',
      edits: { 'c/d/e/f.yaml': null },
      want: { 'c/d/e/f.yaml': undefined },
    },
    {
      name: 'removes what is not there without a word',
      edits: { 'q/w.yaml': null, 'b.yaml/x': null },
      want: {},
    },
    { name: 'makes directories', edits: { 'n/e/w.yaml': file(9) }, want: { 'n/e/w.yaml': '100644 9' } },
    {
      name: 'puts a file where a directory was emptied',
      edits: { 'c/d/e/f.yaml': null, c: file(9) },
      want: { 'c/d/e/f.yaml': undefined, c: '100644 9' },
    },
    {
      name: 'puts a directory where a file was removed',
      edits: { 'b.yaml': null, 'b.yaml/x': file(9) },
      want: { 'b.yaml': undefined, 'b.yaml/x': '100644 9' },
    },
  ];
  test.each(table)('$name', async ({ edits, want }) => {
    const { store, put, list } = memory();
    const root = await put(before);
    const edited = await list(await editTree(store, root, new Map(Object.entries(edits))));
    expect(edited).toEqual(JSON.parse(JSON.stringify({ ...(await list(root)), ...want })));
  });

  test('to nothing gives the empty tree', async () => {
    const { store, put } = memory();
    expect(await editTree(store, await put({ 'a/b': 1 }), new Map([['a/b', null]]))).toBe(EMPTY_TREE);
  });

  test('back gives the same tree again', async () => {
    const { store, put } = memory();
    const root = await put(before);
    const without = await editTree(store, root, new Map([['c/d/e/f.yaml', null]]));
    expect(await editTree(store, without, new Map([['c/d/e/f.yaml', file(4)]]))).toBe(root);
  });

  const conflicts = [
    { name: 'a file in place of a directory that holds others', edits: { a: file(9), 'a/x.yaml': null } },
    { name: 'a file below a file', edits: { 'b.yaml/x.yaml': file(9) } },
  ];
  test.each(conflicts)('refuses $name', async ({ edits }) => {
    const { store, put } = memory();
    const editing = editTree(store, await put(before), new Map(Object.entries(edits)));
    await expect(editing).rejects.toMatchObject({ code: 'GitPathConflict' });
  });

  test('sorts as git does: a directory as if its name ended in a slash', async () => {
    const entries = ['a', 'a.b', 'a-b', 'a0'].map((name) => ({
      name,
      mode: name === 'a' ? '40000' : '100644',
      oid: oid(1),
    }));
    expect(parseTree(formatTree(entries)).map((entry) => entry.name)).toEqual(['a-b', 'a.b', 'a', 'a0']);
  });

  test('keeps names that are no UTF-8, byte for byte', () => {
    const bytes = Buffer.concat([Buffer.from('100644 caf\xe9.txt\0', 'latin1'), Buffer.alloc(20, 7)]);
    expect(formatTree(parseTree(bytes))).toEqual(bytes);
  });

  test.each(['', 'x', '100644 a', '100644 a\0short', '9 a\0' + 'x'.repeat(20), ' a\0' + 'x'.repeat(20)])(
    'bytes that are no tree are an error or an empty tree: %j',
    (bytes) => {
      if (bytes === '') expect(parseTree(Buffer.from(bytes))).toEqual([]);
      else expect(() => parseTree(Buffer.from(bytes, 'latin1'))).toThrow('not a tree');
    },
  );
});

describe('paths that may be written', () => {
  const good = [
    'a',
    'a/b.yaml',
    '.github/x.yaml',
    '.gitignore',
    '.gitmodules',
    'git',
    'a.git',
    'ü/ß.yaml',
    'a b',
    '...',
    'git~x',
  ];
  const bad = [
    '',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    '../a',
    'a/../b',
    'a/./b',
    '.git',
    '.git/config',
    'a/.git/hooks/x',
    '.GIT/x',
    '.Git',
    'git~1',
    'GIT~1/config',
    '.git.',
    '.git ',
    '.git::$INDEX_ALLOCATION',
    '.g\u200cit',
    'a\0b',
    'a\\..\\b',
    'a\\.git\\x',
    '\ufffd.yaml',
    'a\ud800',
    'x'.repeat(5000),
  ];
  test.each(good)('%j', (path) => expect(isWritablePath(path)).toBe(true));
  test.each(bad)('not %j', (path) => {
    expect(isWritablePath(path)).toBe(false);
    expect(() => checkedEdits(new Map([[path, null]]))).toThrow(
      expect.objectContaining({ code: 'GitBadPath' }),
    );
  });
  test.each([
    { oid: 'zz', mode: '100644' },
    { oid: oid(1), mode: '40000' },
    { oid: oid(1), mode: '100777' },
    { oid: `${oid(1)}\n`, mode: '100644' },
  ])('nor the entry %j', (edit) => {
    expect(() => checkedEdits(new Map([['a', edit]]))).toThrow(
      expect.objectContaining({ code: 'GitBadPath' }),
    );
  });
});

describe('commits', () => {
  const base = {
    tree: oid(1),
    parent: oid(2),
    author: { name: 'Pawl', email: 'pawl@example.com' },
    at: 1_700_000_000,
    message: 'Revert\n',
  };

  test('are written with one person and one time, in UTC', () => {
    expect(formatCommit(base).toString()).toBe(
      `tree ${oid(1)}\nparent ${oid(2)}\nauthor Pawl <pawl@example.com> 1700000000 +0000\n` +
        'committer Pawl <pawl@example.com> 1700000000 +0000\n\nRevert\n',
    );
  });

  test('cannot be given headers through a name, an address or a message', () => {
    const bytes = formatCommit({
      ...base,
      author: { name: 'P>\nparent x\n', email: 'a@b>\ntree y' },
      message: 'x',
    });
    expect(parseCommit('', bytes)).toMatchObject({
      parents: [oid(2)],
      tree: oid(1),
      author: { name: 'Pparent x' },
    });
    expect(() => formatCommit({ ...base, message: 'a\0b' })).toThrow(
      expect.objectContaining({ code: 'GitBadCommit' }),
    );
    expect(() => formatCommit({ ...base, at: 1.5 })).toThrow(
      expect.objectContaining({ code: 'GitBadCommit' }),
    );
  });

  const raw = (text: string, encoding: BufferEncoding = 'utf8') =>
    parseCommit('', Buffer.from(text, encoding));
  test('are read by position: a later tree or parent is none', () => {
    const read = raw(
      `tree ${oid(1)}\nparent ${oid(2)}\nauthor A <a@b> 5 +0200\nparent ${oid(3)}\ntree ${oid(4)}\n\nm`,
    );
    expect(read).toMatchObject({ tree: oid(1), parents: [oid(2)], message: 'm', authoredAt: 5 });
  });
  test('are read in the encoding that they name', () => {
    const read = raw(
      `tree ${oid(1)}\nauthor J\xf6rg <j@x> 5 +0000\nencoding ISO-8859-1\n\nGr\xfc\xdfe\n`,
      'latin1',
    );
    expect(read).toMatchObject({ author: { name: 'Jörg' }, message: 'Grüße\n' });
  });
  const odd = [
    { name: 'an unknown encoding', text: `tree ${oid(1)}\nencoding nonsense\n\nx`, want: { message: 'x' } },
    {
      name: 'no author',
      text: `tree ${oid(1)}\n\nx`,
      want: { author: { name: '', email: '' }, authoredAt: 0 },
    },
    {
      name: 'a time beyond numbers',
      text: `tree ${oid(1)}\nauthor A <a> 99999999999999999999 +0000\n\n`,
      want: { authoredAt: 0 },
    },
    { name: 'no message', text: `tree ${oid(1)}`, want: { message: '', parents: [] } },
  ];
  test.each(odd)('with $name can be read', ({ text, want }) => expect(raw(text)).toMatchObject(want));
  test.each(['', 'parent x', 'tree zz\n\n', `\ntree ${oid(1)}`])('%j is none', (text) => {
    expect(() => raw(text)).toThrow('not a commit');
  });
});
