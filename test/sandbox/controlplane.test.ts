import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { builtBinary } from '../../src/sandbox/build.ts';
import { startControlPlane } from '../../src/sandbox/controlplane.ts';
import { sweep } from '../../src/sandbox/folder.ts';
import { identify } from '../../src/sandbox/identity.ts';
import { userCluster } from '../../src/sandbox/user-cluster.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/git-server.ts';
import { failOnLeaks } from '../support/leaks.ts';

failOnLeaks();

const holder = fileURLToPath(new URL('../support/hold-controlplane.ts', import.meta.url));
const holders: ChildProcess[] = [];
afterAll(() => {
  for (const child of holders) child.kill('SIGKILL');
});

interface Held {
  parent: ChildProcess;
  dir: string;
  server: string;
  kubeconfig: string;
  pids: number[];
}

/** A program of its own that starts a control plane and then waits. */
async function startInAnotherProcess(): Promise<Held> {
  const parent = spawn(process.execPath, [holder], { stdio: ['ignore', 'pipe', 'inherit'] });
  holders.push(parent);
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    parent.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.includes('\n')) resolve(text);
    });
    parent.once('exit', (code) => reject(new Error(`ended with ${code} before it had started`)));
  });
  const started = JSON.parse(line);
  return { parent, ...started, pids: pidsRecordedIn(started.dir) };
}

function pidsRecordedIn(dir: string): number[] {
  const names = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'];
  return names.map((name) => JSON.parse(readFileSync(join(dir, 'processes', `${name}.json`), 'utf8')).pid);
}

const alive = (pids: number[]) => pids.filter((pid) => identify(pid) !== undefined);

test('two control planes run side by side, and stopping one leaves the other as it is', async () => {
  const [one, other] = await Promise.all([startControlPlane(), startControlPlane()]);
  try {
    expect(one.server).not.toBe(other.server);
    expect((await one.kubectl(['create', 'configmap', 'only-here'])).code).toBe(0);
    expect((await other.kubectl(['get', 'configmap', 'only-here'])).stderr).toContain('not found');
    const pids = pidsRecordedIn(one.dir);
    expect(alive(pids)).toEqual(pids);

    await one.stop();
    expect(alive(pids)).toEqual([]);
    expect(existsSync(one.dir)).toBe(false);

    const nodes = await other.kubectl(['get', 'nodes', '--output=name']);
    expect(nodes).toMatchObject({ code: 0, stdout: 'node/node-1\nnode/node-2\n' });
    expect(userCluster(other.kubeconfig).server).toBe(other.server);
  } finally {
    await Promise.all([one.stop(), other.stop()]);
  }
});

test('a killed parent leaves no process, and the next run removes its folder', async () => {
  const { parent, dir, pids } = await startInAnotherProcess();
  expect(alive(pids)).toEqual(pids);
  parent.kill('SIGKILL');
  await eventually(() => expect(alive(pids)).toEqual([]), { timeoutMs: 5_000 });
  sweep(); // or another run's, which may have come first
  expect(existsSync(dir)).toBe(false);
});

test('a sweep ends what a dead owner left running and touches nothing of a living one', async () => {
  const dead = spawn(process.execPath, ['--eval', '']);
  const deadIdentity = identify(dead.pid ?? 0);
  const left = spawn('sleep', ['60']);
  const kept = spawn('sleep', ['60']);
  try {
    await new Promise((resolve) => dead.once('exit', resolve));
    const folder = (owner: unknown, running: ChildProcess) => {
      const dir = mkdtempSync(join(tmpdir(), 'pawl-sandbox-'));
      mkdirSync(join(dir, 'processes'));
      writeFileSync(join(dir, 'owner.json'), JSON.stringify(owner));
      writeFileSync(join(dir, 'processes', 'sleep.json'), JSON.stringify(identify(running.pid ?? 0)));
      return dir;
    };
    const abandoned = folder(deadIdentity, left);
    const own = folder(identify(process.pid), kept);
    const elsewhere = folder({ ...deadIdentity, space: 'another host' }, kept);

    sweep();
    expect([abandoned, own, elsewhere].map((dir) => existsSync(dir))).toEqual([false, true, true]);
    await eventually(() => expect(alive([left.pid ?? 0])).toEqual([]));
    expect(alive([kept.pid ?? 0])).toEqual([kept.pid]);
    execFileSync('rm', ['-r', own, elsewhere]);
  } finally {
    left.kill();
    kept.kill();
  }
});

test('a start that is cancelled rejects with the reason and leaves nothing', async () => {
  const reason = new Error('changed my mind');
  const stop = new AbortController();
  const before = ownFolders();
  const starting = startControlPlane({ signal: stop.signal });
  await eventually(() => expect(ownFolders().length).toBe(before.length + 1));
  stop.abort(reason);
  await expect(starting).rejects.toBe(reason);
  expect(ownFolders()).toEqual(before);
});

test('a component that fails ends the start with the end of its log', async () => {
  const binary = join(temporaryFolder('binary'), 'broken');
  writeFileSync(binary, '#!/bin/sh\necho "the disk is on fire" >&2\nexit 3\n', { mode: 0o755 });
  await expect(startControlPlane({ binary })).rejects.toThrow(/ended \(exit code 3\)[^]*the disk is on fire/);
});

test.each([
  { args: [], code: 2, says: /Usage: pawl-controlplane <command>/ },
  { args: ['etdc'], code: 2, says: /unknown command "etdc"/ },
  { args: ['etcd'], code: 2, says: /--data-dir and --socket are required/ },
  { args: ['etcd', '--data-dir=x', '--socket=y'], code: 2, says: /--socket must be an absolute path/ },
  { args: ['etcd', '--data-dir=x', '--socket=/y', 'z'], code: 2, says: /unexpected argument "z"/ },
  { args: ['help'], code: 0, says: /kube-apiserver/ },
])('the binary answers $args with exit code $code', async ({ args, code, says }) => {
  const child = spawn(builtBinary(), args);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(code);
  expect(text).toMatch(says);
});

function ownFolders(): string[] {
  const list = execFileSync('ls', [tmpdir()], { encoding: 'utf8' }).split('\n');
  return list.filter((name) => name.startsWith(`pawl-sandbox-${process.pid}-`));
}
