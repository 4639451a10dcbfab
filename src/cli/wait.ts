// `pawl wait`: for CI. Whether one commit became healthy, decided anew whenever the App changes.

import type { AppName } from '../model/events.ts';
import { readApp } from './app.ts';
import type { Connection, Environment, Result } from './environment.ts';
import { onBranch, type RevisionText } from './revision.ts';
import { type WaitAnswer, waitAnswer } from './wait-decision.ts';
import { factsSource } from './wait-facts.ts';
import { AGAIN, watchApp } from './watch-app.ts';

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
  const facts = factsSource(environment, connection, flags.revision, tell);
  let message = '';
  const app = await readApp(connection, name, signal);
  onBranch(flags.revision, app);
  const answer = await watchApp<WaitAnswer>(
    connection,
    name,
    async (app, inTime) => {
      const known = await facts.of(app, inTime);
      if (known === undefined) return AGAIN;
      const found = waitAnswer(known, app.status, app.spec.suspend === true);
      if (found.kind !== 'waiting') return found;
      if (found.message !== message) tell(`waiting: ${found.message}`);
      message = found.message;
      return (await facts.isComplete(inTime)) ? undefined : AGAIN;
    },
    { clock, signal, timeoutMs: flags.timeoutMs },
  );
  return resultOf(name, facts.commit(), answer ?? { kind: 'waiting', message });
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
