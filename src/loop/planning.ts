// A release's plan: what the plan stage needs, gathered from the run.

import type { Manifest, Rendered } from '../model/manifest.ts';
import { kindName } from '../model/object.ts';
import type { Plan } from '../model/plan.ts';
import { makePlan } from '../plan/plan.ts';
import { orderOf } from '../render/order.ts';
import type { Run } from './context.ts';
import { withoutDone } from './done.ts';
import { hooksOf } from './hooks.ts';
import { coverMembers } from './membership.ts';
import { oneInput } from './planning-one.ts';

/** Pairs, dry-runs and stages; the members' kinds are watched from here on. */
export async function planFor(run: Run, desired: Rendered, changeCause: string | undefined): Promise<Plan> {
  await coverMembers(run, desired.manifests);
  run.ctx.neighbours.plans(run.applySet, run.session, new Set(desired.manifests.map(({ key }) => key)));
  return planHere(run, desired, changeCause);
}

/** As {@link planFor}, with the members that are known already: writes nothing at all. */
export async function planHere(run: Run, desired: Rendered, changeCause: string | undefined): Promise<Plan> {
  const { session } = run;
  const served = await servedKinds(run, desired.manifests);
  const plan = await makePlan(
    {
      ...oneInput(run, desired.manifests, changeCause),
      manifests: withoutDone(desired.manifests, run),
      kept: new Set(hooksOf(desired.manifests, 'pre', 'post', 'verify').map(({ key }) => key)),
      classOf: orderOf,
      isServed: (manifest) => served.has(kindName(manifest.gvk)),
    },
    run.signal,
  );
  session.listed.clear();
  return plan;
}

async function servedKinds(run: Run, manifests: readonly Manifest[]): Promise<Set<string>> {
  const served = new Set<string>();
  const asked = new Set<string>();
  for (const { gvk } of manifests) {
    const name = kindName(gvk);
    if (asked.has(name)) continue;
    asked.add(name);
    if ((await run.ctx.cluster.resource(gvk, run.signal)) !== undefined) served.add(name);
  }
  return served;
}
