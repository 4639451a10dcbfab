import { execFile } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { GitFault } from '../../src/sandbox/git-faults.ts';
import { workingCopy } from '../../src/sandbox/working-copy.ts';
import { temporaryFolder, testGitServer, testRepository } from '../support/git-server.ts';
import { failOnLeaks } from '../support/leaks.ts';

const run = promisify(execFile);
failOnLeaks({ ignore: ['TCPServerWrap'] });

const users = { ann: 'secret', reader: { password: 'look', push: false }, bot: { token: 'tok-1' } };
const server = await testGitServer({ users });
const open = await testGitServer();

/** The git command line as a bare client of a URL: what a program that is not ours sees. */
async function git(args: string[], options: { header?: string; dir?: string } = {}) {
  const { stdout } = await run('git', args, {
    cwd: options.dir ?? temporaryFolder('client'),
    env: {
      PATH: process.env.PATH,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      ...(options.header && {
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'http.extraHeader',
        GIT_CONFIG_VALUE_0: `Authorization: ${options.header}`,
      }),
    },
  });
  return stdout.trim();
}

const basic = (name: string, password: string) =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
const ann = basic('ann', 'secret');

/** Bytes that do not pack, always the same: more than fits into one part of an answer. */
function bigFile(): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(3_000_000));
}

test('a person publishes, and a client that knows the password clones it', async () => {
  const { url, firstCommit } = await testRepository(server, 'team/clone', { 'a/b.txt': 'hello\n' });
  const dir = temporaryFolder('clone');
  await git(['clone', '--quiet', url, '.'], { header: ann, dir });
  expect(await git(['rev-parse', 'HEAD'], { dir })).toBe(firstCommit);
  expect(await git(['show', 'HEAD:a/b.txt'], { dir })).toBe('hello');
});

test('a push through HTTP moves the branch, also when its body is large and has no length', async () => {
  await server.createRepository('push');
  const options = { http: { user: 'ann', password: 'secret' } };
  const person = await workingCopy(server, 'push', temporaryFolder('push'), options);
  const mark = server.mark();
  const commit = await person.publish('big', { big: bigFile() });
  expect(await git(['--git-dir', server.repositoryDir('push'), 'rev-parse', 'main'])).toBe(commit);
  const push = server
    .since(mark)
    .find((request) => request.operation === 'receive-pack' && request.requestBytes > 4);
  expect(push).toMatchObject({
    method: 'POST',
    path: '/push.git/git-receive-pack',
    user: 'ann',
    status: 200,
  });
  expect(push?.requestBytes).toBeGreaterThan(2_900_000);
});

test('a request body may be packed with gzip', async () => {
  const { url, firstCommit } = await testRepository(open, 'gzip');
  const line = (text: string) => `${(text.length + 4).toString(16).padStart(4, '0')}${text}`;
  const body = `${line('command=ls-refs\n')}0001${line('ref-prefix refs/heads/\n')}0000`;
  const response = await fetch(`${url}/git-upload-pack`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-git-upload-pack-request',
      'content-encoding': 'gzip',
      'git-protocol': 'version=2',
    },
    body: gzipSync(body),
  });
  expect(await response.text()).toContain(`${firstCommit} refs/heads/main`);
});

test.each([
  { name: 'no password', header: undefined, read: 401, push: 401 },
  { name: 'a wrong password', header: basic('ann', 'no'), read: 401, push: 401 },
  { name: 'a password', header: ann, read: 200, push: 200 },
  { name: 'a token', header: 'Bearer tok-1', read: 200, push: 200 },
  { name: 'a token as a password', header: basic('bot', 'tok-1'), read: 200, push: 200 },
  {
    name: 'the password of someone who may only read',
    header: basic('reader', 'look'),
    read: 200,
    push: 403,
  },
])('with $name reading is answered by $read and pushing by $push', async ({ name, header, read, push }) => {
  const url = await server.createRepository(`access/${name.replaceAll(' ', '-')}`);
  const ask = async (service: string) => {
    const response = await fetch(`${url}/info/refs?service=${service}`, {
      headers: header === undefined ? {} : { authorization: header },
    });
    await response.arrayBuffer();
    return response.status;
  };
  expect([await ask('git-upload-pack'), await ask('git-receive-pack')]).toEqual([read, push]);
});

test('a user who is taken away is refused from then on', async () => {
  const { url } = await testRepository(server, 'revoked');
  await git(['ls-remote', url], { header: ann });
  server.setUsers({ ...users, ann: 'changed' });
  await expect(git(['ls-remote', url], { header: ann })).rejects.toThrow(
    /Authentication failed|could not read/,
  );
  server.setUsers(users);
});

test('a path that leads out of the root is not found', async () => {
  const response = await fetch(`${open.url}/%2e%2e/%2e%2e/etc/info/refs?service=git-upload-pack`);
  expect(response.status).toBe(404);
});

test('a hook refuses a push until it is removed', async () => {
  const { person } = await testRepository(server, 'hooked');
  server.setHook('hooked', 'pre-receive', '#!/bin/sh\necho "main is protected" >&2\nexit 1\n');
  person.write({ 'x.txt': 'x' });
  await person.commit('x');
  await expect(person.push()).rejects.toThrow(/main is protected/);
  server.setHook('hooked', 'pre-receive', undefined);
  await person.push();
});

