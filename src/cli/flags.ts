// Flags that several commands share, and how their texts are read.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDurationMs } from '../model/duration.ts';
import type { ClusterFlags } from './environment.ts';

export interface UserFlags extends ClusterFlags {
  namespace?: string;
  output?: 'json';
}

export interface TimeoutFlag {
  timeout: number;
}

export const DEFAULT_TIMEOUT = '10m';

/** Where the App is, and how the answer is written. */
export function withUserFlags(command: Command): Command {
  return command
    .option('-n, --namespace <name>', "namespace of the App (default: the kubeconfig context's)")
    .option('--kubeconfig <file>', 'kubeconfig to use (default: as kubectl does)')
    .option('--context <name>', 'context of the kubeconfig (default: the current one)')
    .addOption(
      new Option('-o, --output <format>', 'json for programs; text for people is the default').choices([
        'json',
      ]),
    );
}

export function withTimeout(command: Command, what: string): Command {
  const text = `how long ${what}, such as 90s or 15m; 0 for ever`;
  return command.addOption(
    new Option('--timeout <duration>', text)
      .default(timeoutOf(DEFAULT_TIMEOUT), DEFAULT_TIMEOUT)
      .argParser(timeoutOf),
  );
}

/** Longer than this a timer cannot run. */
const LONGEST_MS = 7 * 24 * 3_600_000;

export function timeoutOf(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms <= LONGEST_MS) return ms;
  throw new InvalidArgumentError('Write it like 90s, 15m or 1h; at most 168h.');
}

export function withExamples(
  command: Command,
  examples: readonly [line: string, meaning: string][],
): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, meaning]) => `  ${line.padEnd(width)}  # ${meaning}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
