// Desired and live → plan. Everything that is not settled is validated by a server-side dry-run before
// anything is touched; what needs a CRD or Namespace of the same commit is left for its stage, where it is planned as
// all else is: only by then can be seen whether it is there, and whose.

import pLimit from 'p-limit';
import { ApiError } from '../model/errors.ts';
import type { Manifest } from '../model/manifest.ts';
import type { KubeObject } from '../model/object.ts';
import type { Plan, PlanItem, Refusal } from '../model/plan.ts';
import type { ClusterApi, Members } from '../ports.ts';
import type { Autoscalers } from './autoscalers.ts';
import type { FieldSet } from './fields.ts';
import type { Memory } from './known.ts';
import { type Planned, planOne } from './one.ts';
import { refusalOf } from './refusal.ts';
import { stagesOf, toPrune } from './pair.ts';

/** How many requests of one release are under way at once. */
export const PARALLEL = 16;

export interface Listed {
  resourceVersion: string;
  fields: FieldSet;
}

export interface PlanInput {
  manifests: readonly Manifest[];
  applySet: string;
  members: Pick<Members, 'get' | 'of'>;
  /** As the App's service account. */
  api: Pick<ClusterApi, 'get' | 'list' | 'apply'>;
  /** Filled with what the dry-runs of unchanged objects tell. */
  memory: Memory;
  /** Of members that are not in the memory: the fields that are ours, as the list or watch told them last. */
  listed: (key: string) => Listed | undefined;
  /** `kubernetes.io/change-cause` of what this commit changes; undefined where no commit is the cause. */
  changeCause: string | undefined;
  /** Objects beside the manifests that are desired, and so not pruned. */
  kept: ReadonlySet<string>;
  /** The order of the kinds (namespaces first, webhooks last). */
  classOf: (manifest: Manifest) => number;
  autoscalers: Autoscalers;
  /** Why another App or another tool holds the object, in words for people; undefined: it is free, or ours. */
  heldBy: (
    manifest: Manifest,
    live: KubeObject | undefined,
    signal: AbortSignal,
  ) => Promise<string | undefined>;
  /** Its dry-run has passed: nobody else may have it from here on. As {@link heldBy} where somebody was faster. */
  claim: (manifest: Manifest) => string | undefined;
  /** Whether the server serves the kind. */
  isServed: (manifest: Manifest) => boolean;
}

export async function makePlan(input: PlanInput, signal: AbortSignal): Promise<Plan> {
  const { manifests, members, applySet } = input;
  const desired = new Set([...manifests.map((manifest) => manifest.key), ...input.kept]);
  const { isFresh, unread } = await comesWithThisCommit(input, signal);
  const limit = pLimit(PARALLEL);
  const results = await Promise.all(
    manifests.map((manifest) =>
      limit(async (): Promise<Planned> => {
        const refusal = unread.get(manifest.key);
        return refusal === undefined
          ? await planOne(manifest, input, isFresh(manifest), signal)
          : { refusal };
      }),
    ),
  );
  const items: PlanItem[] = [];
  const refusals: Refusal[] = [];
  for (const result of results) {
    if ('refusal' in result) refusals.push(result.refusal);
    else items.push(result.item);
  }
  return {
    stages: stagesOf(items, (item) => input.classOf(item.manifest)),
    prune: toPrune(members.of(applySet), desired, applySet),
    refusals,
  };
}

interface Coming {
  /** The server cannot judge it yet: its namespace or its kind is made by this very commit. */
  isFresh: (manifest: Manifest) => boolean;
  /** Namespaces of which it is not known whether they are there: nothing can be said of what is in them. */
  unread: ReadonlyMap<string, Refusal>;
}

async function comesWithThisCommit(input: PlanInput, signal: AbortSignal): Promise<Coming> {
  const unread = new Map<string, Refusal>();
  const namespaces = new Set<string>();
  const kinds = new Set<string>();
  for (const { id, key, gvk, object } of input.manifests) {
    if (id.kind === 'Namespace' && id.group === '' && input.members.get(id) === undefined) {
      // One that others made is there all the same, with what is in it: that is judged, and adopted, as it is.
      try {
        const found = await input.api.get({ gvk, namespace: '', name: id.name }, signal);
        if (found === undefined) namespaces.add(id.name);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        namespaces.add(id.name);
        // An account may well make namespaces that it may not read: then what is in it is looked at in its stage.
        if (error.status !== 403) unread.set(key, refusalOf(id, error));
      }
    }
    if (id.kind !== 'CustomResourceDefinition') continue;
    const spec = object.spec as { group?: string; names?: { kind?: string } } | undefined;
    kinds.add(`${spec?.group ?? ''}/${spec?.names?.kind ?? ''}`);
  }
  const isFresh = (manifest: Manifest) =>
    namespaces.has(manifest.id.namespace) ||
    (kinds.has(`${manifest.id.group}/${manifest.id.kind}`) && !input.isServed(manifest));
  return { isFresh, unread };
}

/** For those who show a plan: keys by what would happen to them. */
export function summary(plan: Plan): {
  create: number;
  configure: number;
  recreate: number;
  unchanged: number;
  prune: number;
} {
  const items = plan.stages.flat();
  const count = (action: PlanItem['action']) => items.filter((item) => item.action === action).length;
  return {
    create: count('create'),
    configure: count('configure'),
    recreate: count('recreate'),
    unchanged: count('unchanged'),
    prune: plan.prune.length,
  };
}
