// `pawl wait`: for CI. Whether one commit became healthy, decided anew whenever the App changes.

import type { App } from '../model/app.ts';
import type { AppName } from '../model/events.ts';
import { ApiError, PawlError } from '../model/errors.ts';
import { readApp } from './app.ts';
import type { Connection, Environment, Result } from './environment.ts';
import { explain } from './explain.ts';
import { commitsIn, complete, isFull, onBranch, type RevisionText } from './revision.ts';
import { type Branch, openBranch, statusOnly } from './wait-branch.ts';
import { type WaitAnswer, waitAnswer } from './wait-decision.ts';
import { watchApp } from './watch-app.ts';

export interface WaitFlags {
  revision: RevisionText;
  /** 0: no limit. */
  timeoutMs: number;
}

export interface WaitData {
  app: AppName;
  /** In full. */
  commit: string;
  outcome: 'Healthy' | 'Reverted' | 'Undone' | 'Failed' | 'Held' | 'TimedOut';
  message: string;
  /** The revision that brought it, or the commit that undid it. */
  by?: string;
}

/** `tell` is given a line for people whenever what is waited for changes. */
export async function wait(
  environment: Environment,
  connection: Connection,
  name: AppName,
  flags: WaitFlags,
  tell: (line: string) => void,
): Promise<Result<WaitData>> {
  const { clock, signal } = environment;
  let branch: Branch | undefined;
  let message = '';
  const app = await readApp(connection, name, signal);
  onBranch(flags.revision, app);
  const answer = await watchApp<WaitAnswer>(
    connection,
    name,
    async (app, inTime) => {
      branch ??= await branchOf(environment, connection, app, flags.revision, tell, inTime);
      const facts = await branch.facts(app, inTime);
      const found = waitAnswer(facts, app.status, app.spec.suspend === true);
      if (found.kind !== 'waiting') return found;
      if (found.message !== message) tell(`waiting: ${found.message}`);
      message = found.message;
      return undefined;
    },
    { clock, signal, timeoutMs: flags.timeoutMs },
  );
  const commit = branch?.commit ?? flags.revision.hex;
  return resultOf(name, commit, answer ?? { kind: 'waiting', message });
}

function resultOf(app: AppName, commit: string, answer: WaitAnswer): Result<WaitData> {
  const { message } = answer;
  switch (answer.kind) {
    case 'healthy':
      return { exitCode: 0, data: { app, commit, outcome: 'Healthy', message, by: answer.in } };
    case 'failed':
      return { exitCode: 1, data: { app, commit, outcome: answer.outcome, message, by: answer.by } };
    case 'waiting':
      return { exitCode: 3, data: { app, commit, outcome: 'TimedOut', message } };
  }
}

/** Errors that say something about the commit, not about what can be read from here. */
const ABOUT_THE_COMMIT = new Set(['CommitNotInBranch', 'AmbiguousRevision', 'InvalidSpec', 'NotSupported']);

async function branchOf(
  environment: Environment,
  connection: Connection,
  app: App,
  revision: RevisionText,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Branch> {
  try {
    return await openBranch(environment, connection, app, revision, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PawlError) || ABOUT_THE_COMMIT.has(error.code)) throw error;
    // A cluster that does not answer is no matter of the repository.
    if (error instanceof ApiError && error.status !== 403) throw error;
    const commit = isFull(revision.hex) ? revision.hex : complete(revision.hex, commitsIn(app));
    if (commit === undefined) throw error;
    const { message } = explain(error);
    tell(
      `the repository cannot be read from here, so only a release of exactly ${commit} counts: ${message}`,
    );
    return statusOnly(commit);
  }
}
