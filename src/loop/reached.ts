// How far a release got that was held before its last stage: what was not reached is not applied later on by those
// who only keep what runs as it is.

import type { Applied } from '../model/app.ts';
import type { Manifest } from '../model/manifest.ts';
import type { PlanItem } from '../model/plan.ts';
import { orderOf } from '../render/order.ts';

/** Before the first. */
export const NO_STAGE = '-1001/0';

/** `-1/8`: the number of the stage, and the order of its kinds. */
export function nameOfStage(stage: readonly PlanItem[] | undefined): string | undefined {
  const first = stage?.[0]?.manifest;
  return first === undefined ? undefined : `${first.stage}/${orderOf(first)}`;
}

/** The stages that were reached; all of them where nothing else is said. */
export function reached(stages: readonly PlanItem[][], applied: Applied | undefined): PlanItem[][] {
  return stages.filter(([first]) => first !== undefined && isReached(first.manifest, applied));
}

export function isReached(manifest: Manifest, applied: Applied | undefined): boolean {
  const [stage, order] = (applied?.through ?? '').split('/').map(Number);
  if (stage === undefined || order === undefined) return true;
  return manifest.stage < stage || (manifest.stage === stage && orderOf(manifest) <= order);
}
