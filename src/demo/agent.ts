// The agent as its users run it: `pawl run`, a process of its own. It is led by a leash (leash.ts), and kept away
// from the terminal's Ctrl-C, so that the demo decides about the order in which things end.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { messageOf, PawlError } from '../model/errors.ts';

export interface Agent {
  pid: number;
  /** Aborted, with a PawlError `DemoAgentEnded`, when it ends without having been stopped. */
  gone: AbortSignal;
  /** Ends it in an orderly way; after some seconds, in any way. */
  stop: () => Promise<void>;
}

export interface AgentOptions {
  /** The program, and the arguments that come before its own. */
  command: readonly string[];
  args: readonly string[];
  /** Everything it writes. */
  logPath: string;
  dir: string;
}

const GRACE_MS = 5_000;

export function startAgent({ command, args, logPath, dir }: AgentOptions): Agent {
  const [program = '', ...first] = command;
  const log = openSync(logPath, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(program, [...first, ...args], {
      cwd: dir,
      // Nothing of the ambient environment, least of all a KUBECONFIG.
      env: { PATH: process.env.PATH, HOME: dir, TMPDIR: process.env.TMPDIR },
      stdio: ['pipe', log, log],
      detached: true,
    });
  } finally {
    closeSync(log);
  }
  const gone = new AbortController();
  let isStopping = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(messageOf(error)));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  void ended.then((how) => {
    if (!isStopping) gone.abort(agentEnded(how));
  });
  child.stdin?.on('error', () => {}); // it ended, which `ended` says
  return {
    pid: child.pid ?? -1,
    gone: gone.signal,
    async stop() {
      isStopping = true;
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(timer);
    },
  };
}

function agentEnded(how: string): PawlError {
  return new PawlError({
    code: 'DemoAgentEnded',
    message: `the agent ended by itself (${how})`,
  });
}
