import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeHome } from '../../../src/adapters/git/home.ts';
import { fetchNow, scene } from './scene.ts';

const NOW = Date.now();

function cache(): string {
  const dir = mkdtempSync(join(tmpdir(), 'pawl-home-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function home(dir: string, name: string, owner: unknown, ageMs = 0): string {
  const path = join(dir, name);
  mkdirSync(path);
  if (owner !== undefined) {
    writeFileSync(join(path, 'owner.json'), typeof owner === 'string' ? owner : JSON.stringify(owner));
    utimesSync(join(path, 'owner.json'), (NOW - ageMs) / 1000, (NOW - ageMs) / 1000);
  }
  return path;
}

describe('homes that a start finds', () => {
  const dead = spawnSync('true').pid;
  const DAY = 24 * 3600 * 1000;
  const table = [
    {
      name: 'of a dead process of this host are removed',
      owner: { host: hostname(), pid: dead, startedAt: '5' },
      gone: true,
    },
    {
      name: 'of an earlier process with our pid are removed',
      owner: { host: hostname(), pid: process.pid, startedAt: '5' },
      gone: true,
    },
    {
      name: 'of another host that was here lately stay',
      owner: { host: 'elsewhere', pid: 1, startedAt: '5' },
      gone: false,
    },
    {
      name: 'of another host that has not been here for a day are removed',
      owner: { host: 'elsewhere', pid: 1, startedAt: '5' },
      ageMs: DAY + 60_000,
      gone: true,
    },
    { name: 'with an owner that cannot be read are removed', owner: '{', gone: true },
    { name: 'without an owner are removed', owner: undefined, gone: true },
  ];
  test.each(table)('$name', async ({ owner, ageMs, gone }) => {
    const dir = cache();
    const path = home(dir, 'clones-1-x', owner, ageMs);
    await makeHome(dir, () => NOW);
    expect(existsSync(path)).toBe(!gone);
  });

  test('of a living process stay, and what is not ours stays', async () => {
    const dir = cache();
    writeFileSync(join(dir, 'notes.txt'), '');
    mkdirSync(join(dir, 'lost+found'));
    const first = await makeHome(dir, () => NOW);
    const second = await makeHome(dir, () => NOW);
    expect(first).not.toBe(second);
    expect(existsSync(first)).toBe(true);
    expect(readdirSync(dir)).toHaveLength(4);
  });
});

test('two agents on one cache directory fetch side by side and do not disturb each other', async () => {
  const at = await scene();
  const { ann, cacheDir, another, repository, signal } = at;
  const other = another();
  for (let i = 0; i < 4; i++) {
    const head = await ann.publish(`${i}`, { 'deploy/a.yaml': `a: ${i}\n` });
    await Promise.all([fetchNow(at), other.fetch(repository, { head }, signal)]);
    for (const git of [at.git, other]) expect(await git.files(repository, head, 'deploy')).toHaveLength(1);
  }
  expect(readdirSync(cacheDir)).toHaveLength(2);
  await other.close();
  expect(readdirSync(cacheDir)).toHaveLength(1);
  expect(await at.git.has(repository, await ann.head())).toBe(true);
});

test('a cache directory that cannot be used is an error that says so, and is tried again', async () => {
  const at = await scene();
  const { ann, git, repository, cacheDir, signal } = at;
  const head = await ann.publish('one', { a: '1' });
  writeFileSync(cacheDir, 'a file where the directory should be');
  await expect(git.fetch(repository, { head }, signal)).rejects.toMatchObject({
    code: 'GitCache',
    retry: 'later',
  });
  rmSync(cacheDir);
  expect(await git.fetch(repository, { head }, signal)).toBe(head);
});
