// Plan → change set. Stage after stage; within a stage several requests at once.
//
// 1. A stage is begun only when the one before is through: all of it taken by the server, and whatever `after`
//    waits for has come.
// 2. The first refusal, and an `after` that does not come, end the work after that stage: what was applied by then
//    is recorded, object by object, and what was not, as skipped.

import pLimit from 'p-limit';
import { ApiError } from '../model/errors.ts';
import type { Change, PlanItem, Refusal } from '../model/plan.ts';
import { type KubeObject, keyOf, showId } from '../model/object.ts';
import type { Clock, ClusterApi } from '../ports.ts';
import { recreate } from './recreate.ts';

export interface ApplyInput {
  /** In order; each begins when the one before is through. */
  stages: readonly (readonly PlanItem[])[];
  /** As the App's service account. */
  api: ClusterApi;
  applySet: string;
  clock: Clock;
  /** How long an object that is made anew may take to go, ms. */
  goneWithinMs: number;
  parallel: number;
  /** Ends requests that are under way. The signal of `applyPlan` only ends the work between two objects. */
  hard: AbortSignal;
  refusalOf: (item: PlanItem, error: ApiError) => Refusal;
  /** Told before the request is sent and after it was answered, so that own writes are not taken for drift. */
  onSend: (item: PlanItem) => void;
  /**
   * Done before an object is applied, and part of writing it. Returns what is to be applied, which has been dry-run by
   * now, or why it is not.
   */
  prepare: (item: PlanItem) => Promise<{ item: PlanItem } | { refusal: Refusal }>;
  onAnswer: (item: PlanItem, answer: KubeObject | undefined) => void;
  /** Told before the first object of a stage is sent. */
  onStage: (stage: readonly PlanItem[]) => void;
  /**
   * Waits until what a stage brought can be built upon; `stop`: the stages after it are not applied. Also called
   * after the last stage, with nothing in `rest`.
   */
  after: (stage: readonly PlanItem[], rest: readonly PlanItem[], changes: readonly Change[]) => Promise<Go>;
}

export type Go = { go: 'on' } | { go: 'stop'; why: string };

export interface ChangeSet {
  changes: Change[];
  refusals: Refusal[];
  /** The last stage that was begun, where it was not the last of all. */
  stoppedAt?: readonly PlanItem[];
}

export async function applyPlan(input: ApplyInput, signal: AbortSignal): Promise<ChangeSet> {
  const done: ChangeSet = { changes: [], refusals: [] };
  for (const [index, stage] of input.stages.entries()) {
    const rest = input.stages.slice(index + 1).flat();
    input.onStage(stage);
    const refusals = await applyStage(stage, input, done, signal);
    const [first] = refusals;
    done.refusals.push(...refusals);
    const next: Go =
      first === undefined
        ? await input.after(stage, rest, done.changes)
        : { go: 'stop', why: `${showId(first.id)}, which comes before it, was refused` };
    if (next.go === 'on') continue;
    if (rest.length > 0) done.stoppedAt = stage;
    done.changes.push(...rest.filter(({ action }) => action !== 'unchanged').map(skipped(next.why)));
    break;
  }
  return done;
}

function skipped(reason: string): (item: PlanItem) => Change {
  return ({ manifest: { id, key } }) => ({ id, key, outcome: 'skipped', reason });
}

async function applyStage(
  stage: readonly PlanItem[],
  input: ApplyInput,
  done: ChangeSet,
  signal: AbortSignal,
): Promise<Refusal[]> {
  const refusals = await applyTogether(stage, input, done, signal);
  // What another object of the stage has given up meanwhile (a node port, an address) can be had by now.
  const taken = new Set(refusals.filter(isTaken).map(({ id }) => keyOf(id)));
  if (taken.size === 0 || taken.size === stage.length) return refusals;
  done.changes = done.changes.filter(({ key }) => !taken.has(key));
  const again = stage.filter(({ manifest }) => taken.has(manifest.key));
  return [
    ...refusals.filter((refusal) => !isTaken(refusal)),
    ...(await applyTogether(again, input, done, signal)),
  ];
}

/** The API server's words for what only one Service can hold (pkg/registry/core/service/allocator). */
function isTaken({ message }: Refusal): boolean {
  return /provided (?:port|IP) is already allocated/.test(message);
}

async function applyTogether(
  stage: readonly PlanItem[],
  input: ApplyInput,
  done: ChangeSet,
  signal: AbortSignal,
): Promise<Refusal[]> {
  const limit = pLimit(input.parallel);
  const refusals: Refusal[] = [];
  // A refused sibling does not stop the others of its stage: each was taken by its dry-run.
  await Promise.all(
    stage.map((item) =>
      limit(async () => {
        const outcome = await applyItem(item, input, signal);
        if ('refusal' in outcome) {
          refusals.push(outcome.refusal);
          const { id, message } = outcome.refusal;
          done.changes.push({ id, key: item.manifest.key, outcome: 'refused', reason: message });
        } else done.changes.push(outcome.change);
      }),
    ),
  );
  return refusals;
}

type Applied = { change: Change } | { refusal: Refusal };

async function applyItem(planned: PlanItem, input: ApplyInput, signal: AbortSignal): Promise<Applied> {
  let item = planned;
  const { id, key } = item.manifest;
  const unchanged = (): Applied => ({ change: { id, key, outcome: 'unchanged', object: item.live } });
  if (item.action === 'unchanged') return unchanged();
  // Between two objects is the place to stop: the one in hand is always finished.
  signal.throwIfAborted();
  input.onSend(item);
  let answer: KubeObject | undefined;
  try {
    const prepared = await input.prepare(item);
    if ('refusal' in prepared) return prepared;
    item = prepared.item;
    const { action } = item;
    if (action === 'unchanged') return unchanged();
    if (action === 'recreate') {
      const made = await recreate(item, input, input.hard);
      if ('refusal' in made) return made;
      answer = made.answer;
      return { change: { id, key, outcome: 'recreated', object: answer } };
    }
    answer = await input.api.apply(item.object, { dryRun: false }, input.hard);
    return { change: { id, key, outcome: action === 'create' ? 'created' : 'configured', object: answer } };
  } catch (error) {
    if (error instanceof ApiError) return { refusal: input.refusalOf(item, error) };
    throw error;
  } finally {
    input.onAnswer(item, answer);
  }
}
