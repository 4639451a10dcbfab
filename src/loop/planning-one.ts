// What the plan of a single object is made with. An object that could not be dry-run when the release was planned (its
// namespace, its kind, or what another object holds came only with the release) is planned when its stage is there: it
// may have turned out to exist, and to be another's.

import { ANNOTATION } from '../model/app.ts';
import { isHook } from '../model/hook.ts';
import type { Manifest } from '../model/manifest.ts';
import type { PlanItem } from '../model/plan.ts';
import { takenBy } from '../plan/taken.ts';
import { type OneInput, type Planned, planOne } from '../plan/one.ts';
import { autoscalersOf } from './autoscaled.ts';
import type { Run } from './context.ts';
import { claim, heldBy } from './owners.ts';

/** `manifests`: all that the App desires, its autoscalers among them. */
export function oneInput(run: Run, manifests: Iterable<Manifest>, changeCause: string | undefined): OneInput {
  const { ctx, session } = run;
  return {
    applySet: run.applySet,
    members: ctx.members,
    api: run.api,
    memory: session.memory,
    listed: (key) => session.listed.get(key),
    changeCause,
    autoscalers: autoscalersOf(run, manifests),
    heldBy: (manifest, live, signal) => heldBy(run, manifest, live, signal),
    claim: (manifest) => claim(run, manifest),
  };
}

/** As it is to be written now. */
export async function plannedNow(run: Run, item: PlanItem, manifests: Iterable<Manifest>): Promise<Planned> {
  if (item.dryRun !== 'deferred') return { item };
  if (isHook(item.manifest)) {
    // Read when it was planned; a Job that was made since cannot be changed, and refuses it.
    await run.api.apply(item.object, { dryRun: true }, run.hard);
    return { item };
  }
  const changeCause = item.object.metadata.annotations?.[ANNOTATION.changeCause];
  const now = await planOne(item.manifest, oneInput(run, manifests, changeCause), false, run.hard);
  // Written with the next status: that it is there was not known when the release began.
  if ('item' in now) for (const key of takenBy([now.item], run.applySet)) run.session.taken.add(key);
  return now;
}
