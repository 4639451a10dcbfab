// `pawl status`: once, or drawn anew with every change.

import { Command } from 'commander';
import { PawlError } from '../model/errors.ts';
import { appNameOf } from './app.ts';
import type { Connection, Environment, ExitCode } from './environment.ts';
import { type UserFlags, withExamples, withUserFlags } from './flags.ts';
import { type Paint, paintFor } from './print/paint.ts';
import { safeJson } from './print/safe.ts';
import { printApp, printApps } from './print/status.ts';
import { answer, asText, withConnection } from './shell.ts';
import { statusOnce, statusWatch, type Subject } from './status-sources.ts';
import type { AppData, AppsData } from './status.ts';

interface StatusFlags extends UserFlags {
  allNamespaces?: boolean;
  watch?: boolean;
}

const CLEAR = '\u001b[2J\u001b[3J\u001b[H';

export function statusCommand(environment: Environment, finish: (code: number) => void): Command {
  const command = new Command('status')
    .description('what runs, what is healthy, and what is under way; with an App, pod by pod')
    .argument('[app]', 'NAME or NAMESPACE/NAME (default: all Apps of the namespace)')
    .option('-A, --all-namespaces', 'Apps of all namespaces')
    .option('-w, --watch', 'stay, and draw it anew when something changes')
    .action(async (app: string | undefined, flags: StatusFlags) => {
      finish(
        await withConnection(environment, flags, (connection) => status(environment, connection, app, flags)),
      );
    });
  return withExamples(withUserFlags(command), [
    ['pawl status', 'the Apps of the current namespace'],
    ['pawl status -A', 'all Apps'],
    ['pawl status shop --watch', 'a rollout, pod by pod, until Ctrl-C'],
    ['pawl status team-a/shop -o json', 'for programs'],
  ]);
}

async function status(
  environment: Environment,
  connection: Connection,
  app: string | undefined,
  flags: StatusFlags,
): Promise<ExitCode> {
  const { clock, signal, stdout, env } = environment;
  const subject = subjectOf(app, flags, connection.currentNamespace);
  const now = () => clock.now();
  const print = (data: AppData | AppsData, paint: Paint): string[] =>
    'apps' in data
      ? printApps(data, 'namespace' in subject ? subject.namespace : undefined, paint)
      : printApp(data, now(), paint);
  if (flags.watch !== true) {
    const data = await statusOnce(connection, subject, now, signal);
    return answer(environment, flags, { exitCode: 0, data }, print);
  }
  let shown = '';
  const show = (data: AppData | AppsData): void => {
    const text = flags.output === 'json' ? safeJson(data) : asText(print(data, paintFor(stdout, env)));
    if (text === shown) return;
    const between = stdout.isTTY === true && flags.output !== 'json' ? CLEAR : shown === '' ? '' : '\n';
    stdout.write(`${between}${text}`);
    shown = text;
  };
  try {
    return await statusWatch(connection, subject, now, show, signal);
  } catch (error) {
    // Ctrl-C is how one ends it.
    if (signal.aborted) return 0;
    throw error;
  }
}

function subjectOf(app: string | undefined, flags: StatusFlags, currentNamespace: string): Subject {
  if (app === undefined) {
    return { namespace: flags.allNamespaces === true ? undefined : (flags.namespace ?? currentNamespace) };
  }
  if (flags.allNamespaces !== true) return { app: appNameOf(app, flags.namespace, currentNamespace) };
  throw new PawlError({
    code: 'BadName',
    message: `one App (${app}) and all namespaces cannot both be meant`,
    hint: 'Leave out the name, or --all-namespaces.',
  });
}
