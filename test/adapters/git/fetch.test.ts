import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEEPEST_COMMITS } from '../../../src/adapters/git/fetch.ts';
import { fetchNow, scene, text } from './scene.ts';

const noise = (bytes: number) => randomBytes(bytes / 2).toString('hex');

/** Packs of the one clone in the cache. */
function packs(cacheDir: string): string[] {
  const found = readdirSync(cacheDir, { recursive: true, encoding: 'utf8' });
  return found.filter((path) => path.endsWith('.pack')).map((path) => join(cacheDir, path));
}

describe('a look at the branch', () => {
  test('takes two small requests and gives the head', async () => {
    const { server, ann, git, repository, signal } = await scene();
    const head = await ann.publish('one', { 'deploy/a.yaml': 'a: 1\n' });
    await ann.git('push', '-q', 'origin', 'HEAD:refs/heads/main2', 'HEAD:refs/tags/main');
    const mark = server.mark();
    expect(await git.head(repository, signal)).toBe(head);
    const requests = server.since(mark);
    expect(requests).toHaveLength(2);
    expect(requests.reduce((sum, r) => sum + r.responseBytes, 0)).toBeLessThan(400);
  });

  test('gives nothing where there is no such branch, and in an empty repository', async () => {
    const { ann, git, repository, signal } = await scene();
    expect(await git.head(repository, signal)).toBeUndefined();
    await ann.publish('one', { a: '1' });
    expect(await git.head({ ...repository, branch: 'mai' }, signal)).toBeUndefined();
  });

  test('is shared by all who look at once with the same credentials, and by nobody else', async () => {
    const { server, ann, git, repository, signal } = await scene({ users: { bot: 'geheim' } });
    await ann.publish('one', { a: '1' });
    const good = { ...repository, credentials: { username: 'bot', password: 'geheim' } };
    const bad = { ...repository, credentials: { username: 'bot', password: 'falsch' } };
    const mark = server.mark();
    const looks = [good, bad, good, good].map((r) => git.head(r, signal));
    const kinds = (await Promise.allSettled(looks)).map((look) => look.status);
    expect(kinds).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(server.since(mark)).toHaveLength(3);
  });

  test('goes on for the others when one of them no longer waits', async () => {
    const { ann, git, repository, signal } = await scene();
    const head = await ann.publish('one', { a: '1' });
    const leaving = new AbortController();
    const looks = [git.head(repository, leaving.signal), git.head(repository, signal)];
    leaving.abort(new Error('shutting down'));
    await expect(looks[0]).rejects.toThrow('shutting down');
    expect(await looks[1]).toBe(head);
  });
});

