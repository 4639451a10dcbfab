// Desired and live → plan. Everything that is not settled is validated by a server-side dry-run before
// anything is touched; what needs a CRD or Namespace of the same commit is left for its stage.

import pLimit from 'p-limit';
import { APPLYSET } from '../model/app.ts';
import { ApiError } from '../model/errors.ts';
import type { Manifest } from '../model/manifest.ts';
import { mayRecreate } from '../model/recreate.ts';
import type { KubeObject } from '../model/object.ts';
import type { Plan, PlanItem, Refusal } from '../model/plan.ts';
import type { ClusterApi, Members } from '../ports.ts';
import { sameContent, isSettled, stagesOf, toPrune } from './pair.ts';
import { ownFields } from './fields.ts';
import { finalise } from './finalise.ts';
import { knownFrom, type Memory } from './known.ts';
import { refusalOf } from './refusal.ts';

/** How many requests of one release are under way at once. */
export const PARALLEL = 16;

export interface PlanInput {
  manifests: readonly Manifest[];
  applySet: string;
  members: Members;
  /** As the App's service account. */
  api: ClusterApi;
  /** Filled with what the dry-runs of unchanged objects tell. */
  memory: Memory;
  /** `kubernetes.io/change-cause` of what this commit changes; undefined where no commit is the cause. */
  changeCause: string | undefined;
  /** The order of the kinds (namespaces first, webhooks last). */
  classOf: (manifest: Manifest) => number;
  /** Whether the server serves the kind. */
  isServed: (manifest: Manifest) => boolean;
}

export async function makePlan(input: PlanInput, signal: AbortSignal): Promise<Plan> {
  const { manifests, members, applySet } = input;
  const desired = new Set(manifests.map((manifest) => manifest.key));
  const fresh = await comesWithThisCommit(input, signal);
  const limit = pLimit(PARALLEL);
  const results = await Promise.all(
    manifests.map((manifest) => limit(() => planOne(manifest, input, fresh(manifest), signal))),
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

type Planned = { item: PlanItem } | { refusal: Refusal };

async function planOne(
  manifest: Manifest,
  input: PlanInput,
  deferred: boolean,
  signal: AbortSignal,
): Promise<Planned> {
  const { api, members, memory } = input;
  const mirrored = members.get(manifest.id);
  if (isSettled(manifest, mirrored, memory)) {
    const object = finalise(manifest, mirrored);
    return { item: { manifest, object, live: mirrored, action: 'unchanged', dryRun: 'unneeded' } };
  }
  if (deferred) {
    return {
      item: {
        manifest,
        object: finalise(manifest, undefined, input.changeCause),
        live: undefined,
        action: 'create',
        dryRun: 'deferred',
      },
    };
  }
  signal.throwIfAborted();
  try {
    // The mirror knows members only; an object that others made is found by asking. What is settled is never asked.
    const ref = { gvk: manifest.gvk, namespace: manifest.id.namespace, name: manifest.id.name };
    const live = memory.has(manifest.key) && mirrored !== undefined ? mirrored : await api.get(ref, signal);
    const owner = live?.metadata.labels?.[APPLYSET.partOf];
    if (owner !== undefined && owner !== input.applySet) return { refusal: ownedBy(manifest, owner) };
    const kept = finalise(manifest, live);
    const answer = await api.apply(kept, { dryRun: true }, signal);
    if (live !== undefined && isSame(live, answer, memory, manifest)) {
      const known = knownFrom(manifest.hash, answer);
      if (known !== undefined) memory.set(manifest.key, known);
      return { item: { manifest, object: kept, live, action: 'unchanged', dryRun: 'passed', answer } };
    }
    const object = finalise(manifest, live, input.changeCause);
    const action = live === undefined ? 'create' : 'configure';
    return { item: { manifest, object, live, action, dryRun: 'passed', answer } };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const refusal = refusalOf(manifest.id, error);
    if (refusal.kind !== 'Immutable' || !mayRecreate(manifest, mirrored, input.applySet)) return { refusal };
    const object = finalise(manifest, undefined, input.changeCause);
    return { item: { manifest, object, live: mirrored, action: 'recreate', dryRun: 'passed' } };
  }
}

/** Two that write one object would set each other back for ever. It is free once the other has pruned it. */
function ownedBy(manifest: Manifest, owner: string): Refusal {
  const message = `it is a member of another ApplySet, which holds it until it is removed there; if nothing has it any more: \`kubectl label ${manifest.gvk.kind.toLowerCase()} ${manifest.id.name} ${APPLYSET.partOf}-\` (it is ${owner})`;
  return { id: manifest.id, kind: 'Owned', message };
}

/** Same content, and the same fields owned: a field that left the manifest may hold its value all the same. */
function isSame(live: KubeObject, answer: KubeObject, memory: Memory, manifest: Manifest): boolean {
  if (!sameContent(live, answer)) return false;
  const owned = memory.get(manifest.key)?.fields ?? ownFields(live);
  return JSON.stringify(owned) === JSON.stringify(ownFields(answer));
}

/** Objects that the server cannot judge yet: their namespace or their kind is made by this very commit. */
async function comesWithThisCommit(
  input: PlanInput,
  signal: AbortSignal,
): Promise<(manifest: Manifest) => boolean> {
  const namespaces = new Set<string>();
  const kinds = new Set<string>();
  for (const { id, gvk, object } of input.manifests) {
    if (id.kind === 'Namespace' && id.group === '' && input.members.get(id) === undefined) {
      // One that others made is there all the same, with what is in it: that is judged, and adopted, as it is.
      const found = await input.api.get({ gvk, namespace: '', name: id.name }, signal).catch(refusedLater);
      if (found === undefined) namespaces.add(id.name);
    }
    if (id.kind !== 'CustomResourceDefinition') continue;
    const spec = object.spec as { group?: string; names?: { kind?: string } } | undefined;
    kinds.add(`${spec?.group ?? ''}/${spec?.names?.kind ?? ''}`);
  }
  return (manifest) =>
    namespaces.has(manifest.id.namespace) ||
    (kinds.has(`${manifest.id.group}/${manifest.id.kind}`) && !input.isServed(manifest));
}

/** What the server says of the namespace is told of the namespace itself. */
function refusedLater(error: unknown): undefined {
  if (error instanceof ApiError) return undefined;
  throw error;
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
