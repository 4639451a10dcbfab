// What a bench runs in: a control plane whose controllers are not throttled, a git server, and an agent.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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
  /** Starts the bundled agent; its log lines are collected. */
  agent(): Promise<AgentLog>;
  stop(): Promise<void>;
}

export interface AgentLog {
  lines: { time: string; msg: string; [field: string]: unknown }[];
  rssMb(): number;
}

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
    async agent() {
      const flags = [
        `--kubeconfig=${plane.kubeconfig}`,
        '--listen=127.0.0.1:0',
        `--cache-dir=${join(folder, 'cache')}`,
      ];
      const child = spawn(process.execPath, [join(root, 'dist/pawl.js'), 'run', ...flags], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(child);
      const lines: AgentLog['lines'] = [];
      createInterface({ input: child.stdout }).on('line', (line) =>
        lines.push(JSON.parse(line) as AgentLog['lines'][number]),
      );
      return { lines, rssMb: () => rssMb(child.pid ?? 0) };
    },
    async stop() {
      for (const child of children) {
        const exit = new Promise((resolve) => child.once('exit', resolve));
        if (child.exitCode === null && child.kill('SIGTERM')) await exit;
      }
      await git.close();
      await plane.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function rssMb(pid: number): number {
  const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(match?.[1] ?? 0) / 1024);
}
