// Between two stages: what the next one builds upon must be there. A CRD is served, a namespace is active.

import { conditionIs } from '../model/conditions.ts';
import type { KubeObject } from '../model/object.ts';
import type { PlanItem } from '../model/plan.ts';
import type { Run } from './context.ts';
import { coverMembers } from './membership.ts';

const LOOK_EVERY_MS = 50;
const LONGEST_MS = 30_000;

export async function settleStage(run: Run, stage: readonly PlanItem[], signal: AbortSignal): Promise<void> {
  const crds = stage.filter(
    (item) => item.manifest.id.kind === 'CustomResourceDefinition' && item.action !== 'unchanged',
  );
  if (crds.length === 0) return;
  const { clock } = run.ctx;
  const until = clock.monotonic() + LONGEST_MS;
  for (const { manifest } of crds) {
    const ref = { gvk: manifest.gvk, namespace: '', name: manifest.id.name };
    // Longer than that is for verify to judge, with the CRD's own conditions.
    while (clock.monotonic() < until && !isEstablished(await run.api.get(ref, signal)))
      await clock.delay(LOOK_EVERY_MS, signal);
  }
  run.ctx.cluster.refreshResources();
  // What the new kinds bring is followed from its first object on.
  await coverMembers(run, [...run.session.desired.values()]);
}

function isEstablished(crd: KubeObject | undefined): boolean {
  return crd !== undefined && conditionIs(crd, 'Established', 'True');
}
