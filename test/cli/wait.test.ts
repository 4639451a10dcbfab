// `pawl wait` with a real repository and a real cluster. The agent's part, the status, is written by the tests.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AppStatus, HistoryEntry } from '../../src/model/app.ts';
import type { GitServer } from '../../src/sandbox/git-server.ts';
import type { WorkingCopy } from '../../src/sandbox/working-copy.ts';
import { type TestCluster, testCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { testGitServer, testRepository } from '../support/git-server.ts';
import { type Admin, adminOf, type CommandLine, commandLine, userWith } from './command-line.ts';

let cluster: TestCluster;
let namespace: string;
let admin: Admin;
let pawl: CommandLine;
let git: GitServer;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await cluster.freshNamespace('wait');
  admin = await adminOf(cluster, namespace);
  pawl = commandLine({ kubeconfig: cluster.kubeconfig, namespace });
  git = await testGitServer({ users: { pawl: { password: 'pawl-secret', push: true } } });
  const metadata = { name: 'shop-git', namespace };
  const data = { username: base64('pawl'), password: base64('pawl-secret\n') };
  await admin.api.apply(
    { apiVersion: 'v1', kind: 'Secret', metadata, data },
    { dryRun: false },
    admin.signal,
  );
});

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Each test has an App and a repository of its own. */
let name: string;
let person: WorkingCopy;
let first: string;
let count = 0;

beforeEach(async () => {
  name = `app-${++count}`;
  const files = { 'deploy/web.yaml': 'one\n', 'README.md': 'read me\n' };
  const made = await testRepository(git, name, files);
  person = made.person;
  first = made.firstCommit;
  const source = { url: made.url, branch: 'main', path: 'deploy', secretRef: { name: 'shop-git' } };
  await admin.makeApp(name, undefined, { source, serviceAccountName: 'deployer' });
});

const change = (to: string) => person.publish(`web ${to}`, { 'deploy/web.yaml': `${to}\n` });
const docs = (to: string) => person.publish(`docs ${to}`, { 'README.md': `${to}\n` });
const revertOf = (commit: string, to: string) =>
  person.publish(
    `Revert\n\nThis reverts commit ${commit}.\n\nPawl-App: test/${namespace}/${name}\nPawl-Reverts: ${commit}\n`,
    { 'deploy/web.yaml': `${to}\n` },
  );

const write = (status: AppStatus) => admin.writeStatus(name, status);
const at = new Date(0).toISOString();

function healthyAt(commit: string, ...history: HistoryEntry[]): AppStatus {
  const own = entry(commit, 'Healthy');
  return {
    applied: { commit, at },
    healthy: { commit, at, source: 's', renderHash: 'h' },
    history: [own, ...history],
  };
}

function entry(
  commit: string,
  outcome: HistoryEntry['outcome'],
  more: Partial<HistoryEntry> = {},
): HistoryEntry {
  return { commit, subject: 's', author: 'Ann', startedAt: at, finishedAt: at, outcome, reason: '', ...more };
}

const wait = (commit: string, ...more: string[]) => pawl.run('wait', name, '--commit', commit, ...more);

