// Pawl's own command line, with the arguments and the output that a person would see, in this process.

import type { Environment } from '../cli/environment.ts';
import { program } from '../cli/program.ts';

export interface CommandResult {
  exitCode: number;
  /** Both streams, as they came. */
  lines: string[];
}

export async function runPawl(
  environment: Environment,
  args: readonly string[],
  signal: AbortSignal,
): Promise<CommandResult> {
  let text = '';
  const output = {
    write(part: string) {
      text += part;
    },
  };
  const pawl = program({
    environment: { ...environment, stdout: output, stderr: output, signal },
    run: notHere,
    demo: notHere,
  });
  const exitCode = await pawl.main(args);
  signal.throwIfAborted();
  return { exitCode, lines: text.trimEnd().split('\n') };
}

function notHere(): Promise<never> {
  return Promise.reject(new Error('only commands for users are run here'));
}
