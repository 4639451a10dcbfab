// The commands that people and CI use on a cluster: flags in, handler, answer out.

import { Command } from 'commander';
import { appNameOf } from './app.ts';
import { diff } from './diff.ts';
import type { Connection, Environment, ExitCode, Result } from './environment.ts';
import { type TimeoutFlag, type UserFlags, withExamples, withTimeout, withUserFlags } from './flags.ts';
import { history } from './history.ts';
import type { AppName } from '../model/events.ts';
import {
  printDiff,
  printRelease,
  printSuspend,
  printUndo,
  printUndoPreview,
  printWait,
} from './print/answers.ts';
import { printHistory } from './print/history.ts';
import type { Paint } from './print/paint.ts';
import { release } from './release.ts';
import { parseRevision, type RevisionText } from './revision.ts';
import { answer, teller, withConnection } from './shell.ts';
import { suspend } from './suspend.ts';
import { undo, undoPreview } from './undo.ts';
import { wait } from './wait.ts';

type Finish = (code: number) => void;

const APP = 'NAME or NAMESPACE/NAME';

export function userCommands(environment: Environment, finish: Finish): Command[] {
  return [
    historyCommand(environment, finish),
    diffCommand(environment, finish),
    undoCommand(environment, finish),
    releaseCommand(environment, finish),
    suspendCommand(environment, finish, true),
    suspendCommand(environment, finish, false),
    waitCommand(environment, finish),
  ];
}

/** Connects, finds out which App is meant, does the work and writes the answer. */
async function onApp<Data>(
  environment: Environment,
  app: string,
  flags: UserFlags,
  work: (connection: Connection, name: AppName) => Promise<Result<Data>>,
  print: (data: Data, paint: Paint) => readonly string[],
): Promise<ExitCode> {
  return withConnection(environment, flags, async (connection) => {
    const name = appNameOf(app, flags.namespace, connection.currentNamespace);
    return answer(environment, flags, await work(connection, name), print);
  });
}

function historyCommand(environment: Environment, finish: Finish): Command {
  const command = new Command('history')
    .description(
      'every release of an App: commit, author, outcome, how long, why it failed, what reverted it',
    )
    .argument('<app>', APP)
    .action(async (app: string, flags: UserFlags) => {
      const print = (data: Parameters<typeof printHistory>[0], paint: Paint) =>
        printHistory(data, environment.clock.now(), paint);
      finish(await onApp(environment, app, flags, (to, name) => history(environment, to, name), print));
    });
  return withExamples(withUserFlags(command), [
    ['pawl history shop', 'newest first; * marks what runs'],
    ['pawl history team-a/shop -o json', 'for programs'],
  ]);
}

function diffCommand(environment: Environment, finish: Finish): Command {
  const command = new Command('diff')
    .description(
      'how what is live differs from what the commit says: exit code 0 not at all, 1 it does, 2 an error',
    )
    .argument('<app>', APP)
    .action(async (app: string, flags: UserFlags) => {
      finish(await onApp(environment, app, flags, (to, name) => diff(environment, to, name), printDiff));
    });
  return withExamples(withUserFlags(command), [
    ['pawl diff shop', 'object by object; values of Secrets are never shown'],
    ['pawl diff shop -n team-a -o json', 'for programs'],
  ]);
}

interface UndoCommandFlags extends UserFlags, TimeoutFlag {
  to?: string;
  dryRun?: boolean;
  wait?: boolean;
}

function undoCommand(environment: Environment, finish: Finish): Command {
  const command = new Command('undo')
    .description('take an App back to a former revision by a new commit on its branch')
    .argument('<app>', APP)
    .option(
      '--to <revision>',
      'commit, in full or its start, or main@sha1:… (default: the previous healthy one)',
    )
    .option(
      '--dry-run',
      'show the commit it would make and what the API server says would change; change nothing',
    )
    .option('--wait', 'wait until the new commit is healthy')
    .action(async (app: string, flags: UndoCommandFlags) => {
      const to: RevisionText | undefined = flags.to === undefined ? undefined : parseRevision(flags.to);
      if (flags.dryRun === true) {
        const preview = (on: Connection, name: AppName) => undoPreview(environment, on, name, to);
        finish(await onApp(environment, app, flags, preview, printUndoPreview));
        return;
      }
      const { wait = false, timeout: timeoutMs } = flags;
      const work = (on: Connection, name: AppName) =>
        undo(environment, on, name, { to, wait, timeoutMs }, teller(environment));
      finish(await onApp(environment, app, flags, work, printUndo));
    });
  return withExamples(withTimeout(withUserFlags(command), '--wait waits'), [
    ['pawl undo shop --dry-run', 'what going back would do'],
    ['pawl undo shop', 'to the previous healthy revision'],
    ['pawl undo shop --to 3f2a9c1 --wait', 'to that revision, and wait until it is healthy'],
  ]);
}

function releaseCommand(environment: Environment, finish: Finish): Command {
  const command = new Command('release')
    .description('look at the branch and release now, also where the App is held')
    .argument('<app>', APP)
    .option('--wait', 'wait for the outcome')
    .action(async (app: string, flags: UserFlags & TimeoutFlag & { wait?: boolean }) => {
      const { wait = false, timeout: timeoutMs } = flags;
      const work = (on: Connection, name: AppName) => release(environment, on, name, { wait, timeoutMs });
      finish(await onApp(environment, app, flags, work, printRelease));
    });
  return withExamples(withTimeout(withUserFlags(command), '--wait waits'), [
    ['pawl release shop', 'now, not with the next look at the branch'],
    ['pawl release shop --wait --timeout 5m', 'exit code 0 healthy, 1 not, 3 undecided'],
  ]);
}

function suspendCommand(environment: Environment, finish: Finish, suspended: boolean): Command {
  const verb = suspended ? 'suspend' : 'resume';
  const command = new Command(verb)
    .description(
      suspended ? 'leave an App alone: poll, write and revert nothing' : 'follow a suspended App again',
    )
    .argument('<app>', APP)
    .action(async (app: string, flags: UserFlags) => {
      const work = (on: Connection, name: AppName) => suspend(environment, on, name, suspended);
      finish(await onApp(environment, app, flags, work, printSuspend));
    });
  return withExamples(withUserFlags(command), [
    [`pawl ${verb} shop`, suspended ? 'it keeps running as it is' : 'what the branch says is released'],
  ]);
}

function waitCommand(environment: Environment, finish: Finish): Command {
  const command = new Command('wait')
    .description('for CI: wait for a commit: exit code 0 healthy, 1 failed, reverted or undone, 3 undecided')
    .argument('<app>', APP)
    .requiredOption('--commit <sha>', 'the commit, in full or its first 7 or more digits')
    .action(async (app: string, flags: UserFlags & TimeoutFlag & { commit: string }) => {
      const revision = parseRevision(flags.commit);
      const options = { revision, timeoutMs: flags.timeout };
      const work = (on: Connection, name: AppName) =>
        wait(environment, on, name, options, teller(environment));
      finish(await onApp(environment, app, flags, work, printWait));
    });
  return withExamples(withTimeout(withUserFlags(command), 'to wait'), [
    ['pawl wait shop --commit "$(git rev-parse HEAD)"', 'after a push, in CI'],
    ['pawl wait team-a/shop --commit 3f2a9c1 --timeout 15m', 'a commit by its start'],
  ]);
}
