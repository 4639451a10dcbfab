// What was pruned and is not gone yet, and namespaces that were still in use: looked after in the background, while the
// App does its other work. Whether something is gone is told by the members' watch, so nothing is asked for it.

import { keyOf, type ObjectId } from '../model/object.ts';
import type { Change, ChangeOutcome } from '../model/plan.ts';
import { whatHolds } from '../apply/delete.ts';
import { toPrune } from '../plan/pair.ts';
import { type Run, save, type Session, statusOf, tell } from './context.ts';
import { isHealthyApplied } from './healthy.ts';
import { pruneFirst } from './prune-first.ts';
import { staying } from './staying.ts';

export interface Leaving {
  id: ObjectId;
  /** Monotonic, ms. */
  sinceMs: number;
  /** It has been told what keeps it. */
  told: boolean;
}

/** A deletion that takes longer than this is told, with what keeps it. */
const TELL_AFTER_MS = 10_000;

export function noteLeaving(session: Session, changes: readonly Change[], nowMs: number): void {
  for (const { id, key, outcome } of changes)
    if (outcome === 'pruned') session.leaving.set(key, { id, sinceMs: nowMs, told: false });
}

/** Looked at again when what is going now is gone. */
export function noteInUse(session: Session, changes: readonly Change[]): void {
  session.inUse = changes
    .filter(({ id, outcome }) => outcome === 'skipped' && id.kind === 'Namespace' && id.group === '')
    .map(({ id }) => id);
}

/** Says of what is gone that it is, and of what is not what keeps it; returns when to come again for it. */
export async function seeOff(run: Run): Promise<{ afterMs?: number }> {
  const { session, ctx } = run;
  if (session.leaving.size === 0) return {};
  const nowMs = ctx.clock.monotonic();
  const said = new Map<string, Said>();
  let afterMs: number | undefined;
  for (const [key, leaving] of session.leaving) {
    const live = ctx.members.get(leaving.id);
    if (live?.metadata.deletionTimestamp === undefined) {
      session.leaving.delete(key);
      said.set(key, { outcome: 'pruned' });
      continue;
    }
    const restMs = leaving.sinceMs + TELL_AFTER_MS - nowMs;
    if (leaving.told) continue;
    if (restMs > 0) {
      afterMs = Math.min(restMs, afterMs ?? restMs);
      continue;
    }
    leaving.told = true;
    said.set(key, { outcome: 'pruned', reason: whatHolds(live) });
    const message = `${keyOf(leaving.id)} was pruned ${Math.round((nowMs - leaving.sinceMs) / 1000)} s ago: ${whatHolds(live)}`;
    const hint = 'See to the controller of that finalizer, or take the finalizer away.';
    tell(run, { type: 'problem', code: 'DeletionHangs', message, hint });
  }
  if (session.leaving.size === 0) await emptied(run, said);
  await say(run, said);
  return { afterMs };
}

/** What kept a namespace in use may have been what is gone now. */
async function emptied(run: Run, said: Map<string, Said>): Promise<void> {
  const { session, ctx } = run;
  const noted = new Set(session.inUse.map(keyOf));
  session.inUse = [];
  const { applied } = statusOf(run);
  // Only what is healthy says what may go, and only as everything stands now.
  if (noted.size === 0 || !run.settings.prune || !isHealthyApplied(statusOf(run))) return;
  const leaving = toPrune(ctx.members.of(run.applySet), new Set(session.desired.keys()), run.applySet);
  const again = leaving.filter((id) => noted.has(keyOf(id)));
  const stays = await staying(run, again, applied?.commit);
  const changes = await pruneFirst(
    run,
    again.filter((id) => !stays.has(keyOf(id))),
  );
  for (const { key, outcome, reason } of changes) said.set(key, { outcome, reason });
  const pruned = changes.filter(({ outcome }) => outcome === 'pruned');
  if (pruned.length > 0) tell(run, { type: 'pruned', objects: pruned.map(({ id }) => id) });
  noteLeaving(session, pruned, ctx.clock.monotonic());
  session.inUse = again.filter((id) =>
    changes.every(({ key, outcome }) => key !== keyOf(id) || outcome === 'skipped'),
  );
}

interface Said {
  outcome: ChangeOutcome;
  reason?: string;
}

async function say(run: Run, said: ReadonlyMap<string, Said>): Promise<void> {
  const { objects, ...status } = statusOf(run);
  if (objects === undefined) return;
  let isNew = false;
  const outcomes = objects.outcomes.map((before) => {
    const now = said.get(before.object);
    if (now === undefined || (now.outcome === before.outcome && now.reason === before.reason)) return before;
    isNew = true;
    const { outcome, reason } = now;
    return { object: before.object, outcome, ...(reason !== undefined && { reason }) };
  });
  if (isNew) await save(run, { ...status, objects: { ...objects, outcomes } });
}
