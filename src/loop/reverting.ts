// verdict → the revert commit in the branch. The order is what makes it safe to die anywhere:
//
//   compose → dry-run what it restores → store the intent with its exact bytes (I2) → push (I1) → record
//
// A process that finds an intent pushes the very same commit again, or finds it in the branch already.

import type { RevertIntent } from '../model/app.ts';
import type { Commit } from '../model/commit.ts';
import type { Rendered, TreeFile } from '../model/manifest.ts';
import { PawlError } from '../model/errors.ts';
import { showId } from '../model/object.ts';
import type { Refusal, RefusalKind } from '../model/plan.ts';
import type { Failure } from '../model/verdict.ts';
import { composeRevert, restoreIntent, type Revert } from '../revert/compose.ts';
import { type PushOutcome, pushIntent } from '../revert/push.ts';
import { afterOwnPush } from '../source/look.ts';
import { withHistory, withRevertedBy } from '../record/history.ts';
import { withState } from '../record/conditions.ts';
import { withBadContent } from './content.ts';
import { type Run, save, statusOf, tell } from './context.ts';
import { desiredAt, isRendered, type RenderFailure } from './desired.ts';
import { duration, ended, entry, hold, recordSuperseded } from './endings.ts';
import { dryRun, healthyRender } from './healthy.ts';
import { willBeFree } from './making-way.ts';
import type { Ended, Release } from './release.ts';
import { targetAt } from './source.ts';

/** A push that finds the branch moved is decided anew this often in a row, then it waits. */
const MAX_PUSHES = 3;
const ASK_AGAIN_MS = 5_000;
/** Refused for what the objects say, and so again. */
const BY_CONTENT: ReadonlySet<RefusalKind> = new Set(['Invalid', 'Immutable', 'Denied']);

export async function revert(
  run: Run,
  started: Release,
  desired: Rendered | RenderFailure,
  failures: readonly Failure[],
  reason: string,
): Promise<Ended> {
  const status = statusOf(run);
  const healthy = status.healthy?.commit;
  const restored = await healthyRender(run, started.target);
  if (healthy === undefined || restored === undefined)
    throw new Error('a revert was decided without a healthy revision');
  let wrong: Refusal | undefined;
  for (const refusal of await dryRun(run, restored.manifests)) {
    if (!BY_CONTENT.has(refusal.kind) || (await willBeFree(run, refusal, restored.manifests))) continue;
    wrong = refusal;
    break;
  }
  if (wrong !== undefined) {
    const message = `the server would refuse the healthy revision ${healthy} too: ${showId(wrong.id)}: ${wrong.message}`;
    return hold(run, started, { outcome: 'Held', reason: 'RevertWouldFail', message }, desired, failures);
  }
  for (let pushes = 0; pushes < MAX_PUSHES; pushes++) {
    const commits = toUndo(run, started.target.pending);
    const made =
      commits.length === 0
        ? undefined
        : await compose(run, { head: started.target.head, healthy, commits, failures, reason });
    if (made === undefined) {
      const message = `the branch holds the content of ${healthy} already, and yet it is not healthy`;
      return hold(run, started, { outcome: 'Held', reason: 'NothingToRevert', message }, desired, failures);
    }
    await storeIntent(run, made.intent, (next) =>
      withBadContent(next, desired, failures, started.target.commit.oid, run.ctx.clock.now()),
    );
    const outcome = await pushIntent(run.ctx.git, run.repository, made.intent, run.signal);
    switch (outcome.kind) {
      case 'landed':
        return { kind: 'again', head: await recordReverted(run, made.intent, started) };
      case 'refused':
        await dropIntent(run);
        tell(run, { type: 'revert-refused', reason, message: refusedMessage(outcome) });
        return hold(
          run,
          started,
          { outcome: 'Held', reason: 'RevertRefused', message: refusedMessage(outcome) },
          desired,
          failures,
        );
      case 'unknown':
        return { kind: 'undecided', retryAfterMs: ASK_AGAIN_MS };
      case 'moved': {
        if (outcome.containsOurs)
          return { kind: 'again', head: await recordReverted(run, made.intent, started, outcome.head) };
        await dropIntent(run);
        if (outcome.head === undefined) return { kind: 'undecided', retryAfterMs: ASK_AGAIN_MS };
        const target = await targetAt(run, outcome.head);
        // Somebody pushed something for this App meanwhile: it may be the fix, and it is released first.
        if (target.commit.oid !== started.target.commit.oid) {
          await recordSuperseded(run, started);
          return { kind: 'again', head: target.head };
        }
        started.target = target;
      }
    }
  }
  return { kind: 'undecided', retryAfterMs: ASK_AGAIN_MS };
}