describe('a fetch', () => {
  test('brings only what is new', async () => {
    const at = await scene();
    const { server, ann, git, repository } = at;
    const others = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`other/${i}.yaml`, noise(400)]));
    await ann.publish('one', { ...others, 'deploy/a.yaml': 'a: 1\n' });
    await fetchNow(at);
    const whole = server.requests.at(-1)?.responseBytes ?? 0;
    expect(whole).toBeGreaterThan(20_000);
    for (let i = 2; i < 6; i++) {
      const head = await ann.publish(`change ${i}`, { 'deploy/a.yaml': `a: ${i}\n` });
      const mark = server.mark();
      expect(await fetchNow(at)).toBe(head);
      const bytes = server.since(mark).reduce((sum, r) => sum + r.responseBytes, 0);
      expect(bytes, `fetch ${i}`).toBeLessThan(2_500);
      const [file] = await git.read(repository, await git.files(repository, head, 'deploy'));
      expect(text(file?.content ?? new Uint8Array())).toBe(`a: ${i}\n`);
    }
    const mark = server.mark();
    await git.fetch(repository, { head: await ann.head() }, at.signal);
    expect(server.since(mark)).toHaveLength(0);
  });

  test('of a merge of an old branch does not bring the whole history', async () => {
    const at = await scene();
    const { server, ann } = at;
    for (let i = 0; i < 40; i++) await ann.publish(`old ${i}`, { 'deploy/a.yaml': noise(4000) });
    await ann.git('branch', 'side', 'HEAD~1');
    await fetchNow(at);
    await ann.git('checkout', '-q', 'side');
    ann.write({ 'deploy/b.yaml': 'b: 1\n' });
    await ann.commit('on the side');
    await ann.git('checkout', '-q', 'main');
    await ann.git('merge', '-q', '--no-ff', '-m', 'merge side', 'side');
    await ann.push();
    const mark = server.mark();
    await fetchNow(at);
    const bytes = server.since(mark).reduce((sum, r) => sum + r.responseBytes, 0);
    expect(bytes).toBeLessThan(21 * 4000);
  });

  test('is shared: two spellings of one repository have one clone, and one fetch serves both', async () => {
    const at = await scene();
    const { server, ann, git, repository, signal, cacheDir } = at;
    const head = await ann.publish('one', { 'deploy/a.yaml': 'a: 1\n' });
    const spelled = { ...repository, url: `${repository.url}/` };
    const mark = server.mark();
    await Promise.all([git.fetch(repository, { head }, signal), git.fetch(spelled, { head }, signal)]);
    expect(server.since(mark).filter((r) => r.operation === 'upload-pack')).toHaveLength(1);
    expect(await git.has(spelled, head)).toBe(true);
    expect(packs(cacheDir)).toHaveLength(1);
  });

  test('deepens history only until the wanted commit is found', async () => {
    const at = await scene();
    const { server, ann, git, repository, signal } = at;
    const commits: string[] = [];
    for (let i = 0; i < 130; i++) {
      await ann.git('commit', '-q', '--allow-empty', '-m', `commit ${i}`);
      commits.push(await ann.head());
    }
    await ann.push();
    const head = await fetchNow(at);
    const back = commits.at(-60) as string;
    expect(await git.isAncestor(repository, back, head)).toBe(false);
    await git.fetch(repository, { head, back }, signal);
    expect(await git.isAncestor(repository, back, head)).toBe(true);
    expect((await git.between(repository, back, head)).map((c) => c.oid)).toEqual(
      commits.slice(-59).toReversed(),
    );
    expect(await git.has(repository, commits[0] as string)).toBe(false);
    const mark = server.mark();
    await git.fetch(repository, { head, back }, signal);
    expect(server.since(mark)).toHaveLength(0);
  });

  test('for a commit that is no ancestor ends where history ends, and is not repeated', async () => {
    const at = await scene();
    const { server, ann, git, repository, signal } = at;
    for (let i = 0; i < 50; i++) await ann.git('commit', '-q', '--allow-empty', '-m', `commit ${i}`);
    await ann.push();
    const head = await fetchNow(at, 'f'.repeat(40));
    expect(await git.isAncestor(repository, 'f'.repeat(40), head)).toBe(false);
    expect(await git.between(repository, head, head)).toEqual([]);
    const mark = server.mark();
    await git.fetch(repository, { head, back: 'f'.repeat(40) }, signal);
    expect(server.since(mark)).toHaveLength(0);
    expect(DEEPEST_COMMITS).toBeGreaterThan(1000);
  });

  test('orders commits by ancestry, whatever their dates say', async () => {
    const at = await scene();
    const { ann, git, repository } = at;
    const base = await ann.publish('base', { a: '0' });
    const wanted: string[] = [];
    for (const date of ['2035-01-01T00:00:00Z', '1971-01-01T00:00:00Z', '2020-01-01T00:00:00Z']) {
      ann.write({ a: date });
      await ann.git('commit', '-qam', date, '--date', date);
      wanted.unshift(await ann.head());
    }
    await ann.push();
    const head = await fetchNow(at, base);
    expect((await git.between(repository, base, head)).map((c) => c.oid)).toEqual(wanted);
  });

  test('returns a newer head than the one asked for, when that came meanwhile', async () => {
    const { ann, git, repository, signal } = await scene();
    const asked = await ann.publish('one', { a: '1' });
    const newer = await ann.publish('two', { a: '2' });
    expect(await git.fetch(repository, { head: asked }, signal)).toBe(newer);
    expect(await git.isAncestor(repository, asked, newer)).toBe(true);
  });

  test('says so when the branch was set back meanwhile', async () => {
    const { ann, git, repository, signal } = await scene();
    await ann.publish('one', { a: '1' });
    const gone = await ann.publish('two', { a: '2' });
    await ann.git('reset', '-q', '--hard', 'HEAD~1');
    await ann.push('--force', 'origin', 'main');
    await expect(git.fetch(repository, { head: gone }, signal)).rejects.toMatchObject({
      code: 'GitMoved',
      retry: 'later',
    });
  });

  test('follows a rewritten branch, and still reads what was there before', async () => {
    const at = await scene();
    const { ann, git, repository } = at;
    await ann.publish('one', { 'deploy/a.yaml': 'a: 1\n' });
    const old = await ann.publish('two', { 'deploy/a.yaml': 'a: 2\n' });
    await fetchNow(at);
    await ann.git('commit', '-q', '--amend', '-m', 'two, again');
    await ann.push('--force', 'origin', 'main');
    const head = await fetchNow(at);
    expect(await git.isAncestor(repository, old, head)).toBe(false);
    expect(await git.files(repository, old, 'deploy')).toEqual(await git.files(repository, head, 'deploy'));
  });

  test('renews the clone after many fetches, and one that holds a commit to be pushed a little later', async () => {
    const at = await scene({ git: { renewAfterFetches: 8 } });
    const { ann, git, repository, cacheDir, signal } = at;
    const author = { name: 'Pawl', email: 'pawl@example.com' };
    const next = async (i: number) => {
      await ann.publish(`${i}`, { 'deploy/a.yaml': `a: ${i}\n` });
      return fetchNow(at);
    };
    let head = await next(0);
    for (let i = 1; i <= 8; i++) head = await next(i);
    expect(packs(cacheDir)).toHaveLength(9);
    head = await next(9);
    expect(packs(cacheDir)).toHaveLength(1);
    const made = await git.compose(repository, { onto: head, edits: new Map(), message: 'x', author, at: 1 });
    for (let i = 10; i < 20; i++) head = await next(i);
    expect(await git.has(repository, made.oid)).toBe(true);
    for (let i = 20; i < 28; i++) head = await next(i);
    expect(await git.has(repository, made.oid)).toBe(false);
    await expect(git.push(repository, { onto: head, oid: made.oid }, signal)).rejects.toMatchObject({
      code: 'GitMissing',
    });
  });
});

