// `pawl demo` as a child, with a temporary folder of its own: what it leaves behind is what is left in there, and
// what still runs from there.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/git-server.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

export interface DemoProcess {
  child: ChildProcess;
  /** Everything written so far, to both streams. */
  output(): string;
  /** Waits until the text has been written; fails when the demo ends before. */
  says(text: string | RegExp, timeoutMs: number): Promise<void>;
  /** The exit code; null after a signal. */
  ended: Promise<number | null>;
}

const running = new Set<ChildProcess>();

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

export function startDemo(tmp: string, args: string[], env: Record<string, string> = {}): DemoProcess {
  const child = spawn(process.execPath, [main, 'demo', ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: temporaryFolder('home'),
      TMPDIR: tmp,
      // Never to be read: it may be production's.
      KUBECONFIG: join(tmp, 'ambient'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  let isOver = false;
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      isOver = true;
      running.delete(child);
      resolve(code);
    });
  });
  return {
    child,
    ended,
    output: () => text,
    async says(what, timeoutMs) {
      const isSaid = () => (typeof what === 'string' ? text.includes(what) : what.test(text));
      const wait = async () => {
        if (!isSaid() && !isOver) throw new Error(text);
      };
      await eventually(wait, { timeoutMs, describe: `the demo to say ${what}` });
      if (!isSaid()) throw new Error(`the demo has ended without saying ${what}: ${text}`);
    },
  };
}

export function demoFolder(): string {
  return temporaryFolder('demo');
}

/** Command lines of all processes on this machine that name the folder. */
export function processesIn(folder: string): string[] {
  return commandLines().filter((line) => line.includes(folder));
}

export function filesIn(folder: string): string[] {
  // Node's own cache of compiled code, where the environment asks for one, is not the demo's.
  return readdirSync(folder).filter((name) => name !== 'node-compile-cache');
}

function commandLines(): string[] {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return []; // it ended meanwhile
      }
    });
  } catch {
    return execFileSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' }).split('\n');
  }
}
