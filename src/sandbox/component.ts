// One process of the control plane: started with a pipe as its standard input, which the kernel closes if we die in
// any way at all, and which makes it exit (controlplane/parent.go). Its output goes to a file of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PawlError } from '../model/errors.ts';
import type { SandboxFolder } from './folder.ts';

const tailLines = 25;

export interface Component {
  name: string;
  pid: number;
  /** Rejects when the process ends without having been stopped; never resolves otherwise. */
  failed: Promise<never>;
  stop(): Promise<void>;
}

export interface ComponentOptions {
  binary: string;
  /** The subcommand of the control plane's binary. */
  name: string;
  args: string[];
  folder: SandboxFolder;
}

export function startComponent({ binary, name, args, folder }: ComponentOptions): Component {
  const logPath = join(folder.path, `${name}.log`);
  const logFile = openSync(logPath, 'a');
  let child: ChildProcess;
  try {
    child = spawn(binary, [name, ...args], {
      cwd: folder.path,
      env: {
        PAWL_EXIT_WITH_STDIN: '1',
        HOME: folder.path,
        PATH: process.env.PATH,
        TMPDIR: process.env.TMPDIR,
      },
      stdio: ['pipe', logFile, logFile],
      // Away from the terminal's Ctrl-C: whoever started us decides about the order in which things end.
      detached: true,
    });
  } finally {
    closeSync(logFile);
  }
  let stopping = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : signal));
  });
  child.stdin?.on('error', () => {}); // it ended: `ended` says so
  const failed = new Promise<never>((_, reject) => {
    void ended.then((how) => {
      if (!stopping) reject(componentFailed(name, how, logPath));
    });
  });
  failed.catch(() => {}); // whoever waits for it also hears of it
  if (child.pid !== undefined) folder.record(name, child.pid);
  // The pipe and the process must not keep an otherwise finished program alive.
  child.unref();
  (child.stdin as unknown as { unref?: () => void })?.unref?.();
  return {
    name,
    pid: child.pid ?? -1,
    failed,
    async stop() {
      stopping = true;
      // Nothing in the folder outlives it, so there is nothing to save by asking politely.
      child.kill('SIGKILL');
      child.ref();
      await ended;
    },
  };
}

function componentFailed(name: string, how: string, logPath: string): PawlError {
  return new PawlError({
    code: 'SandboxComponentFailed',
    message: `${name} ended (${how}). The end of its log:\n${logTail(logPath)}`,
  });
}

export function logTail(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-tailLines).join('\n');
  } catch {
    return '(no log)';
  }
}