describe('what goes wrong on the way', () => {
  test.each([
    { name: 'the host answers 500', fault: { kind: 'status', code: 500 } as const, want: 'GitUnreachable' },
    {
      name: 'the host answers 503 with Retry-After',
      fault: { kind: 'status', code: 503, headers: { 'retry-after': '7' } } as const,
      want: 'GitUnreachable',
    },
    { name: 'the host answers 429', fault: { kind: 'status', code: 429 } as const, want: 'GitUnreachable' },
    { name: 'the host answers 404', fault: { kind: 'status', code: 404 } as const, want: 'GitNotFound' },
    { name: 'the host answers 403', fault: { kind: 'status', code: 403 } as const, want: 'GitAuth' },
    { name: 'the host is down', fault: { kind: 'down' } as const, want: 'GitUnreachable' },
    { name: 'the pack is cut', fault: { kind: 'cut', afterBytes: 3000 } as const, want: 'GitUnreachable' },
    {
      name: 'git dies while it writes the pack',
      fault: { kind: 'packDies', afterBytes: 3000 } as const,
      want: 'GitUnreachable',
    },
  ])('$name: $want, and the next fetch is as good as new', async ({ fault, want }) => {
    const at = await scene();
    const { server, ann, git, repository, signal } = at;
    const first = await ann.publish('one', { 'deploy/a.yaml': 'a: 1\n', 'other/big': noise(100_000) });
    await fetchNow(at);
    const head = await ann.publish('two', { 'deploy/big.yaml': noise(40_000) });
    server.setFault(fault);
    const fetching = git.fetch(repository, { head }, signal);
    await expect(fetching).rejects.toMatchObject({ code: want, hint: expect.any(String), retry: 'later' });
    if ('headers' in fault)
      await expect(git.head(repository, signal)).rejects.toMatchObject({ retryAfterMs: 7000 });
    expect(await git.has(repository, head)).toBe(false);
    expect(await git.files(repository, first, 'deploy')).toHaveLength(1);
    server.setFault(undefined);
    const mark = server.mark();
    expect(await git.fetch(repository, { head }, signal)).toBe(head);
    const bytes = server.since(mark).reduce((sum, r) => sum + r.responseBytes, 0);
    expect(bytes, 'only what is new').toBeLessThan(40_000);
    const [, big] = await git.read(repository, await git.files(repository, head, 'deploy'));
    expect(big?.content.byteLength).toBe(40_000);
  });

  test('a host that never answers: one deadline for the whole', async () => {
    const { server, ann, git, repository, signal } = await scene({ git: { timeoutMs: 300 } });
    const head = await ann.publish('one', { a: '1' });
    server.setFault({ kind: 'silent' });
    await expect(git.head(repository, signal)).rejects.toMatchObject({ code: 'GitTimeout', retry: 'later' });
    server.setFault({ kind: 'slow', bytesPerSecond: 100 });
    await expect(git.fetch(repository, { head }, signal)).rejects.toMatchObject({ code: 'GitTimeout' });
    expect(await git.has(repository, head)).toBe(false);
  });

  test('a cancel ends a fetch with its own reason, and frees the clone', async () => {
    const { server, ann, git, repository, signal } = await scene();
    const head = await ann.publish('one', { a: '1' });
    server.setFault({ kind: 'silent', on: ['upload-pack'] });
    const cancel = new AbortController();
    const fetching = git.fetch(repository, { head }, cancel.signal);
    const waiting = git.fetch(repository, { head }, cancel.signal);
    cancel.abort(new Error('shutting down'));
    const ended = await Promise.allSettled([fetching, waiting]);
    for (const one of ended)
      expect(one).toMatchObject({ status: 'rejected', reason: { message: 'shutting down' } });
    server.setFault(undefined);
    expect(await git.fetch(repository, { head }, signal)).toBe(head);
  });

  test('a pack over the limit is refused before it is kept', async () => {
    const { ann, git, repository, signal } = await scene({ git: { maxPackBytes: 10_000 } });
    const head = await ann.publish('one', { 'a.bin': noise(40_000) });
    const fetching = git.fetch(repository, { head }, signal);
    await expect(fetching).rejects.toMatchObject({
      code: 'GitTooLarge',
      retry: 'never',
      hint: expect.any(String),
    });
  });

  test('a wrong password: refused, and not shown', async () => {
    const users = { bot: 'geheim' };
    const { ann, git, repository, signal } = await scene({
      users,
      credentials: { username: 'bot', password: 'hunter2' },
    });
    const head = await ann.publish('one', { a: '1' });
    const error = await git.head(repository, signal).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'GitAuth', retry: 'later' });
    expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain('hunter2');
    await expect(git.fetch(repository, { head }, signal)).rejects.toMatchObject({ code: 'GitAuth' });
    const right = { ...repository, credentials: { username: 'bot', password: 'geheim' } };
    expect(await git.head(right, signal)).toBe(head);
    expect(await git.fetch(right, { head }, signal)).toBe(head);
  });

  test('a token is sent as a bearer token', async () => {
    const { ann, git, repository, signal } = await scene({
      users: { bot: { token: 'tok-123' } },
      credentials: { token: 'tok-123' },
    });
    const head = await ann.publish('one', { a: '1' });
    expect(await git.head(repository, signal)).toBe(head);
  });
});

