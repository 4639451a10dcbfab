// One object: what the server would make of it, and so what is to be done.
//
// O1 A settled object costs no request, nor does one that a list shows to be as it was applied; a new one a dry-run, whose answer tells that it is new; one that others
//    made a read more, because its template, its values and its owners decide what is sent.
// O2 What another App or tool holds is not planned.
// O3 Nothing is written here.

import { APPLYSET } from '../model/app.ts';
import { ApiError } from '../model/errors.ts';
import type { Manifest } from '../model/manifest.ts';
import type { KubeObject } from '../model/object.ts';
import type { PlanItem, Refusal, Shared } from '../model/plan.ts';
import { mayRecreate, takesItsClaims } from '../model/recreate.ts';
import { isAsApplied } from './as-applied.ts';
import { hasReplicas, statesReplicas } from './autoscalers.ts';
import { holds } from './field-set.ts';
import { ownFields } from './fields.ts';
import { finalise } from './finalise.ts';
import { forcedFields, mayForce } from './forced.ts';
import { type Known, knownAs, knownFrom } from './known.ts';
import { leftTo, ownedBeside, REPLICAS, withLiveValues, withoutLeft, withoutValues } from './left.ts';
import { isSettled, sameContent } from './pair.ts';
import type { PlanInput } from './plan.ts';
import { refusalOf } from './refusal.ts';
import { formerTools, isAdopted } from './takeover.ts';

export type Planned = { item: PlanItem } | { refusal: Refusal };

export type OneInput = Pick<
  PlanInput,
  'applySet' | 'members' | 'api' | 'memory' | 'listed' | 'changeCause' | 'autoscalers' | 'heldBy' | 'claim'
>;

export async function planOne(
  manifest: Manifest,
  input: OneInput,
  deferred: boolean,
  signal: AbortSignal,
): Promise<Planned> {
  const mirrored = input.members.get(manifest.id);
  if (isSettled(manifest, mirrored, input.memory, input.autoscalers)) {
    // Nothing is sent.
    const { object } = manifest;
    return { item: { manifest, object, live: mirrored, action: 'unchanged', dryRun: 'unneeded' } };
  }
  const found = asApplied(manifest, mirrored, input);
  if (found !== undefined) return { item: found };
  if (deferred) {
    const held = await input.heldBy(manifest, undefined, signal);
    if (held !== undefined) return { refusal: { id: manifest.id, kind: 'Owned', message: held } };
    const object = finalise(manifest, undefined, input.changeCause);
    const shared = await sharedOf(manifest, { live: undefined, isRead: true }, undefined, input, signal);
    return { item: { manifest, object, live: undefined, action: 'create', dryRun: 'deferred', shared } };
  }
  signal.throwIfAborted();
  try {
    const seen = await look(manifest, mirrored, input, signal);
    const held = await input.heldBy(manifest, seen.live, signal);
    if (held !== undefined) return await refusedAsHeld(manifest, held, seen.live, input, signal);
    const item = await planned(manifest, seen, input, signal);
    const late = input.claim(manifest);
    return late === undefined ? { item } : { refusal: { id: manifest.id, kind: 'Owned', message: late } };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const refusal = refusalOf(manifest.id, error);
    if (refusal.kind !== 'Immutable') return { refusal };
    if (!mayRecreate(manifest, mirrored, input.applySet))
      return { refusal: takesItsClaims(mirrored) ? { ...refusal, isKept: true } : refusal };
    return { item: await recreated(manifest, mirrored, input, signal) };
  }
}

/** Made anew with the values that others gave to what is theirs: an autoscaler's replicas stay what they are. */
async function recreated(
  manifest: Manifest,
  live: KubeObject | undefined,
  input: OneInput,
  signal: AbortSignal,
): Promise<PlanItem> {
  const known = input.memory.get(manifest.key);
  const shared = await sharedOf(manifest, { live, isRead: false }, known, input, signal);
  const object = withLiveValues(finalise(manifest, undefined, input.changeCause), live, shared.left);
  return { manifest, object, live, action: 'recreate', dryRun: 'passed', shared };
}

/** A process that has just begun: what a list told shows that applying would change nothing. */
function asApplied(
  manifest: Manifest,
  mirrored: KubeObject | undefined,
  { memory, listed, applySet, autoscalers }: OneInput,
): PlanItem | undefined {
  if (mirrored === undefined || memory.has(manifest.key)) return undefined;
  const { resourceVersion, labels } = mirrored.metadata;
  const told = listed(manifest.key);
  if (told === undefined || told.resourceVersion !== resourceVersion) return undefined;
  if (labels?.[APPLYSET.partOf] !== applySet) return undefined;
  if (mirrored.apiVersion !== manifest.object.apiVersion) return undefined;
  if (manifest.policy.ignoreFields.length > 0 || autoscalers.isOurs(manifest.id)) return undefined;
  const object = finalise(manifest, mirrored);
  if (!isAsApplied(object, mirrored, told.fields)) return undefined;
  const known = knownAs(manifest.hash, mirrored, told.fields);
  if (known === undefined) return undefined;
  memory.set(manifest.key, known);
  return { manifest, object, live: mirrored, action: 'unchanged', dryRun: 'unneeded' };
}

export interface Seen {
  live: KubeObject | undefined;
  /** With managedFields, if it has any: read, not mirrored. */
  isRead: boolean;
  /** What was dry-run on the way. */
  tried?: { form: KubeObject; answer: KubeObject };
}