async function withFault<T>(fault: GitFault, work: () => Promise<T>): Promise<T> {
  open.setFault(fault);
  try {
    return await work();
  } finally {
    open.setFault(undefined);
  }
}

test('fault down: connections are reset, those that are open too, and later all is well again', async () => {
  const { url } = await testRepository(open, 'down');
  await git(['ls-remote', url]);
  await withFault({ kind: 'down' }, async () => {
    await expect(fetch(url)).rejects.toThrow();
    await expect(git(['ls-remote', url])).rejects.toThrow(/reset|Empty reply|unable to access/i);
  });
  await git(['ls-remote', url]);
});

test('fault silent: no answer comes', async () => {
  const { url } = await testRepository(open, 'silent');
  await withFault({ kind: 'silent' }, async () => {
    const asked = fetch(`${url}/info/refs?service=git-upload-pack`, { signal: AbortSignal.timeout(300) });
    await expect(asked).rejects.toThrow(/timeout|aborted/);
  });
});

test('fault slow: the answer drips', async () => {
  const { url, person } = await testRepository(open, 'slow');
  await person.git('tag', '--force', 'x'.repeat(200));
  await person.push('origin', '--tags');
  await withFault({ kind: 'slow', bytesPerSecond: 1000 }, async () => {
    const begun = performance.now();
    const response = await fetch(`${url}/info/refs?service=git-upload-pack`);
    const { length } = await response.text();
    expect(performance.now() - begun).toBeGreaterThan((length / 1000) * 700);
  });
});

test('fault status: as often as it was ordered, where it was ordered', async () => {
  const { url } = await testRepository(open, 'status');
  await withFault({ kind: 'status', code: 503, on: ['upload-pack refs'], times: 1 }, async () => {
    await expect(git(['ls-remote', url])).rejects.toThrow(/503/);
    await git(['ls-remote', url]);
  });
});

test('fault cut: the connection breaks in the middle of a pack', async () => {
  const { url, person } = await testRepository(open, 'cut');
  await person.publish('big', { big: bigFile() });
  const mark = open.mark();
  await withFault({ kind: 'cut', afterBytes: 100_000 }, async () => {
    await expect(git(['clone', '--no-local', url, '.'])).rejects.toThrow(
      /early EOF|RPC failed|unexpected disconnect/,
    );
  });
  const cut = open.since(mark).filter((request) => request.operation === 'upload-pack');
  expect(cut.some((request) => request.responseBytes === 100_000)).toBe(true);
});

test('fault packDies: git gives up within the protocol', async () => {
  const { url, person } = await testRepository(open, 'dies');
  await person.publish('big', { big: bigFile() });
  await withFault({ kind: 'packDies', afterBytes: 100_000 }, async () => {
    await expect(git(['clone', url, '.'])).rejects.toThrow(/aborting due to possible repository corruption/);
  });
  await git(['clone', '--quiet', url, '.']);
});

test('fault beforeReceive: the branch moves between what a push saw and what it asks for', async () => {
  const { person } = await testRepository(open, 'race');
  const other = await workingCopy(open, 'race', temporaryFolder('other'));
  const late = await workingCopy(open, 'race', temporaryFolder('late'), { http: 'anyone' });
  late.write({ 'late.txt': 'late' });
  await late.commit('late');
  let first = '';
  const move = async () => {
    first = await other.publish('first', { 'first.txt': 'first' });
  };
  await withFault({ kind: 'beforeReceive', run: move, times: 1 }, async () => {
    await expect(late.push()).rejects.toThrow(/rejected|failed to push|cannot lock ref/);
  });
  expect(await person.pull()).toBe(first);
});

test('fault afterReceiveDrop: the push is done, the client does not hear of it', async () => {
  const { person } = await testRepository(open, 'dropped');
  const client = await workingCopy(open, 'dropped', temporaryFolder('dropped'), { http: 'anyone' });
  client.write({ 'x.txt': 'x' });
  const commit = await client.commit('x');
  await withFault({ kind: 'afterReceiveDrop' }, async () => {
    await expect(client.push()).rejects.toThrow();
  });
  expect(await person.pull()).toBe(commit);
});

test('fault stale: reads see the past, pushes the present', async () => {
  const { url, person, firstCommit } = await testRepository(open, 'stale');
  const snapshot = open.freeze('stale');
  const second = await person.publish('second', { 'x.txt': 'x' });
  await withFault({ kind: 'stale', snapshot }, async () => {
    expect(await git(['ls-remote', url, 'refs/heads/main'])).toContain(firstCommit);
    const dir = temporaryFolder('stale');
    await git(['clone', '--quiet', url, '.'], { dir });
    expect(await git(['rev-parse', 'HEAD'], { dir })).toBe(firstCommit);
    const response = await fetch(`${url}/info/refs?service=git-receive-pack`);
    expect(await response.text()).toContain(second);
  });
  expect(await git(['ls-remote', url, 'refs/heads/main'])).toContain(second);
});

test('what a person does by the folder is not among the requests', async () => {
  const mark = open.mark();
  await testRepository(open, 'folder');
  expect(open.since(mark)).toEqual([]);
});
