import { describe, expect, test } from 'vitest';
import type { GitAdapter } from '../../../src/adapters/git/git.ts';
import type { GitFault } from '../../../src/sandbox/git-faults.ts';
import { pushIntent } from '../../../src/revert/push.ts';
import { fetchNow, NAME, type Scene, scene } from './scene.ts';

const author = { name: 'Pawl', email: 'pawl@example.com' };

/** A branch with a bad second commit, and a commit made to undo it. */
async function prepared(options: Parameters<typeof scene>[0] = {}) {
  const at = await scene(options);
  const { ann, git } = at;
  const good = await ann.publish('good', { 'deploy/a.yaml': 'a: 1\n', 'other/x': 'x' });
  const onto = await ann.publish('bad', { 'deploy/a.yaml': 'a: 2\n' });
  await fetchNow(at, good);
  const { oid } = await composed(git, at, good, onto);
  return { ...at, good, onto, oid };
}

async function composed(git: GitAdapter, { repository }: Scene, good: string, onto: string) {
  const [file] = await git.files(repository, good, 'deploy');
  if (file === undefined) throw new Error('no file');
  const edits = new Map([[file.path, { oid: file.oid, mode: file.mode }]]);
  return git.compose(repository, { onto, edits, message: 'Revert "bad"\n', author, at: 1_700_000_000 });
}

describe('a push', () => {
  test('moves the branch, and sends little', async () => {
    const { server, git, repository, signal, onto, oid, bare } = await prepared();
    const mark = server.mark();
    expect(await git.push(repository, { onto, oid }, signal)).toEqual({ kind: 'pushed' });
    expect(await bare('rev-parse', 'main')).toBe(oid);
    expect(await bare('log', '-1', '--format=%an <%ae> %at %cn %ct|%s', 'main')).toBe(
      'Pawl <pawl@example.com> 1700000000 Pawl 1700000000|Revert "bad"',
    );
    expect(server.since(mark).reduce((sum, r) => sum + r.requestBytes, 0)).toBeLessThan(1000);
    await bare('fsck', '--full', '--strict');
    expect(await git.head(repository, signal)).toBe(oid);
  });

  test('of the same commit a second time tells that it is there already', async () => {
    const { git, repository, signal, onto, oid } = await prepared();
    await git.push(repository, { onto, oid }, signal);
    expect(await git.push(repository, { onto, oid }, signal)).toEqual({ kind: 'moved', head: oid });
    expect(await pushIntent(git, repository, { onto, commit: oid }, signal)).toEqual({ kind: 'landed' });
  });

  test('is not tried when the branch has moved', async () => {
    const { server, ann, git, repository, signal, onto, oid } = await prepared();
    const newer = await ann.publish('newer', { 'other/x': 'y' });
    const mark = server.mark();
    expect(await git.push(repository, { onto, oid }, signal)).toEqual({ kind: 'moved', head: newer });
    expect(server.since(mark).map((r) => r.operation)).toEqual(['receive-pack refs']);
    expect(await pushIntent(git, repository, { onto, commit: oid }, signal)).toEqual({
      kind: 'moved',
      head: newer,
      containsOurs: false,
    });
  });

  test('loses against somebody who moved the branch after it was advertised', async () => {
    const { server, ann, git, repository, signal, onto, oid, bare } = await prepared();
    let newer = '';
    const run = async () => {
      newer = await ann.publish('just before', { 'other/x': 'z' });
    };
    server.setFault({ kind: 'beforeReceive', times: 1, run });
    expect(await git.push(repository, { onto, oid }, signal)).toEqual({ kind: 'moved', head: newer });
    expect(await bare('rev-parse', 'main')).toBe(newer);
  });

  test('never makes a deleted branch again, whenever it was deleted', async () => {
    const { server, git, repository, signal, onto, oid, bare } = await prepared();
    const gone = { kind: 'moved', head: undefined };
    server.setFault({
      kind: 'beforeReceive',
      times: 1,
      run: async () => void (await bare('update-ref', '-d', 'refs/heads/main')),
    });
    expect(await git.push(repository, { onto, oid }, signal)).toEqual(gone);
    expect(await git.push(repository, { onto, oid }, signal)).toEqual(gone);
    expect(await pushIntent(git, repository, { onto, commit: oid }, signal)).toEqual({
      ...gone,
      containsOurs: false,
    });
    expect(await bare('for-each-ref')).toBe('');
  });

  test('does not take a tag of the same name for the branch', async () => {
    const { git, repository, signal, onto, oid, bare } = await prepared();
    await bare('update-ref', 'refs/tags/main', onto);
    await bare('update-ref', '-d', 'refs/heads/main');
    expect(await git.head(repository, signal)).toBeUndefined();
    expect(await git.push(repository, { onto, oid }, signal)).toEqual({ kind: 'moved', head: undefined });
  });

  test('that was rewound under us is not forced', async () => {
    const { git, repository, signal, onto, oid, good, bare } = await prepared();
    await bare('update-ref', 'refs/heads/main', good);
    expect(await git.push(repository, { onto, oid }, signal)).toEqual({ kind: 'moved', head: good });
    expect(await bare('rev-parse', 'main')).toBe(good);
  });
});