describe('a commit that concerns the App', () => {
  test('is healthy once its release is, not before', async () => {
    const commit = await change('two');
    await write(healthyAt(first));
    const waiting = pawl.start('wait', name, '--commit', commit);
    await eventually(() => expect(waiting.stderr()).toContain('waiting: not released yet'));
    const release = {
      commit,
      phase: 'Verifying' as const,
      startedAt: at,
      elapsed: 0,
      attempt: 1,
      cause: 'commit' as const,
    };
    await write({ ...healthyAt(first), release });
    await eventually(() => expect(waiting.stderr()).toContain(`waiting: verifying ${commit.slice(0, 7)}`));
    expect(waiting.stdout()).toBe('');
    await write(healthyAt(commit));
    expect(await waiting.ended).toMatchObject({
      code: 0,
      stdout: `${namespace}/${name}: ${commit.slice(0, 7)} is healthy in ${commit.slice(0, 7)}\n`,
    });
  });

  test('may be named by its start', async () => {
    const commit = await change('two');
    await change('three');
    await write(healthyAt(first));
    const waiting = pawl.start('wait', name, '--commit', commit.slice(0, 10), '-o', 'json');
    await eventually(() => expect(waiting.stderr()).toContain('waiting'));
    await write(healthyAt(commit));
    const { code, stdout } = await waiting.ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ commit, outcome: 'Healthy', by: commit });
  });

  test('is healthy with a later commit that contains it, even one pushed while waiting', async () => {
    const commit = await change('two');
    await write(healthyAt(first));
    const waiting = pawl.start('wait', name, '--commit', commit);
    await eventually(() => expect(waiting.stderr()).toContain('waiting'));
    const later = await change('three');
    await write(healthyAt(later, entry(commit, 'Superseded')));
    expect(await waiting.ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`healthy in ${later.slice(0, 7)}`),
    });
  });

  test('failed when it was reverted, whatever became healthy after it', async () => {
    const commit = await change('bad');
    await write(healthyAt(first));
    const waiting = pawl.start('wait', name, '--commit', commit);
    await eventually(() => expect(waiting.stderr()).toContain('waiting'));
    const revert = await revertOf(commit, 'one');
    await write(
      healthyAt(revert, entry(commit, 'Reverted', { revertedBy: revert, reason: 'CrashLoopBackOff' })),
    );
    const short = commit.slice(0, 7);
    expect(await waiting.ended).toMatchObject({
      code: 1,
      stdout: `${namespace}/${name}: ${short} is reverted by ${revert.slice(0, 7)}: CrashLoopBackOff\n`,
    });
  });

  test('failed when only the branch knows that it was reverted', async () => {
    const commit = await change('bad');
    const revert = await revertOf(commit, 'one');
    await write(healthyAt(revert));
    expect(await wait(commit)).toMatchObject({ code: 1, stdout: expect.stringContaining('reverted by') });
  });

  test('that was reverted, and its revert too, waits for the release that brings it again', async () => {
    const commit = await change('bad');
    const revert = await revertOf(commit, 'one');
    const reverted = entry(commit, 'Reverted', { revertedBy: revert });
    await write(healthyAt(revert, reverted));
    const again = await revertOf(revert, 'bad');
    const waiting = pawl.start('wait', name, '--commit', commit);
    await eventually(() => expect(waiting.stderr()).toContain('waiting'));
    expect(waiting.stdout()).toBe('');
    await write(healthyAt(again, entry(revert, 'Healthy'), reverted));
    expect(await waiting.ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(again.slice(0, 7)),
    });
  });

  test('failed when it is held', async () => {
    const commit = await change('two');
    await write({ ...healthyAt(first), history: [entry(commit, 'Held', { reason: 'MassDeletion' })] });
    expect(await wait(commit)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('held: MassDeletion'),
    });
  });

  test('is undecided when the time is up', async () => {
    const commit = await change('two');
    await write(healthyAt(first));
    const { code, stdout } = await wait(commit, '--timeout', '500ms');
    expect({ code, stdout }).toEqual({
      code: 3,
      stdout: `${namespace}/${name}: ${commit.slice(0, 7)} is undecided: not released yet\n`,
    });
  });

  test('is undecided when the wait is interrupted', async () => {
    const waiting = pawl.start('wait', name, '--commit', await change('two'));
    await eventually(() => expect(waiting.stderr()).toContain('waiting'));
    waiting.interrupt();
    expect(await waiting.ended).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('a commit that does not concern the App', () => {
  test('is healthy when the content before it is', async () => {
    await docs('two');
    const commit = await docs('three');
    await write(healthyAt(first));
    expect(await wait(commit)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`healthy in ${first.slice(0, 7)}`),
    });
  });

  test('waits for the content before it', async () => {
    const before = await change('two');
    const commit = await docs('two');
    await write(healthyAt(first));
    const waiting = pawl.start('wait', name, '--commit', commit);
    await eventually(() => expect(waiting.stderr()).toContain('waiting'));
    await write(healthyAt(before));
    expect(await waiting.ended).toMatchObject({ code: 0 });
  });

  test('is healthy with the revert of a bad one before it', async () => {
    const bad = await change('bad');
    const commit = await docs('two');
    const revert = await revertOf(bad, 'one');
    const reverted = entry(bad, 'Reverted', { revertedBy: revert });
    await write({ ...healthyAt(first), history: [reverted, entry(first, 'Healthy')] });
    const waiting = pawl.start('wait', name, '--commit', commit);
    await eventually(() => expect(waiting.stderr()).toContain('waiting'));
    await write(healthyAt(revert, reverted));
    expect(await waiting.ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(revert.slice(0, 7)),
    });
  });
});

