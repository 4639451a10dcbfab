import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { buildBinary, builtBinary, locateBinary } from '../../src/sandbox/build.ts';
import { identify, liveness, ownIdentity } from '../../src/sandbox/identity.ts';
import { withLock } from '../../src/sandbox/lock.ts';
import { prepare } from '../../src/sandbox/prepare.ts';
import { isAtLeast } from '../../src/sandbox/requirements.ts';
import { userCluster } from '../../src/sandbox/user-cluster.ts';
import { temporaryFolder } from '../support/git-server.ts';
import { failOnLeaks } from '../support/leaks.ts';

failOnLeaks();
const signal = new AbortController().signal;

/** A folder with a program of this name and nothing else. */
function programFolder(name: string, script: string): string {
  const dir = temporaryFolder('bin');
  writeFileSync(join(dir, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(dir, name), 0o755);
  return dir;
}

/** Stands in for the go command: "compiles" for a moment and writes the file after -o. */
const fakeGo = programFolder(
  'go',
  'echo "go: downloading example.com v1" >&2; echo "k8s.io/api" >&2; echo x >> "$BUILDS"; sleep 0.5; while [ "$1" != -o ]; do shift; done; mkdir -p "$(dirname "$2")"; echo binary > "$2"',
);

function buildEnvironment(goDir: string) {
  const cache = temporaryFolder('cache');
  const builds = join(cache, 'builds');
  writeFileSync(builds, '');
  return {
    env: { ...process.env, PATH: `${goDir}:/usr/bin:/bin`, PAWL_CACHE_DIR: cache, BUILDS: builds },
    cache,
    builds,
  };
}

test('two builds at once build once, and say so', async () => {
  const { env, cache } = buildEnvironment(fakeGo);
  const lines: string[] = [];
  const build = () => buildBinary({ signal, log: (line) => lines.push(line) }, env);
  const [one, other] = await Promise.all([build(), build()]);
  expect(one).toBe(other);
  expect(existsSync(one)).toBe(true);
  expect(readdirSync(join(cache, 'controlplane'))).toEqual([locateBinary(env).hash]);
  expect(lines.filter((line) => line.includes('building it once'))).toHaveLength(1);
  expect(lines.some((line) => line.includes(`process ${process.pid} is building it`))).toBe(true);
  expect(await build()).toBe(one);
  expect(builtBinary(env)).toBe(one);
});

test('binaries of older sources and builds that were killed are removed', async () => {
  const { env, cache } = buildEnvironment(fakeGo);
  for (const name of ['0123456789abcdef', 'building-999999999']) {
    mkdirSync(join(cache, 'controlplane', name), { recursive: true });
  }
  await buildBinary({ signal, log: () => {} }, env);
  expect(readdirSync(join(cache, 'controlplane'))).toEqual([locateBinary(env).hash]);
});

test('a build that fails shows what go said and leaves nothing', async () => {
  const { env, cache } = buildEnvironment(programFolder('go', 'echo "main.go:1: no such thing" >&2; exit 1'));
  await expect(buildBinary({ signal, log: () => {} }, env)).rejects.toThrow(/main\.go:1: no such thing/);
  expect(readdirSync(join(cache, 'controlplane'))).toEqual([]);
  expect(() => builtBinary(env)).toThrow(/not built/);
});

test('a lock whose owner is dead is taken over, one whose owner lives is waited for', async () => {
  const path = join(temporaryFolder('lock'), 'lock');
  const dead = { ...ownIdentity(), startedAt: 'before' };
  writeFileSync(path, JSON.stringify(dead));
  expect(await withLock(path, { signal, onWait: () => {} }, async () => 'mine')).toBe('mine');
  expect(existsSync(path)).toBe(false);

  writeFileSync(path, JSON.stringify(ownIdentity()));
  const stop = new AbortController();
  const waiting = withLock(
    path,
    { signal: stop.signal, onWait: (pid) => stop.abort(new Error(`held by ${pid}`)) },
    async () => 'never',
  );
  await expect(waiting).rejects.toThrow();
  expect(existsSync(path)).toBe(true);
});

test('an owner is told from another process with its pid, and from one that is counted elsewhere', () => {
  const own = ownIdentity();
  expect(liveness(own)).toBe('alive');
  expect(liveness({ ...own, startedAt: '1' })).toBe('dead');
  expect(liveness({ ...own, space: 'another host' })).toBe('elsewhere');
  expect(identify(999_999_999)).toBeUndefined();
});

test.each([
  { found: '1.26.0', wanted: '1.26.0', want: true },
  { found: '1.26.8', wanted: '1.26.0', want: true },
  { found: '1.27rc1', wanted: '1.26.0', want: true },
  { found: '1.9', wanted: '1.26.0', want: false },
  { found: '1.25.12', wanted: '1.26', want: false },
  { found: '2', wanted: '1.26', want: true },
])('Go $found is enough for $wanted: $want', ({ found, wanted, want }) => {
  expect(isAtLeast(found, wanted)).toBe(want);
});

test('everything that is missing is named at once, with how to get it', async () => {
  const program = fileURLToPath(new URL('../../src/sandbox/prepare.ts', import.meta.url));
  const old = programFolder('go', 'echo go1.19.4');
  const started = promisify(execFile)(process.execPath, [program], {
    env: { PATH: old, PAWL_CACHE_DIR: temporaryFolder('cache') },
  });
  await expect(started).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /git with http-backend[^]*apt-get install git[^]*Go 1\.\d+\.\d+ or newer[^]*found 1\.19\.4[^]*go\.dev/,
    ),
  });
});

test('a cluster of the user’s own needs no build', async () => {
  const { env } = buildEnvironment(programFolder('go', 'exit 1'));
  await prepare({ signal, log: () => {}, env: { ...env, PAWL_TEST_KUBECONFIG: '/some/kubeconfig' } });
});

test.each([
  { name: 'no file', text: undefined, says: /cannot read the kubeconfig/ },
  { name: 'no YAML', text: '{', says: /cannot read the kubeconfig/ },
  {
    name: 'no current context',
    text: 'clusters: [{name: a, cluster: {server: https://x}}]',
    says: /leads to no cluster/,
  },
])('a kubeconfig with $name is refused', ({ text, says }) => {
  const path = join(temporaryFolder('kubeconfig'), 'config');
  if (text !== undefined) writeFileSync(path, text);
  expect(() => userCluster(path)).toThrow(says);
  expect(dirname(path)).toBeTruthy();
});
