// Setting back what other hands changed: to what `applied` says, by the apply stage, told with field, values and
// the manager that made it. Somebody who changes it again each time is not fought (contested.ts).

import { isDeepStrictEqual } from 'node:util';
import pLimit from 'p-limit';
import { ApiError } from '../model/errors.ts';
import { idFromKey, showId } from '../model/object.ts';
import type { PlanItem, Refusal } from '../model/plan.ts';
import { stagesOf } from '../plan/pair.ts';
import { PARALLEL } from '../plan/plan.ts';
import { refusalOf } from '../plan/refusal.ts';
import { orderOf } from '../render/order.ts';
import type { StandingDrift } from '../verify/drift.ts';
import { applyStages } from './applying.ts';
import { autoscalersOf } from './autoscaled.ts';
import { contestedForMs, noteCorrected } from './contested.ts';
import { type Drifted, type Run, tell } from './context.ts';
import { type DriftItem, driftItem } from './drift-item.ts';

const TRY_AGAIN_MS = 5_000;

/**
 * Sets back what has drifted, or only tells of it where the App asks for reports. Returns when to come again for
 * what could not be set back now.
 */
export async function correctDrift(run: Run): Promise<{ afterMs?: number }> {
  const { session, settings } = run;
  const items: PlanItem[] = [];
  let afterMs: number | undefined;
  const listed = Array.from(session.drifted);
  if (listed.length === 0) return {};
  const looked = await lookAt(run, listed);
  // What was noted meanwhile is for the pass that it has woken.
  for (const { key, found } of looked) if (session.drifted.get(key) === found) session.drifted.delete(key);
  const noted = new Map<string, Drifted>();
  for (const { key, found, todo } of looked) {
    if (todo.kind === 'none' || todo.kind === 'held') session.standing.delete(key);
    if (todo.kind === 'none') continue;
    if (todo.kind === 'unseen') {
      leave(run, key, found, todo.refusal);
      afterMs = Math.min(TRY_AGAIN_MS, afterMs ?? TRY_AGAIN_MS);
      continue;
    }
    const { item } = todo;
    if (todo.kind === 'held') {
      const message = `cannot set back ${showId(item.manifest.id)}: ${todo.why}`;
      tell(run, { type: 'problem', code: 'DriftOwned', message });
      continue;
    }
    const { drifted } = todo;
    noted.set(key, drifted);
    if (settings.drift === 'Report' && drifted.released !== true) report(run, item, drifted, false);
    else {
      const restMs = contestedForMs(session, key, drifted.fresh === true, run.ctx.clock.monotonic());
      if (restMs === undefined) items.push(item);
      else {
        if (drifted.told !== true) report(run, item, drifted, false, true);
        session.drifted.set(key, { ...drifted, told: true, fresh: false });
        stands(run, key, drifted, 'Contested');
        afterMs = Math.min(restMs, afterMs ?? restMs);
      }
    }
  }
  if (items.length === 0) return { afterMs };
  const { refusals } = await applyStages(
    run,
    stagesOf(items, ({ manifest }) => orderOf(manifest)),
  );
  const refused = new Map(refusals.map((refusal) => [showId(refusal.id), refusal]));
  for (const [key, drifted] of noted) {
    const item = items.find((one) => one.manifest.key === key);
    if (item === undefined) continue;
    const refusal = refused.get(showId(item.manifest.id));
    if (refusal === undefined) {
      noteCorrected(session, key, run.ctx.clock.monotonic());
      report(run, item, drifted, true);
      continue;
    }
    leave(run, key, drifted, refusal);
    afterMs = Math.min(TRY_AGAIN_MS, afterMs ?? TRY_AGAIN_MS);
  }
  return { afterMs };
}

interface Looked {
  key: string;
  found: Drifted;
  todo: DriftItem | { kind: 'unseen'; refusal: Refusal };
}

function lookAt(run: Run, listed: readonly (readonly [string, Drifted])[]): Promise<Looked[]> {
  const autoscalers = autoscalersOf(run, run.session.desired.values());
  const limit = pLimit(PARALLEL);
  return Promise.all(
    listed.map(([key, found]) =>
      limit(async (): Promise<Looked> => {
        try {
          return { key, found, todo: await driftItem(run, key, found, autoscalers) };
        } catch (error) {
          const id = idFromKey(key);
          if (!(error instanceof ApiError) || id === undefined) throw error;
          return { key, found, todo: { kind: 'unseen', refusal: refusalOf(id, error) } };
        }
      }),
    ),
  );
}

/** It could not be set back now: said once, and tried again. */
function leave(run: Run, key: string, drifted: Drifted, refusal: Refusal): void {
  if (drifted.told !== true) {
    const message = `cannot set back ${showId(refusal.id)}: ${refusal.message}`;
    tell(run, { type: 'problem', code: `Drift${refusal.kind}`, message });
  }
  run.session.drifted.set(key, { ...drifted, told: true, fresh: false });
  stands(run, key, drifted, 'Refused');
}

/** Until it is set back, or nothing differs any more, no commit is judged by the object. */
function stands({ session }: Run, key: string, drifted: Drifted, kind: StandingDrift['kind']): void {
  const { fields, manager } = drifted;
  const now: StandingDrift = { kind, path: fields[0]?.path, manager };
  // The very same value where nothing is new: the judge goes by that.
  if (!isDeepStrictEqual(session.standing.get(key), now)) session.standing.set(key, now);
}

function report(
  run: Run,
  { manifest }: PlanItem,
  drifted: Drifted,
  corrected: boolean,
  contested = false,
): void {
  const { fields, manager, deleted } = drifted;
  // An autoscaler is gone, and the replicas of the manifest count again: nobody's change.
  if (fields.length === 0 && !deleted) return;
  tell(run, { type: 'drift', object: manifest.id, manager, fields, deleted, corrected, contested });
}