/** O1. The mirror knows members only, and without managedFields: enough for what we applied ourselves. */
async function look(
  manifest: Manifest,
  mirrored: KubeObject | undefined,
  { api, memory, applySet }: OneInput,
  signal: AbortSignal,
): Promise<Seen> {
  const ref = { gvk: manifest.gvk, namespace: manifest.id.namespace, name: manifest.id.name };
  if (mirrored !== undefined) {
    const { uid, labels } = mirrored.metadata;
    const isKnown =
      memory.get(manifest.key)?.uid === uid &&
      labels?.[APPLYSET.partOf] === applySet &&
      mirrored.apiVersion === manifest.object.apiVersion;
    return isKnown ? { live: mirrored, isRead: false } : { live: await api.get(ref, signal), isRead: true };
  }
  const form = finalise(manifest, undefined);
  let answer: KubeObject;
  try {
    answer = await api.apply(form, { dryRun: true }, signal);
  } catch (error) {
    // Refused in the form of a new object: one that is there may be owned by another, or differ in form.
    const isRefused = error instanceof ApiError && [400, 403, 409, 422].includes(error.status);
    const live = isRefused ? await api.get(ref, signal).catch(() => undefined) : undefined;
    if (live === undefined) throw error;
    return { live, isRead: true };
  }
  const tried = { form, answer };
  // What would be created has no version yet.
  if (answer.metadata.resourceVersion === undefined) return { live: undefined, isRead: true, tried };
  return { live: await api.get(ref, signal), isRead: true, tried };
}

async function planned(
  manifest: Manifest,
  seen: Seen,
  input: OneInput,
  signal: AbortSignal,
): Promise<PlanItem> {
  const { api, memory } = input;
  const { live, tried } = seen;
  const known = memory.get(manifest.key);
  const shared = await sharedOf(manifest, seen, known, input, signal);
  const { left } = shared;
  const form = withLiveValues(finalise(manifest, live), live, left);
  const isTried = tried !== undefined && isEqual(tried.form, form);
  const answer = isTried ? tried.answer : await api.apply(form, { dryRun: true }, signal);
  if (live === undefined) {
    const object = finalise(manifest, undefined, input.changeCause);
    return { manifest, object, live, action: 'create', dryRun: 'passed', answer, shared };
  }
  if (isSame(live, answer, known, shared)) {
    const now = knownFrom(manifest.hash, answer, shared);
    if (now !== undefined) memory.set(manifest.key, now);
    return { manifest, object: form, live, action: 'unchanged', dryRun: 'passed', answer, shared };
  }
  const cause = finalise(manifest, live, input.changeCause);
  const object = withoutValues(cause, live, left, ownFields(answer));
  const forced = await forcedBy(manifest, live, answer, known, input, signal);
  return {
    manifest,
    object,
    live,
    action: 'configure',
    dryRun: 'passed',
    answer,
    shared: { ...shared, forced },
  };
}

/** What of the object is others'. A new one is created whole, and only then left to them. */
export async function sharedOf(
  manifest: Manifest,
  { live, isRead }: Seen,
  known: Known | undefined,
  { autoscalers }: Pick<OneInput, 'autoscalers'>,
  signal: AbortSignal,
): Promise<Shared> {
  const owned = (live === undefined ? undefined : ownFields(live)) ?? known?.fields;
  const adopts = isRead && isAdopted(live);
  const isOurs = autoscalers.isOurs(manifest.id);
  const asks =
    live !== undefined &&
    hasReplicas(manifest) &&
    (statesReplicas(manifest.object) || adopts || (owned !== undefined && holds(owned, REPLICAS)));
  const scaler = asks ? await autoscalers.of(manifest.id, signal) : isOurs ? 'ours' : 'none';
  const left = leftTo(manifest, scaler !== 'none');
  const givesUp = live !== undefined && owned !== undefined && left.some((path) => holds(owned, path));
  return {
    left,
    scaler,
    handOver: adopts ? 'adopt' : givesUp ? 'give-up' : 'none',
    from: adopts && live !== undefined ? formerTools(live) : [],
    forced: [],
  };
}

/** Same content, and the same fields owned: a field that left the manifest may hold its value all the same. */
function isSame(live: KubeObject, answer: KubeObject, known: Known | undefined, { left }: Shared): boolean {
  if (!sameContent(withoutLeft(live, left), withoutLeft(answer, left))) return false;
  const owned = ownedBeside(known?.fields ?? ownFields(live), left);
  return JSON.stringify(owned) === JSON.stringify(ownedBeside(ownFields(answer), left));
}

async function forcedBy(
  manifest: Manifest,
  live: KubeObject,
  answer: KubeObject,
  known: Known | undefined,
  { api }: OneInput,
  signal: AbortSignal,
): Promise<Shared['forced']> {
  if (live.metadata.managedFields !== undefined) return forcedFields(live, answer);
  // Only the object itself knows who owns what: asked for where the commit begins to state what stood there already.
  if (!mayForce(live, answer, known?.values ?? new Map())) return [];
  const ref = { gvk: manifest.gvk, namespace: manifest.id.namespace, name: manifest.id.name };
  const full = await api.get(ref, signal);
  return full === undefined ? [] : forcedFields(full, answer);
}

/** Only an account that may write the object has a claim to it: else that is what is wrong. */
async function refusedAsHeld(
  manifest: Manifest,
  message: string,
  live: KubeObject | undefined,
  { api }: OneInput,
  signal: AbortSignal,
): Promise<Planned> {
  if (live !== undefined) await api.apply(finalise(manifest, live), { dryRun: true }, signal);
  return { refusal: { id: manifest.id, kind: 'Owned', message } };
}

function isEqual(a: KubeObject, b: KubeObject): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
