// Desired against live, object by object: what need not even be asked, what is pruned, in which stages.

import { ANNOTATION, APPLYSET } from '../model/app.ts';
import type { Manifest } from '../model/manifest.ts';
import { idOf, type KubeObject, keyOf, type ObjectId } from '../model/object.ts';
import type { PlanItem } from '../model/plan.ts';
import type { Autoscalers } from './autoscalers.ts';
import { driftOf, isComparable, type Memory } from './known.ts';

/** Render and live state are both as they were when the object was last applied: nothing to ask or to do. */
export function isSettled(
  manifest: Manifest,
  live: KubeObject | undefined,
  memory: Memory,
  autoscalers: Pick<Autoscalers, 'isOurs'>,
): boolean {
  const known = memory.get(manifest.key);
  if (known === undefined || live === undefined || !isComparable(known, live)) return false;
  // An autoscaler of the App has come or gone. Of others' that is found when the object is written next.
  if (known.scaler !== 'others' && (known.scaler === 'ours') !== autoscalers.isOurs(manifest.id))
    return false;
  return known.hash === manifest.hash && known.uid === live.metadata.uid && driftOf(known, live).length === 0;
}

/** Fields of the answer that a dry-run changes or that others write, so that they tell no difference. */
export function sameContent(a: KubeObject, b: KubeObject): boolean {
  return stable(strip(a)) === stable(strip(b));
}

function strip(object: KubeObject): unknown {
  const {
    managedFields: _m,
    resourceVersion: _r,
    generation: _g,
    creationTimestamp: _c,
    uid: _u,
    ...metadata
  } = object.metadata;
  const { status: _s, ...rest } = object;
  return { ...rest, metadata };
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)))
      : inner,
  );
}

/** Kinds whose deletion destroys more than itself: only those are deleted that consent (`pawl.dev/prune: Always`). */
const ONLY_BY_CONSENT: ReadonlySet<string> = new Set([
  'PersistentVolumeClaim',
  'CustomResourceDefinition.apiextensions.k8s.io',
  'Namespace',
]);

/** Members that desired no longer holds, but for those that say or imply that they stay. */
export function toPrune(
  members: readonly KubeObject[],
  desired: ReadonlySet<string>,
  applySet: string,
): ObjectId[] {
  return members
    .filter((live) => live.metadata.labels?.[APPLYSET.partOf] === applySet)
    .filter((live) => live.metadata.deletionTimestamp === undefined)
    .filter((live) => !desired.has(keyOf(idOf(live))))
    .filter(mayGo)
    .map(idOf);
}

function mayGo(live: KubeObject): boolean {
  const { group, kind } = idOf(live);
  const asked = live.metadata.annotations?.[ANNOTATION.prune];
  if (asked === 'Always') return true;
  return asked !== 'Never' && !ONLY_BY_CONSENT.has(group === '' ? kind : `${kind}.${group}`);
}

/**
 * Whether so much would be deleted that a person must say so (`pawl.dev/confirm-prune`): everything, or more
 * than half of at least ten members.
 */
export function isMassDeletion(members: number, pruned: number, desired: number): boolean {
  if (pruned === 0) return false;
  return desired === 0 || (members >= 10 && pruned * 2 > members);
}

/** Items in the order they are applied; manifests come sorted, so each stage keeps the render's order. */
export function stagesOf(items: readonly PlanItem[], classOf: (item: PlanItem) => number): PlanItem[][] {
  const stages = new Map<string, { order: [number, number]; items: PlanItem[] }>();
  for (const item of items) {
    const order: [number, number] = [item.manifest.stage, classOf(item)];
    const name = order.join('/');
    const stage = stages.get(name) ?? { order, items: [] };
    stage.items.push(item);
    stages.set(name, stage);
  }
  return [...stages.values()]
    .sort((a, b) => a.order[0] - b.order[0] || a.order[1] - b.order[1])
    .map((stage) => stage.items);
}