export interface ComposeInput {
  head: string;
  healthy: string;
  commits: readonly Commit[];
  failures: readonly Failure[];
  reason: string;
  by?: string;
}

export async function compose(run: Run, input: ComposeInput): Promise<Revert | undefined> {
  const { ctx, settings, repository } = run;
  return composeRevert(ctx.git, repository, {
    ...input,
    filesAt: filesAt(run),
    appRef: `${ctx.clusterName}/${settings.namespace}/${settings.name}`,
    author: settings.rollback.author,
    at: ctx.clock.now(),
  });
}

/** What the App reads at a commit; of one that cannot be rendered, everything under its path. */
function filesAt(run: Run): (oid: string) => Promise<readonly TreeFile[]> {
  return async (oid) => {
    const desired = await desiredAt(run, oid);
    if (isRendered(desired)) return desired.readSet;
    return run.ctx.git.files(run.repository, oid, run.settings.source.path);
  };
}

/** Our own reverts, and what they undid already, are no part of a further revert. */
export function toUndo(run: Run, pending: readonly Commit[]): Commit[] {
  const { history = [] } = statusOf(run);
  const ours = new Set(history.flatMap(({ revertedBy }) => (revertedBy === undefined ? [] : [revertedBy])));
  const here = new Set(pending.map((commit) => commit.oid));
  const undone = new Set(
    history.flatMap(({ commit, revertedBy }) =>
      revertedBy !== undefined && here.has(revertedBy) ? [commit] : [],
    ),
  );
  return pending.filter(({ oid }) => !ours.has(oid) && !undone.has(oid));
}

/** I2: the intent stands in the status, and nobody wrote the App in between, before anything is pushed. */
export async function storeIntent(
  run: Run,
  intent: RevertIntent,
  more: (status: ReturnType<typeof statusOf>) => ReturnType<typeof statusOf> = (status) => status,
): Promise<void> {
  const status = statusOf(run);
  const release =
    status.release === undefined ? undefined : { ...status.release, phase: 'Reverting' as const };
  await save(run, more({ ...status, release, revert: intent }), { fenced: true });
  const { commits, restores, commit, reason, by } = intent;
  tell(run, { type: 'revert-decided', commits, restores, revert: commit, reason, by });
}

export async function dropIntent(run: Run): Promise<void> {
  await save(run, { ...statusOf(run), revert: undefined });
}

/** The revert is in the branch: its commit is the head that is released next. Returns that head. */
export async function recordReverted(
  run: Run,
  intent: RevertIntent,
  started: Release | undefined,
  head: string = intent.commit,
): Promise<string> {
  const { clock } = run.ctx;
  if (head === intent.commit) run.session.look = afterOwnPush(intent.commit);
  let status = started === undefined ? statusOf(run) : ended(run, started);
  if (started !== undefined) status = withHistory(status, entry(run, started, 'Reverted', intent.reason));
  status = withRevertedBy({ ...status, release: undefined }, intent.commits, intent.commit);
  const message = `${intent.reason}: reverted by ${intent.commit}, which is released next`;
  const state = { ready: 'False' as const, reason: 'Reverted', message, reconciling: true };
  await save(run, withState(status, state, run.settings.generation, clock.now()));
  const durationMs = started === undefined ? 0 : duration(run, started);
  const { commits, restores, commit: revertCommit, reason } = intent;
  tell(run, { type: 'reverted', commits, restores, revert: revertCommit, reason, durationMs });
  if (started !== undefined) {
    const { oid } = started.target.commit;
    tell(run, { type: 'released', commit: oid, outcome: 'Reverted', reason: intent.reason, durationMs });
  }
  return head;
}

/**
 * An intent that an earlier pass left: pushed again, found in the branch, or dropped because the branch went
 * another way. Returns the head to go on with.
 */
