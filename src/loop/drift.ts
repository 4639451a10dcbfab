// Setting back what other hands changed: to what `applied` says, by the apply stage, told with field, values and
// the manager that made it. Somebody who changes it again each time is not fought (contested.ts).

import { showId } from '../model/object.ts';
import type { PlanItem } from '../model/plan.ts';
import { stagesOf } from '../plan/pair.ts';
import { orderOf } from '../render/order.ts';
import { applyStages } from './applying.ts';
import { autoscalersOf } from './autoscaled.ts';
import { contestedForMs } from './contested.ts';
import { type Drifted, type Run, tell } from './context.ts';
import { driftItem } from './drift-item.ts';

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
  session.drifted.clear();
  const autoscalers = autoscalersOf(run, session.desired.values());
  const noted = new Map<string, Drifted>();
  for (const [key, found] of listed) {
    const todo = await driftItem(run, key, found, autoscalers);
    if (todo.kind === 'none') continue;
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
      report(run, item, drifted, true);
      continue;
    }
    if (drifted.told !== true) {
      const message = `cannot set back ${showId(item.manifest.id)}: ${refusal.message}`;
      tell(run, { type: 'problem', code: `Drift${refusal.kind}`, message });
    }
    session.drifted.set(key, { ...drifted, told: true, fresh: false });
    afterMs = Math.min(TRY_AGAIN_MS, afterMs ?? TRY_AGAIN_MS);
  }
  return { afterMs };
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
