// Reverts made from real histories, compared with what `git revert` makes of them.

import { describe, expect, test } from 'vitest';
import type { Commit } from '../../src/model/commit.ts';
import { composeRevert, type FilesAt, restoreIntent, type RevertRequest } from '../../src/revert/compose.ts';
import { pushIntent } from '../../src/revert/push.ts';
import { pawlTrailers } from '../../src/revert/trailers.ts';
import { readSetOf } from '../../src/source/readset.ts';
import { fetchNow, type Scene, scene } from '../adapters/git/scene.ts';

const web = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };

function filesAt({ git, repository }: Scene): FilesAt {
  return async (oid) => readSetOf(await git.files(repository, oid, 'deploy'), 'deploy').files;
}

function request(at: Scene, head: string, healthy: string, commits: readonly Commit[]): RevertRequest {
  return {
    head,
    healthy,
    commits,
    filesAt: filesAt(at),
    failures: [{ object: web, reason: 'Failed', evidence: 'Failed', message: '' }],
    reason: 'Failed',
    appRef: 'prod/shop/shop',
    author: { name: 'Pawl', email: 'pawl@example.com' },
    at: 1_700_000_000_123,
  };
}

/** A small generator with a seed (mulberry32), so that a failure can be played again. */
function seeded(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const upTo = (n: number) => Math.floor(next() * n);
  const pick = <T>(items: readonly T[]): T => items[upTo(items.length)] as T;
  return { upTo, pick };
}

type Random = ReturnType<typeof seeded>;

const NAMES = [
  'a.yaml',
  'b.yml',
  'c.json',
  'sub/a.yaml',
  'sub/deep/er/d.yaml',
  'ü ö.yaml',
  'sub.yaml',
  'a.yaml.json',
];

async function tracked({ ann }: Scene): Promise<string[]> {
  const all = await ann.git('ls-files', '-z', 'deploy');
  return all.split('\0').filter((path) => path !== '');
}

/** One commit that touches only the App's files, in any way that git knows. */
async function change(at: Scene, random: Random): Promise<void> {
  const { ann } = at;
  for (let left = 1 + random.upTo(4); left > 0; left--) {
    const files = await tracked(at);
    const content = Buffer.from(`v: ${random.upTo(1e9)}\r\nb: \0\xff\n`.repeat(random.upTo(4)), 'latin1');
    const path = `deploy/${random.pick(NAMES)}`;
    const victim = random.pick(files);
    switch (files.length < 3 ? 0 : random.upTo(5)) {
      case 0:
        if (!files.some((file) => file.startsWith(`${path}/`))) ann.write({ [path]: content });
        break;
      case 1:
        ann.write({ [victim]: content });
        break;
      case 2:
        await ann.git('rm', '-q', '-f', victim);
        break;
      case 3:
        if (!files.includes(path)) {
          await ann.git('rm', '-q', '--cached', victim);
          ann.write({ [path]: await ann.git('show', `HEAD:${victim}`).catch(() => 'x'), [victim]: null });
        }
        break;
      case 4: {
        const mode = (await ann.git('ls-files', '-s', victim)).startsWith('100755') ? '-x' : '+x';
        await ann.git('update-index', `--chmod=${mode}`, victim);
        ann.write({ [`deploy/${random.pick(NAMES.slice(0, 3))}`]: content });
        break;
      }
    }
    await ann.git('add', '--all');
  }
  await ann.git('commit', '-q', '--allow-empty', '-m', `change ${random.upTo(1e6)}`);
}

/** The tree that git's own revert gives, newest first. */
async function gitRevert({ ann }: Scene, commits: readonly Commit[]): Promise<string> {
  for (const commit of commits) await ann.git('revert', '--no-commit', commit.oid);
  const tree = await ann.git('write-tree');
  await ann.git('reset', '-q', '--hard');
  return tree;
}

describe('the tree of a revert equals that of git revert', () => {
  test.each([1, 2, 3, 4])('over ten generated histories, seed %i', { timeout: 120_000 }, async (seed) => {
    const random = seeded(seed * 7919);
    const at = await scene();
    const { ann, git, repository } = at;
    await ann.git('config', 'core.fileMode', 'false');
    await ann.publish(
      'start',
      Object.fromEntries(NAMES.slice(0, 5).map((name) => [`deploy/${name}`, `n: ${name}\n`])),
    );
    for (let round = 0; round < 10; round++) {
      const healthy = await ann.head();
      ann.write({ [`other/${random.upTo(5)}.yaml`]: `${random.upTo(1e9)}` });
      await ann.commit('beside');
      for (let left = 1 + random.upTo(3); left > 0; left--) await change(at, random);
      await ann.push();
      const head = await fetchNow(at, healthy);
      const between = await git.between(repository, healthy, head);
      const ours = between.filter((commit) => commit.message.startsWith('change'));
      const revert = await composeRevert(git, repository, request(at, head, healthy, ours));
      const want = await gitRevert(at, ours);
      const made = revert === undefined ? head : revert.intent.commit;
      expect((await git.commit(repository, made)).tree, `round ${round} from ${healthy}`).toBe(want);
      if (revert === undefined) continue;
      const changed = await ann.git('diff', '--name-only', '-z', '--no-renames', head, want);
      expect([...revert.paths].sort()).toEqual(
        changed
          .split('\0')
          .filter((path) => path !== '')
          .sort(),
      );
    }
    await ann.git('fsck', '--strict');
  });
});

