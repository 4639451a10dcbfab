// An undo that a person asked for: the same revert code, with the person's name in place of the evidence. The
// request is an annotation on the App; the answer stands in `status.undo`, found by the request's own time.

import { ANNOTATION, type AppStatus } from '../model/app.ts';
import { messageOf, PawlError } from '../model/errors.ts';
import { oneLine } from '../model/text.ts';
import { pushIntent } from '../revert/push.ts';
import { concerning } from '../source/concerns.ts';
import { type Run, save, statusOf, tell } from './context.ts';
import { desiredAt, isRendered, readSetAt } from './desired.ts';
import { dryRun } from './healthy.ts';
import { compose, dropIntent, recordReverted, storeIntent, toUndo } from './reverting.ts';
import { parseRequest, type UndoRequest } from './undo-request.ts';
import type { Revert } from '../revert/compose.ts';
import { showId } from '../model/object.ts';

/** Carries out an undo that waits; returns the head to go on with. */
export async function answerUndo(run: Run, head: string): Promise<string> {
  const text = run.app.metadata.annotations?.[ANNOTATION.undoRequested];
  if (text === undefined || text === '') return head;
  const request = parseRequest(text);
  const status = statusOf(run);
  if (request === undefined) {
    if (status.undo?.at === text.slice(0, 100)) return head;
    const message = 'the annotation is not JSON with to, by and at';
    await answer(run, { at: text.slice(0, 100), by: '', to: '', refused: message });
    return head;
  }
  if (status.undo?.at === request.at) return head;
  try {
    return await undo(run, head, request);
  } catch (error) {
    if (!(error instanceof PawlError) || error.retry === 'later') throw error;
    await answer(run, { ...request, refused: messageOf(error) });
    tell(run, { type: 'revert-refused', reason: 'Requested', message: messageOf(error) });
    return head;
  }
}

async function undo(run: Run, head: string, request: UndoRequest): Promise<string> {
  const made = await composeUndo(run, head, request);
  const intent = { ...made.intent, asked: request.at };
  await storeIntent(run, intent);
  const outcome = await pushIntent(run.ctx.git, run.repository, intent, run.signal);
  switch (outcome.kind) {
    case 'landed': {
      const next = await recordReverted(run, intent, undefined);
      await answer(run, { ...request, commit: intent.commit });
      return next;
    }
    case 'moved':
      if (outcome.containsOurs && outcome.head !== undefined) {
        const next = await recordReverted(run, intent, undefined, outcome.head);
        await answer(run, { ...request, commit: intent.commit });
        return next;
      }
      await dropIntent(run);
      throw refused(
        'somebody pushed to the branch at the same moment',
        'Look at the new commits, and ask again.',
      );
    case 'refused':
      await dropIntent(run);
      throw refused(`the host refused the push: ${outcome.message}`, 'Let Pawl push to this branch.');
    case 'unknown':
      // The intent stands: the next pass finds out, and answers.
      throw new PawlError({
        code: 'PushUnknown',
        message: outcome.message,
        retry: 'later',
        retryAfterMs: 2_000,
      });
  }
}

/** The commit that an undo would push; throws a PawlError that says why there is none. */
export async function composeUndo(
  run: Run,
  head: string,
  request: { to: string; by: string },
): Promise<Revert> {
  const { git } = run.ctx;
  const to = resolveRevision(statusOf(run), request.to);
  await git.fetch(run.repository, { head, back: to }, run.signal);
  if (!(await git.has(run.repository, to)) || !(await git.isAncestor(run.repository, to, head)))
    throw refused(`${to} is not in the branch`, 'Choose a commit of `pawl history`.');
  const commits = await concerning(
    await git.between(run.repository, to, head),
    async (oid) => (await readSetAt(run, oid)).hash,
  );
  if (commits.length === 0)
    throw refused(`no commit since ${to} concerns this App`, 'There is nothing to undo.');
  // What was undone on the way cancels out; only where nothing else is left it is named after all.
  const standing = toUndo(run, commits);
  const made = await compose(run, {
    head,
    healthy: to,
    commits: standing.length > 0 ? standing : commits,
    failures: [],
    reason: 'Requested',
    by: request.by,
  });
  if (made === undefined)
    throw refused(`the branch holds the content of ${to} already`, 'There is nothing to undo.');
  const desired = await desiredAt(run, to);
  if (!isRendered(desired)) throw refused(`${to} cannot be rendered`, 'Choose another revision.');
  const wrong = (await dryRun(run, desired.manifests))[0];
  if (wrong !== undefined)
    throw refused(
      `the server would refuse ${showId(wrong.id)} of ${to}: ${wrong.message}`,
      'Choose another revision.',
    );
  return made;
}

/** A full id, `branch@sha1:<id>`, or an unambiguous beginning of a commit in the history. */
export function resolveRevision(status: AppStatus, text: string): string {
  const id = text.replace(/^.*@sha1:/, '').toLowerCase();
  if (/^[0-9a-f]{40}$/.test(id)) return id;
  if (!/^[0-9a-f]{7,39}$/.test(id))
    throw refused(
      `"${oneLine(text, 60)}" is no commit id`,
      'Give the 40 hex digits, or at least the first 7.',
    );
  const known = [status.applied, status.healthy, status.head].flatMap((ref) =>
    ref === undefined ? [] : [ref.commit],
  );
  const commits = [...known, ...(status.history ?? []).map((one) => one.commit)];
  const found = [...new Set(commits.filter((commit) => commit.startsWith(id)))];
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw refused(
    found.length === 0
      ? `no commit of the history begins with ${id}`
      : `${found.length} commits begin with ${id}`,
    'Give all 40 hex digits.',
  );
}

function refused(message: string, hint: string): PawlError {
  return new PawlError({ code: 'UndoRefused', message, hint });
}

async function answer(run: Run, undo: NonNullable<AppStatus['undo']>): Promise<void> {
  await save(run, { ...statusOf(run), undo });
}
