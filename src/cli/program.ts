// The command line as a whole. Every way to end has one of four exit codes: 0 yes or done; 1 no, differs, failed
// or reverted; 2 wrong usage or an error; 3 undecided, timed out or interrupted.

import { Command, CommanderError } from 'commander';
import type { RunFlags } from '../config.ts';
import { type DemoFlags, demoCommand, runCommand } from './agent-commands.ts';
import type { Environment } from './environment.ts';
import { withExamples } from './flags.ts';
import { writeError } from './shell.ts';
import { statusCommand } from './status-command.ts';
import { userCommands } from './user-commands.ts';

export interface ProgramParts {
  environment: Environment;
  /** Resolve to an exit code. */
  run: (flags: RunFlags) => Promise<number>;
  demo: (flags: DemoFlags) => Promise<number>;
}

export interface Program {
  /** Does what the arguments (without node and script) say; resolves to the exit code and never throws. */
  main: (args: readonly string[]) => Promise<number>;
}

export function program({ environment, run, demo }: ProgramParts): Program {
  let exitCode = 0;
  const finish = (code: number): void => {
    exitCode = code;
  };
  const root = new Command('pawl')
    .description('A GitOps agent that only moves forward: a release that fails becomes a git revert.')
    .version(environment.version, '-V, --version', 'print the version');
  withExamples(root, [
    ['pawl demo', 'see it at work, on this machine'],
    ['pawl status -A', 'what runs where'],
    ['pawl undo shop --dry-run', 'what going back would do'],
  ]).addHelpText(
    'after',
    '\nExit codes: 0 yes or done; 1 no, differs, failed or reverted; 2 wrong usage or an error; 3 undecided or timed out.',
  );
  for (const command of [
    runCommand(run, finish),
    demoCommand(demo, finish),
    statusCommand(environment, finish),
    ...userCommands(environment, finish),
  ]) {
    root.addCommand(command);
  }
  for (const command of [root, ...root.commands]) tame(command, environment);

  return {
    async main(args) {
      exitCode = 0;
      try {
        await root.parseAsync([...args], { from: 'user' });
        return exitCode;
      } catch (error) {
        if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
        if (environment.signal.aborted) return 3;
        writeError(environment, error);
        return 2;
      }
    },
  };
}

/** commander writes to our streams and never ends the process. */
function tame(command: Command, { stdout, stderr }: Environment): void {
  const name = command.parent === null ? 'pawl' : `pawl ${command.name()}`;
  command
    .exitOverride()
    .allowExcessArguments(false)
    .showHelpAfterError(`hint: \`${name} --help\` shows what it takes.`)
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
    });
}