describe('an answer that is lost', () => {
  test('after the push was done: unknown, and found in the branch', async () => {
    const { server, git, repository, signal, onto, oid, bare } = await prepared();
    server.setFault({ kind: 'afterReceiveDrop', times: 1 });
    expect(await git.push(repository, { onto, oid }, signal)).toMatchObject({ kind: 'unknown' });
    expect(await bare('rev-parse', 'main')).toBe(oid);
    expect(await pushIntent(git, repository, { onto, commit: oid }, signal)).toEqual({ kind: 'landed' });
    expect(await bare('rev-list', '--count', 'main')).toBe('3');
  });

  test('after the push was done counts as landed at once', async () => {
    const { server, git, repository, signal, onto, oid } = await prepared();
    server.setFault({ kind: 'afterReceiveDrop', times: 1 });
    expect(await pushIntent(git, repository, { onto, commit: oid }, signal)).toEqual({ kind: 'landed' });
  });

  test('and somebody went on from our commit: it is contained', async () => {
    const { server, ann, git, repository, signal, onto, oid } = await prepared();
    server.setFault({ kind: 'afterReceiveDrop', times: 1 });
    await git.push(repository, { onto, oid }, signal);
    await ann.pull();
    const newer = await ann.publish('on top', { 'other/x': 'q' });
    expect(await pushIntent(git, repository, { onto, commit: oid }, signal)).toEqual({
      kind: 'moved',
      head: newer,
      containsOurs: true,
    });
  });

  const faults: { name: string; fault: GitFault }[] = [
    { name: 'the host is down', fault: { kind: 'down' } },
    { name: 'the host answers 500', fault: { kind: 'status', code: 500 } },
    {
      name: 'only the push is answered 502',
      fault: { kind: 'status', code: 502, on: ['receive-pack'] },
    },
    {
      name: 'the answer to the push is cut',
      fault: { kind: 'cut', afterBytes: 20, on: ['receive-pack'], times: 1 },
    },
  ];
  test.each(faults)('$name: unknown, and the same intent lands later', async ({ fault }) => {
    const { server, git, repository, signal, onto, oid, bare } = await prepared();
    server.setFault(fault);
    expect(await git.push(repository, { onto, oid }, signal)).toMatchObject({ kind: 'unknown' });
    const first = await pushIntent(git, repository, { onto, commit: oid }, signal);
    expect(['unknown', 'landed']).toContain(first.kind);
    server.setFault(undefined);
    expect(await pushIntent(git, repository, { onto, commit: oid }, signal)).toEqual({ kind: 'landed' });
    expect(await bare('rev-list', '--count', 'main')).toBe('3');
  });

  test('because of the deadline is unknown, because of a cancel is the reason of the cancel', async () => {
    const { server, repository, signal, onto, another, good } = await prepared();
    const git = another({ timeoutMs: 400 });
    const at = { repository } as Scene;
    await git.fetch(repository, { head: onto, back: good }, signal);
    const { oid } = await composed(git, at, good, onto);
    server.setFault({ kind: 'silent', on: ['receive-pack'] });
    expect(await git.push(repository, { onto, oid }, signal)).toMatchObject({ kind: 'unknown' });
    const cancel = new AbortController();
    const pushing = git.push(repository, { onto, oid }, cancel.signal);
    cancel.abort(new Error('shutting down'));
    await expect(pushing).rejects.toThrow('shutting down');
  });
});

