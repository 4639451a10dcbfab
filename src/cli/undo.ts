// `pawl undo`: asks the agent for the commit that takes an App back to a former revision, or shows it first.

import { type App, ANNOTATION } from '../model/app.ts';
import { PawlError } from '../model/errors.ts';
import type { AppName } from '../model/events.ts';
import { readApp } from './app.ts';
import type { Connection, Environment, Result } from './environment.ts';
import { previousHealthy } from './previous.ts';
import { annotate, whoAmI } from './request.ts';
import { commitsIn, complete, isFull, onBranch, type RevisionText } from './revision.ts';
import { type ShownFile, type ShownObject, shownFiles, shownObjects } from './shown.ts';
import { wait, type WaitData } from './wait.ts';
import { watchApp } from './watch-app.ts';

export interface UndoFlags {
  /** Undefined: the previous healthy revision. */
  to: RevisionText | undefined;
  wait: boolean;
  /** Of `wait`. */
  timeoutMs: number;
}

export interface UndoData {
  app: AppName;
  /** The commit whose content comes back. */
  to: string;
  by: string;
  outcome: 'Committed' | 'Refused' | 'Unanswered' | WaitData['outcome'];
  message: string;
  /** The commit that was made. */
  commit?: string;
}

/** How long the agent may take to make the commit; it looks at the branch and asks the server first. */
const ANSWER_MS = 15_000;

export async function undo(
  environment: Environment,
  connection: Connection,
  name: AppName,
  flags: UndoFlags,
  tell: (line: string) => void,
): Promise<Result<UndoData>> {
  const { clock, signal } = environment;
  const app = await readApp(connection, name, signal);
  const to = targetOf(app, flags.to);
  if (app.spec.suspend === true) {
    throw new PawlError({
      code: 'Suspended',
      message: `${name.name} is suspended: nothing would be done`,
      hint: '`pawl resume` it first.',
    });
  }
  const by = await whoAmI(connection, signal);
  const at = new Date(clock.now()).toISOString();
  await annotate(connection, name, ANNOTATION.undoRequested, JSON.stringify({ to, by, at }), signal);
  const limits = { clock, signal, timeoutMs: ANSWER_MS };
  const answer = await watchApp(
    connection,
    name,
    (app) => (app.status?.undo?.at === at ? app.status.undo : undefined),
    limits,
  );
  const data = { app: name, to, by };
  if (answer === undefined) {
    const message = 'the agent has not answered yet; `pawl status` shows what it does';
    return { exitCode: 3, data: { ...data, outcome: 'Unanswered', message } };
  }
  const { commit, refused } = answer;
  if (commit === undefined) {
    return { exitCode: 1, data: { ...data, outcome: 'Refused', message: refused ?? 'refused' } };
  }
  tell(`made the commit ${commit}`);
  if (!flags.wait) return { exitCode: 0, data: { ...data, outcome: 'Committed', message: '', commit } };
  const revision = { hex: commit, branch: undefined };
  const waited = await wait(environment, connection, name, { revision, timeoutMs: flags.timeoutMs }, tell);
  const { outcome, message } = waited.data;
  return { exitCode: waited.exitCode, data: { ...data, outcome, message, commit } };
}

export interface UndoPreviewData {
  app: AppName;
  to: string;
  /** Why it would be refused; everything below is empty then. */
  refused?: string;
  message: string;
  parent: string;
  commits: string[];
  /** Secrets are masked in both. */
  files: ShownFile[];
  objects: ShownObject[];
}

export async function undoPreview(
  { signal, preview }: Environment,
  connection: Connection,
  name: AppName,
  revision: RevisionText | undefined,
): Promise<Result<UndoPreviewData>> {
  const app = await readApp(connection, name, signal);
  const to = targetOf(app, revision);
  const found = await preview.undo(connection, app, to, signal);
  if ('refused' in found) {
    const nothing = { message: '', parent: '', commits: [], files: [], objects: [] };
    return { exitCode: 1, data: { app: name, to, refused: found.refused, ...nothing } };
  }
  const { message, parent, commits } = found;
  const objects = shownObjects(found.objects);
  const data = { app: name, to, message, parent, commits, files: shownFiles(found.files), objects };
  return { exitCode: objects.some((object) => object.action === 'refused') ? 1 : 0, data };
}

/** In full. Throws PawlError `BadRevision`, `AmbiguousRevision`, `NoPreviousRevision`. */
export function targetOf(app: App, revision: RevisionText | undefined): string {
  if (revision === undefined) {
    const previous = previousHealthy(app.status);
    if (previous !== undefined) return previous;
    throw new PawlError({
      code: 'NoPreviousRevision',
      message: `the history of ${app.metadata.name} knows no healthy revision before the one that runs`,
      hint: 'Name one with --to; `pawl history` shows what is known.',
    });
  }
  onBranch(revision, app);
  if (isFull(revision.hex)) return revision.hex;
  const found = complete(revision.hex, commitsIn(app));
  if (found !== undefined) return found;
  throw new PawlError({
    code: 'BadRevision',
    message: `the history of ${app.metadata.name} has no commit that starts with ${revision.hex}`,
    hint: 'Write it in full, or look for it with `pawl history`.',
  });
}