export async function settleIntent(run: Run, seen: string): Promise<string> {
  const intent = statusOf(run).revert;
  if (intent === undefined || intent.seen === true) return seen;
  const { git } = run.ctx;
  const head = await git.fetch(run.repository, { head: seen, back: intent.restores }, run.signal);
  const contains =
    (await git.has(run.repository, intent.commit)) &&
    (await git.isAncestor(run.repository, intent.commit, head));
  if (contains) return landed(head);
  if (head !== intent.onto) {
    await abandon(run, intent, 'somebody pushed to the branch at the same moment');
    return head;
  }
  if (run.settings.rollback.mode === 'Hold' && intent.asked === undefined) {
    await abandon(run, intent, 'rollback.mode is Hold now');
    return head;
  }
  try {
    await restoreIntent(git, run.repository, intent, filesAt(run));
  } catch (error) {
    // Bytes that do not give the commit they are said to be: somebody wrote the status. Decided anew.
    if (!(error instanceof PawlError) || error.code !== 'RevertIntentUnusable') throw error;
    tell(run, { type: 'problem', code: error.code, message: error.message, hint: error.hint });
    await abandon(run, intent, error.message);
    return head;
  }
  const outcome = await pushIntent(git, run.repository, intent, run.signal);
  switch (outcome.kind) {
    case 'landed':
      return landed(intent.commit);
    case 'moved':
      if (outcome.containsOurs && outcome.head !== undefined) return landed(outcome.head);
      await abandon(run, intent, 'somebody pushed to the branch at the same moment');
      return outcome.head ?? head;
    case 'refused':
      await abandon(run, intent, refusedMessage(outcome));
      tell(run, { type: 'revert-refused', reason: intent.reason, message: refusedMessage(outcome) });
      return head;
    case 'unknown':
      // A lagging replica shows the old head, and the host will not take the push: what is true shows later.
      throw new PawlError({
        code: 'PushUnknown',
        message: outcome.message,
        retry: 'later',
        retryAfterMs: ASK_AGAIN_MS,
      });
  }

  async function landed(at: string): Promise<string> {
    const status = statusOf(run);
    const isRecorded = status.history?.some((one) => one.revertedBy === intent?.commit) ?? false;
    if (intent === undefined) return at;
    if (!isRecorded) await recordReverted(run, intent, await unfinished(run, intent), at);
    if (intent.asked !== undefined && statusOf(run).undo?.at !== intent.asked)
      await save(run, { ...statusOf(run), undo: { ...requestOf(intent), commit: intent.commit } });
    // Seen in the branch: from here on it is a commit like any other.
    if (run.session.look?.unseenPush === undefined)
      await save(run, { ...statusOf(run), revert: { ...intent, seen: true } });
    return at;
  }
}

/** The intent is not carried out; a person who asked for it is told, and asks again or not. */
async function abandon(run: Run, intent: RevertIntent, why: string): Promise<void> {
  const status = { ...statusOf(run), revert: undefined };
  await save(
    run,
    intent.asked === undefined ? status : { ...status, undo: { ...requestOf(intent), refused: why } },
  );
}

function requestOf({ asked = '', by = '', restores }: RevertIntent): { at: string; by: string; to: string } {
  return { at: asked, by, to: restores };
}

/** The release that the process before was in when it stored the intent. */
async function unfinished(run: Run, intent: RevertIntent): Promise<Release | undefined> {
  const { release } = statusOf(run);
  if (release === undefined || !intent.commits.includes(release.commit)) return undefined;
  const commit = await run.ctx.git.commit(run.repository, release.commit);
  return {
    target: { head: intent.onto, commit, pending: [], healthyIsAncestor: true },
    cause: release.cause,
    subject: commit.message.split('\n', 1)[0]?.slice(0, 200) ?? '',
    startedAt: Date.parse(release.startedAt),
    startedMono: run.ctx.clock.monotonic(),
    attempt: release.attempt,
    request: undefined,
    notes: [],
  };
}

function refusedMessage(outcome: Extract<PushOutcome, { kind: 'refused' }>): string {
  return `the host refused the revert: ${outcome.message}. Revert by hand, or let Pawl push to this branch`;
}

/** Our commit has been seen as the head, and its release has ended: the intent has served. */
export async function forgetIntent(run: Run, head: string): Promise<void> {
  const { revert: intent, release } = statusOf(run);
  if (intent?.commit === head && release === undefined && run.session.look?.unseenPush === undefined)
    await dropIntent(run);
}