describe('a host that says no', () => {
  const hook = (script: string) => `#!/bin/sh\n${script}\n`;
  test('by a hook: refused, with its words on one line and without credentials', async () => {
    const { server, git, repository, signal, onto, oid, bare } = await prepared();
    const words =
      'echo "GH006: Protected branch. See https://bot:hunter2@host/x"; printf "second\\033[31m line"; exit 1';
    server.setHook(NAME, 'pre-receive', hook(`(${words}) >&2`));
    const answer = await git.push(repository, { onto, oid }, signal);
    expect(answer).toMatchObject({ kind: 'refused' });
    const { message } = answer as { message: string };
    expect(message).toContain('pre-receive hook declined');
    expect(message).toContain('GH006: Protected branch. See https://host/x second');
    expect(message).not.toMatch(/hunter2|[\n\u001b]/);
    expect(await pushIntent(git, repository, { onto, commit: oid }, signal)).toEqual({
      kind: 'refused',
      message,
    });
    expect(await bare('rev-parse', 'main')).toBe(onto);
  });

  test('for one branch, by an update hook', async () => {
    const { server, git, repository, signal, onto, oid } = await prepared();
    server.setHook(NAME, 'update', hook('exit 1'));
    expect(await git.push(repository, { onto, oid }, signal)).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('hook declined'),
    });
  });

  test('to credentials that may read and not push', async () => {
    const users = { bot: { password: 'geheim', push: false } };
    const { git, repository, signal, onto, oid } = await prepared({
      users,
      credentials: { username: 'bot', password: 'geheim' },
    });
    expect(await git.push(repository, { onto, oid }, signal)).toMatchObject({ kind: 'refused' });
    expect(await pushIntent(git, repository, { onto, commit: oid }, signal)).toMatchObject({
      kind: 'refused',
    });
  });

  test('for ever, because the branch is locked for people: refused', async () => {
    const { server, git, repository, signal, onto, oid } = await prepared();
    server.setHook(NAME, 'pre-receive', hook('echo "Cannot change this locked branch" >&2; exit 1'));
    expect(await git.push(repository, { onto, oid }, signal)).toMatchObject({ kind: 'refused' });
  });

  test('for a moment, because the branch is locked: unknown, for it may say yes the next time', async () => {
    const { server, git, repository, signal, onto, oid, bare } = await prepared();
    server.setHook(NAME, 'pre-receive', hook('touch "$GIT_DIR/refs/heads/main.lock"'));
    expect(await git.push(repository, { onto, oid }, signal)).toMatchObject({ kind: 'unknown' });
    expect(await bare('rev-parse', 'main')).toBe(onto);
  });
});

test('two agents that push the same intent make one commit', async () => {
  const { git, repository, signal, onto, oid, another, good, bare } = await prepared();
  const second = another();
  await second.fetch(repository, { head: onto, back: good }, signal);
  const again = await composed(second, { repository } as Scene, good, onto);
  expect(again.oid).toBe(oid);
  const outcomes = await Promise.all(
    [git, second].map((agent) => pushIntent(agent, repository, { onto, commit: oid }, signal)),
  );
  for (const outcome of outcomes) expect(['landed', 'unknown']).toContain(outcome.kind);
  expect(outcomes).toContainEqual({ kind: 'landed' });
  expect(await bare('rev-list', '--count', 'main')).toBe('3');
});