describe('what cannot be waited for', () => {
  test.each([
    { name: 'a commit of no branch', commit: 'f'.repeat(40) },
    { name: 'a start of no commit', commit: 'fffffff' },
  ])('$name is an error', async ({ commit }) => {
    await write(healthyAt(first));
    expect(await wait(commit)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('is in the branch main'),
    });
  });

  test('a commit of another branch is an error', async () => {
    await person.git('checkout', '-q', '-b', 'next');
    person.write({ 'deploy/web.yaml': 'next\n' });
    const commit = await person.commit('next');
    await person.git('push', '-q', 'origin', 'next');
    await write(healthyAt(first));
    expect(await wait(commit)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`no commit ${commit} is in the branch main`),
    });
  });

  test('a revision of another branch is an error', async () => {
    expect(await wait(`next@sha1:${first}`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('follows main'),
    });
  });

  test('an App that goes away is an error', async () => {
    const waiting = pawl.start('wait', name, '--commit', await change('two'));
    await eventually(() => expect(waiting.stderr()).toContain('waiting'));
    const gvk = { group: 'pawl.dev', version: 'v1alpha1', kind: 'App' };
    await admin.api.delete({ gvk, namespace, name }, {}, {}, admin.signal);
    expect(await waiting.ended).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is being deleted|there is no App/),
    });
  });
});

describe('a repository that cannot be read from here', () => {
  test('leaves the status: a release of exactly this commit counts', async () => {
    const kubeconfig = await userWith(cluster, namespace, 'ci', [
      { apiGroups: ['pawl.dev'], resources: ['apps'], verbs: ['get', 'list', 'watch'] },
    ]);
    const commit = await change('two');
    await write(healthyAt(first));
    const waiting = commandLine({ kubeconfig, namespace }).start('wait', name, '--commit', commit);
    await eventually(() => expect(waiting.stderr()).toContain('waiting'));
    expect(waiting.stderr()).toMatch(
      /cannot be read from here, so only a release of exactly \w{40} counts: .*403/,
    );
    await write(healthyAt(commit));
    expect(await waiting.ended).toMatchObject({ code: 0 });
  });

  test('is said with the reason, and without the password', async () => {
    git.setUsers({ pawl: { password: 'another' } });
    try {
      await write(healthyAt(first));
      const { code, stderr } = await wait(first);
      expect(code).toBe(0);
      expect(stderr).toContain('refused access');
      expect(stderr).not.toContain('pawl-secret');
    } finally {
      git.setUsers({ pawl: { password: 'pawl-secret', push: true } });
    }
  });

  test.each([
    { name: 'from the start', at: 'start' },
    { name: 'while waiting', at: 'later' },
  ])('is asked again where it only fails for the moment: $name', async ({ at: when }) => {
    const commit = await change('two');
    await write(healthyAt(first));
    const fault = { kind: 'status' as const, code: 503 };
    if (when === 'start') git.setFault(fault);
    const waiting = pawl.start('wait', name, '--commit', commit);
    try {
      await eventually(() => expect(waiting.stderr()).toContain('waiting: not released yet'));
      git.setFault(fault);
      const later = await change('three');
      await write(healthyAt(later));
      await eventually(() =>
        expect(waiting.stderr()).toMatch(/does not answer, it is asked again|cannot be read/),
      );
      expect(waiting.stdout()).toBe('');
    } finally {
      git.setFault(undefined);
    }
    expect(await waiting.ended).toMatchObject({ code: 0 });
  });

  test('with no more than a start of an unknown commit is an error', async () => {
    git.setFault({ kind: 'status', code: 503 });
    try {
      expect(await wait('fffffff')).toMatchObject({ code: 2, stdout: '' });
    } finally {
      git.setFault(undefined);
    }
  });
});