describe('a damaged clone', () => {
  const damages = [
    {
      name: 'a byte of a pack was changed',
      damage: (pack: string) => {
        const b = readFileSync(pack);
        b[b.length >> 1] = (b[b.length >> 1] ?? 0) ^ 0xff;
        rmSync(pack);
        writeFileSync(pack, b);
      },
    },
    {
      name: 'a pack was cut',
      damage: (pack: string) => {
        const b = readFileSync(pack);
        rmSync(pack);
        writeFileSync(pack, b.subarray(0, b.length >> 1));
      },
    },
    { name: 'a pack is gone', damage: (pack: string) => rmSync(pack) },
    {
      name: 'pack and index are gone',
      damage: (pack: string) => {
        rmSync(pack);
        rmSync(pack.replace(/pack$/, 'idx'));
      },
    },
    {
      name: 'an index is empty',
      damage: (pack: string) => {
        const idx = pack.replace(/pack$/, 'idx');
        rmSync(idx);
        writeFileSync(idx, '');
      },
    },
    {
      name: 'the configuration is empty',
      damage: (pack: string) => writeFileSync(join(pack, '../../../config'), ''),
    },
    {
      name: 'a file cannot be written',
      damage: (pack: string) => {
        rmSync(join(pack, '../../../shallow'));
        mkdirSync(join(pack, '../../../shallow/x'), { recursive: true });
      },
    },
    {
      name: 'everything is gone',
      damage: (pack: string) => rmSync(join(pack, '../../..'), { recursive: true }),
    },
  ];
  test.each(damages)('$name: the next fetch heals it', async ({ damage }) => {
    // Nothing is kept in memory, so that every read is one of the disk.
    const at = await scene({ git: { cachedFilesBytes: 1000 } });
    const { ann, git, repository, signal, cacheDir } = at;
    const first = await ann.publish('one', { 'deploy/a.yaml': noise(4000), 'deploy/b.yaml': noise(4000) });
    await fetchNow(at);
    for (const pack of packs(cacheDir)) damage(pack);
    // Reading tells of the damage, unless it is in what reading does not need.
    const reading = (async () => git.read(repository, await git.files(repository, first, 'deploy')))();
    await reading.catch((error: unknown) => {
      expect((error as { code: string }).code).toMatch(/^Git(?:Damaged|Missing)$/);
    });
    const head = await ann.publish('two', { 'deploy/a.yaml': 'a: 2\n' });
    expect(await git.fetch(repository, { head }, signal)).toBe(head);
    const files = await git.read(repository, await git.files(repository, head, 'deploy'));
    expect(files.map((file) => file.content.byteLength)).toEqual([5, 4000]);
  });

  test('is not fetched again and again where the host itself sends what is incomplete', async () => {
    const at = await scene();
    const { server, ann, git, repository, signal, bare } = at;
    const head = await ann.publish('one', { 'deploy/a.yaml': 'a: 1\n' });
    const blob = await bare('rev-parse', 'main:deploy/a.yaml');
    await fetchNow(at);
    const files = await git.files(repository, head, 'deploy');
    const gone = files.map((file) => ({ ...file, oid: 'e'.repeat(40) }));
    for (let i = 0; i < 4; i++) {
      await expect(git.read(repository, gone)).rejects.toMatchObject({ code: 'GitMissing' });
      await git.fetch(repository, { head }, signal);
    }
    expect(
      server.requests.filter((r) => r.operation === 'upload-pack' && r.responseBytes > 100).length,
    ).toBeLessThanOrEqual(3);
    expect(files[0]?.oid).toBe(blob);
  });
});

