// What every command does around its own work: connect, write the answer, close; and how errors are written.

import type { ClusterFlags, Connection, Environment, ExitCode, Result } from './environment.ts';
import { explain } from './explain.ts';
import type { UserFlags } from './flags.ts';
import { type Paint, paintFor } from './print/paint.ts';
import { safe, safeJson } from './print/safe.ts';

export async function withConnection<T>(
  environment: Environment,
  flags: ClusterFlags,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { kubeconfig, context } = flags;
  const connection = await environment.connect({ kubeconfig, context }, environment.signal);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** Writes data as JSON or as lines, and gives the exit code. */
export function answer<Data>(
  environment: Environment,
  { output }: UserFlags,
  { exitCode, data }: Result<Data>,
  print: (data: Data, paint: Paint) => readonly string[],
): ExitCode {
  const { stdout, env } = environment;
  if (output === 'json') stdout.write(safeJson(data));
  else stdout.write(asText(print(data, paintFor(stdout, env))));
  return exitCode;
}

export function asText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** A line on how it goes on; never on stdout, which belongs to the answer. */
export function teller({ stderr }: Environment): (line: string) => void {
  return (line) => {
    stderr.write(`${safe(line.replaceAll('\n', ' '))}\n`);
  };
}

export function writeError({ stderr, env }: Environment, error: unknown): void {
  const paint = paintFor(stderr, env);
  const { message, hint } = explain(error);
  stderr.write(`${paint('red', 'error:')} ${safe(message)}\n`);
  if (hint !== undefined) stderr.write(`${paint('yellow', 'hint:')} ${safe(hint)}\n`);
  if (env.PAWL_DEBUG && error instanceof Error) stderr.write(`${safe(error.stack ?? '')}\n`);
}