describe('a revert', () => {
  test('is a commit that git takes, with the message, and the same one however often it is made', async () => {
    const at = await scene();
    const { ann, git, repository, signal, bare, another } = at;
    const healthy = await ann.publish('good', {
      'deploy/a.yaml': 'a: 1\n',
      'deploy/README.md': '1',
      'other/x.yaml': '1',
    });
    await ann.publish('bad\n\nPawl-Restores: ' + 'f'.repeat(40), {
      'deploy/a.yaml': 'a: 2\n',
      'deploy/b/c.yaml': 'c',
      'other/x.yaml': '2',
    });
    await ann.publish('docs', { 'deploy/README.md': '2' });
    const head = await fetchNow(at, healthy);
    const bad = (await git.between(repository, healthy, head)).slice(1);
    const revert = await composeRevert(git, repository, request(at, head, healthy, bad));
    if (revert === undefined) throw new Error('nothing to revert');
    const { intent } = revert;
    expect(revert.paths).toEqual(['deploy/a.yaml', 'deploy/b/c.yaml']);
    expect(intent).toMatchObject({
      onto: head,
      restores: healthy,
      commits: bad.map((c) => c.oid),
      at: '2023-11-14T22:13:20.000Z',
    });
    const again = await composeRevert(git, repository, request(at, head, healthy, bad));
    expect(again?.intent).toEqual(intent);

    // Another process, which knows nothing but the intent, makes the very same commit and pushes it.
    const other = another();
    await other.fetch(repository, { head, back: healthy }, signal);
    await restoreIntent(other, repository, intent, filesAt({ ...at, git: other }));
    expect(await pushIntent(other, repository, intent, signal)).toEqual({ kind: 'landed' });
    await bare('fsck', '--full', '--strict');
    expect(await bare('rev-parse', 'main', 'main^')).toBe(`${intent.commit}\n${head}`);
    expect(await bare('log', '-1', '--format=%B', 'main')).toBe(revert.message);
    expect(pawlTrailers(revert.message).restores).toBe(healthy);
    expect(await bare('diff', '--name-only', healthy, 'main')).toBe('deploy/README.md\nother/x.yaml');
  });

  test('is none where somebody has already put everything back', async () => {
    const at = await scene();
    const { ann, git, repository } = at;
    const healthy = await ann.publish('good', { 'deploy/a.yaml': 'a: 1\n' });
    const bad = await ann.publish('bad', { 'deploy/a.yaml': 'a: 2\n' });
    await ann.publish('by hand', { 'deploy/a.yaml': 'a: 1\n' });
    const head = await fetchNow(at, healthy);
    const commits = [await git.commit(repository, bad)];
    expect(await composeRevert(git, repository, request(at, head, healthy, commits))).toBeUndefined();
  });

  test('of a merge restores the App in one commit', async () => {
    const at = await scene();
    const { ann, git, repository } = at;
    const healthy = await ann.publish('good', { 'deploy/a.yaml': 'a: 1\n', 'deploy/b.yaml': 'b: 1\n' });
    await ann.git('checkout', '-q', '-b', 'side');
    ann.write({ 'deploy/b.yaml': 'b: 2\n', 'deploy/new.yaml': 'n' });
    await ann.commit('side');
    await ann.git('checkout', '-q', 'main');
    ann.write({ 'deploy/a.yaml': 'a: 2\n' });
    await ann.commit('main');
    await ann.git('merge', '-q', '-m', 'merge', 'side');
    await ann.push();
    const head = await fetchNow(at, healthy);
    const commits = await git.between(repository, healthy, head);
    expect(commits).toHaveLength(3);
    const revert = await composeRevert(git, repository, request(at, head, healthy, commits));
    const good = await git.commit(repository, healthy);
    expect((await git.commit(repository, revert?.intent.commit ?? '')).tree).toBe(good.tree);
  });

  test('is refused where a file would have to be a directory that holds what is not ours', async () => {
    const at = await scene();
    const { ann, git, repository } = at;
    const healthy = await ann.publish('good', { 'deploy/a.yaml': 'a: 1\n' });
    await ann.git('rm', '-q', 'deploy/a.yaml');
    await ann.publish('bad', { 'deploy/a.yaml/note.txt': 'mine' });
    const head = await fetchNow(at, healthy);
    const commits = await git.between(repository, healthy, head);
    await expect(composeRevert(git, repository, request(at, head, healthy, commits))).rejects.toMatchObject({
      code: 'GitPathConflict',
    });
  });

  const forged = [
    { name: 'another tree', forge: (text: string) => text.replace(/^tree .{4}/, 'tree 0000') },
    { name: 'another parent', forge: (text: string) => text.replace(/parent .{4}/, 'parent 0000') },
    { name: 'a second parent', forge: (text: string) => text.replace(/(parent .*\n)/, '$1$1') },
    { name: 'no commit at all', forge: () => 'hello' },
  ];
  test.each(forged)('is not made from an intent with $name', async ({ forge }) => {
    const at = await scene();
    const { ann, git, repository } = at;
    const healthy = await ann.publish('good', { 'deploy/a.yaml': 'a: 1\n' });
    await ann.publish('bad', { 'deploy/a.yaml': 'a: 2\n' });
    const head = await fetchNow(at, healthy);
    const commits = await git.between(repository, healthy, head);
    const revert = await composeRevert(git, repository, request(at, head, healthy, commits));
    if (revert === undefined) throw new Error('nothing to revert');
    const text = Buffer.from(revert.intent.bytes, 'base64').toString('utf8');
    const intent = { ...revert.intent, bytes: Buffer.from(forge(text)).toString('base64') };
    await expect(restoreIntent(git, repository, intent, filesAt(at))).rejects.toMatchObject({
      code: 'RevertIntentUnusable',
    });
    const renamed = {
      ...revert.intent,
      bytes: Buffer.from(text.replace('"bad"', '"BAD"')).toString('base64'),
    };
    await expect(restoreIntent(git, repository, renamed, filesAt(at))).rejects.toMatchObject({
      code: 'RevertIntentUnusable',
    });
  });
});
