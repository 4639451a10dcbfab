// Before the first stage: what is to go and stands in the way of what is to come goes first, and is waited for. What a
// failed release has taken away so comes back with its revert.

import { keyOf, idOf, type KubeObject } from '../model/object.ts';
import type { Manifest, Rendered } from '../model/manifest.ts';
import type { Change, Plan, PlanItem, Refusal } from '../model/plan.ts';
import { whatHolds } from '../apply/delete.ts';
import { untilGone } from '../apply/gone.ts';
import { blocking, isAboutToBeFree, namedAsBlocking } from '../plan/blocking.ts';
import { finalise } from '../plan/finalise.ts';
import { stagesOf } from '../plan/pair.ts';
import { orderOf } from '../render/order.ts';
import { type Run, tell } from './context.ts';
import { noteLeaving } from './leaving.ts';
import { pruneFirst } from './prune-first.ts';
import { staying } from './staying.ts';

const GONE_WITHIN_MS = 60_000;

export interface WithWay {
  /** What was refused only for what stands in its way is an item of it, to be dry-run when the way is free. */
  plan: Plan;
  /** What goes before the first stage. */
  first: KubeObject[];
}

/** Pure but for reading what is live. `stays`: what is not deleted though the plan would prune it. */
export function findWay(
  run: Run,
  whole: Plan,
  desired: Rendered,
  changeCause: string,
  stays: ReadonlySet<string> = new Set(),
): WithWay {
  const { members } = run.ctx;
  const going = run.settings.prune ? whole.prune.filter((id) => !stays.has(keyOf(id))) : [];
  const leaving = going.flatMap((id) => members.get(id) ?? []);
  const manifests = new Map(desired.manifests.map((manifest) => [manifest.key, manifest]));
  const named = new Map<Refusal, KubeObject[]>(
    whole.refusals.map((refusal) => [refusal, namedAsBlocking(refusal, leaving)]),
  );
  const blocked = whole.refusals.filter((refusal) => {
    const object = manifests.get(keyOf(refusal.id))?.object;
    const of = { items: whole.stages.flat(), leaving };
    return (
      (named.get(refusal) ?? []).length > 0 || (object !== undefined && isAboutToBeFree(refusal, object, of))
    );
  });
  const freed = blocked.flatMap(({ id }): PlanItem[] => {
    const manifest = manifests.get(keyOf(id));
    if (manifest === undefined) return [];
    const live = members.get(id);
    const object = finalise(manifest, live, changeCause);
    const action = live === undefined ? ('create' as const) : ('configure' as const);
    return [{ manifest, object, live, action, dryRun: 'deferred' }];
  });
  const items = [...whole.stages.flat(), ...freed];
  const first = new Set([...blocking(items, leaving), ...blocked.flatMap((one) => named.get(one) ?? [])]);
  return {
    plan: {
      ...whole,
      stages: freed.length === 0 ? whole.stages : stagesOf(items, ({ manifest }) => orderOf(manifest)),
      refusals: whole.refusals.filter((refusal) => !blocked.includes(refusal)),
    },
    first: [...first],
  };
}

/** Whether what the server refuses now will be free when these manifests are released. */
export async function willBeFree(
  run: Run,
  refusal: Refusal,
  manifests: readonly Manifest[],
): Promise<boolean> {
  const object = manifests.find(({ key }) => key === keyOf(refusal.id))?.object;
  if (object === undefined) return false;
  const { members } = run.ctx;
  const stays = new Set(manifests.map(({ key }) => key));
  const leaving = members.of(run.applySet).filter((live) => !stays.has(keyOf(idOf(live))));
  const items = manifests.map((manifest) => ({ live: members.get(manifest.id), object: manifest.object }));
  const isFreeWith = (gone: readonly KubeObject[]) =>
    isAboutToBeFree(refusal, object, { items, leaving: gone });
  if (!run.settings.prune || isFreeWith([])) return isFreeWith([]);
  if (!isFreeWith(leaving)) return false;
  const stay = await staying(run, leaving.map(idOf), undefined);
  return isFreeWith(leaving.filter((live) => !stay.has(keyOf(idOf(live)))));
}

/** Deletes them and waits until they are gone; what stays in the way is a refusal of the release. */
export async function makeWay(
  run: Run,
  first: readonly KubeObject[],
): Promise<{ changes: Change[]; refusals: Refusal[] }> {
  const changes = await pruneFirst(run, first.map(idOf));
  noteLeaving(run.session, changes, run.ctx.clock.monotonic());
  const pruned = changes.filter(({ outcome }) => outcome === 'pruned').map(({ id }) => id);
  if (pruned.length > 0) tell(run, { type: 'pruned', objects: pruned });
  const refusals: Refusal[] = [];
  const { clock, cluster } = run.ctx;
  const withinMs = Math.min(GONE_WITHIN_MS, run.settings.health.timeoutMs);
  for (const { id, outcome, object, reason } of changes) {
    if (outcome === 'refused')
      refusals.push({ id, kind: 'Deleting', message: reason ?? 'it cannot be deleted' });
    if (outcome !== 'pruned' || object === undefined) continue;
    const gvk = (await cluster.preferred(id.group, id.kind, run.signal))?.gvk;
    if (gvk === undefined) continue;
    const ref = { gvk, namespace: id.namespace, name: id.name };
    const rest = await untilGone(ref, object.metadata.uid, { api: run.api, clock, withinMs }, run.signal);
    if (rest !== undefined) refusals.push({ id, kind: 'Deleting', message: whatHolds(rest) });
  }
  return { changes, refusals };
}
