// What a bench runs in: a control plane whose controllers are not throttled, a git server, and an agent.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type ControlPlane, startControlPlane } from '../src/sandbox/controlplane.ts';
import { type GitServer, startGitServer } from '../src/sandbox/git-server.ts';
import { prepare } from '../src/sandbox/prepare.ts';

const root = new URL('../', import.meta.url).pathname;

export interface Setting {
  plane: ControlPlane;
  git: GitServer;
  folder: string;
  /** kubectl that throws where it fails. */
  kubectl(args: string[], stdin?: string): Promise<string>;
  /** Starts the bundled agent as manifests/deployment.yaml does; its log lines are collected. */
  agent(options?: { flags?: string[] }): Promise<AgentLog>;
  /** Until so many more looks at a branch have been answered. */
  looks(count: number): Promise<void>;
  /** Deletes a namespace with all that is in it, and waits until that is done. */
  clear(namespace: string): Promise<void>;
  stop(): Promise<void>;
}

export interface LogLine {
  time: string;
  msg: string;
  [field: string]: unknown;
}

export interface AgentLog {
  lines: LogLine[];
  /** Waits for a line of the log, at that place or after it. */
  logged(matches: (line: LogLine) => boolean, from?: number): Promise<void>;
  /** Resident memory now. */
  rssMb(): number;
  /** The most that it was so far. */
  peakMb(): number;
  /** Time of the processor that it has taken, user and system. */
  cpuMs(): number;
  stop(): Promise<void>;
}

const REQUESTS_OF_A_LOOK = 2;

export async function openSetting(): Promise<Setting> {
  await prepare({
    signal: new AbortController().signal,
    log: (line) => process.stderr.write(`${line}\n`),
    env: process.env,
  });
  const plane = await startControlPlane({ timeScale: 0.05 });
  const git = await startGitServer();
  const folder = mkdtempSync(join(tmpdir(), 'pawl-bench-'));
  const children: ChildProcess[] = [];
  const kubectl = async (args: string[], stdin?: string) => {
    const { code, stdout, stderr } = await plane.kubectl(args, stdin);
    if (code !== 0) throw new Error(`kubectl ${args.slice(0, 4).join(' ')}: ${stderr.trim().slice(0, 500)}`);
    return stdout;
  };
  await kubectl([
    'apply',
    '-f',
    join(root, 'manifests/crd.yaml'),
    '-f',
    join(root, 'manifests/namespace.yaml'),
  ]);
  await kubectl(['wait', '--for=condition=Established', 'crd/apps.pawl.dev', '--timeout=30s']);
  return {
    plane,
    git,
    folder,
    kubectl,
    async agent({ flags = [] } = {}) {
      const child = spawn(
        process.execPath,
        [
          join(root, 'dist/pawl.js'),
          'run',
          `--kubeconfig=${plane.kubeconfig}`,
          '--listen=127.0.0.1:0',
          `--cache-dir=${join(folder, 'cache')}`,
          ...flags,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, MALLOC_ARENA_MAX: '1' } },
      );
      children.push(child);
      const lines: LogLine[] = [];
      const waiting = new Set<(line: LogLine) => void>();
      createInterface({ input: child.stdout }).on('line', (text) => {
        const line = JSON.parse(text) as LogLine;
        lines.push(line);
        for (const tell of waiting) tell(line);
      });
      return {
        lines,
        logged: (matches, from = 0) =>
          new Promise((resolve) => {
            if (lines.slice(from).some(matches)) return resolve();
            const tell = (line: LogLine) => {
              if (!matches(line)) return;
              waiting.delete(tell);
              resolve();
            };
            waiting.add(tell);
          }),
        rssMb: () => memoryMb(child.pid ?? 0, 'VmRSS'),
        peakMb: () => memoryMb(child.pid ?? 0, 'VmHWM'),
        cpuMs: () => cpuMs(child.pid ?? 0),
        stop: () => ended(child),
      };
    },
    async looks(count) {
      const enough = git.requests.length + count * REQUESTS_OF_A_LOOK;
      while (git.requests.length < enough) await delay(5);
    },
    async clear(namespace) {
      await kubectl(['delete', 'namespace', namespace, '--wait=true', '--timeout=600s']);
    },
    async stop() {
      for (const child of children) await ended(child);
      await git.close();
      await plane.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  if (child.kill('SIGTERM')) await exit;
}

function memoryMb(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const match = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(match?.[1] ?? 0) / 1024);
}

/** In ticks of a hundredth of a second, after the name of the program, which may hold blanks. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