describe('what a commit holds', () => {
  test('is listed by path with modes, without reading a file, and links and submodules by their kind', async () => {
    const at = await scene();
    const { ann, git, repository } = at;
    ann.write({
      'deploy/b.yaml': 'b',
      'deploy/a/x.yaml': 'x',
      'deploy/a.yaml': 'a',
      'deploy/run.sh': '#!',
      'other/y': '',
    });
    await ann.git('add', '.');
    await ann.git('update-index', '--add', '--cacheinfo', `160000,${'a'.repeat(40)},deploy/sub`);
    await ann.git('update-index', '--chmod=+x', 'deploy/run.sh');
    await ann.git(
      'update-index',
      '--add',
      '--cacheinfo',
      `120000,${await ann.git('hash-object', '-w', 'other/y')},deploy/link`,
    );
    await ann.git('commit', '-qm', 'one');
    await ann.push();
    const head = await fetchNow(at);
    const list = async (path: string) =>
      (await git.files(repository, head, path)).map((f) => `${f.mode} ${f.path}`);
    expect(await list('deploy')).toEqual([
      '100644 deploy/a.yaml',
      '100644 deploy/a/x.yaml',
      '100644 deploy/b.yaml',
      '120000 deploy/link',
      '100755 deploy/run.sh',
      '160000 deploy/sub',
    ]);
    expect(await list('')).toHaveLength(7);
    expect(await list('nowhere')).toEqual([]);
    expect(await list('deploy/a.yaml')).toEqual([]);
  });

  test('is an error where a tree names itself many times over', async () => {
    const at = await scene();
    const { ann, git, repository } = at;
    await ann.publish('one', { x: '' });
    const blob = await ann.git('rev-parse', 'HEAD:x');
    let [kind, oid] = ['100644 blob', blob];
    for (let level = 0; level < 8; level++) {
      const lines = Array.from({ length: 20 }, (_, i) => `${kind} ${oid}\tn${i}.yaml`).join('\n');
      writeFileSync(join(ann.dir, '../lines'), `${lines}\n`);
      oid = await ann.git('-c', 'alias.mk=!git mktree < ../lines', 'mk');
      kind = '040000 tree';
    }
    const commit = await ann.git('commit-tree', oid, '-p', 'HEAD', '-m', 'bomb');
    await ann.push('origin', `${commit}:main`);
    const head = await fetchNow(at);
    await expect(git.files(repository, head, '')).rejects.toMatchObject({ code: 'GitTooLarge' });
  });

  test('is not given to whoever knows an id, from another repository', async () => {
    const at = await scene();
    const { server, ann, git, repository, signal } = at;
    const empty = await ann.publish('zero', { 'x.yaml': '' });
    const other = { ...repository, url: await server.createRepository('team/other') };
    await ann.push(server.repositoryDir('team/other'), 'HEAD:refs/heads/main');
    await git.fetch(other, { head: empty }, signal);
    await ann.publish('one', { 'secret.yaml': 'word: hunter2\n' });
    const head = await fetchNow(at);
    const files = await git.files(repository, head, '');
    await git.read(repository, files);
    await expect(git.read(other, files)).rejects.toMatchObject({ code: 'GitMissing' });
  });
});
