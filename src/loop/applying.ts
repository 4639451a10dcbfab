// The one way by which the loop writes an App's objects: through the apply stage, with every write known to the
// session before it is sent and after it is answered, so that it is never taken for somebody else's.

import type { TakenObject } from '../model/events.ts';
import { isHook } from '../model/hook.ts';
import type { KubeObject } from '../model/object.ts';
import { type Change, isWritten, type PlanItem } from '../model/plan.ts';
import { applyPlan, type ChangeSet, type Go } from '../apply/apply.ts';
import { handOver } from '../plan/hand-over.ts';
import { knownFrom } from '../plan/known.ts';
import { PARALLEL } from '../plan/plan.ts';
import { refusalOf } from '../plan/refusal.ts';
import { type Run, tell } from './context.ts';
import { GONE, note, onMemberChange } from './noticing.ts';
import { plannedNow } from './planning-one.ts';
import { settleStage } from './settle.ts';

/** A foreground deletion ends when the last pod has: thirty seconds where nothing else is said. */
const GONE_WITHIN_MS = 60_000;

/** Whether what a stage brought is ready, so that the rest may be applied. */
export type Gate = (
  stage: readonly PlanItem[],
  rest: readonly PlanItem[],
  changes: readonly Change[],
) => Promise<Go>;

/** Without a gate nothing but what the server itself needs is waited for: nobody asks for a judgement. */
export async function applyStages(
  run: Run,
  stages: readonly (readonly PlanItem[])[],
  gate: Gate = () => Promise.resolve({ go: 'on' }),
): Promise<ChangeSet> {
  const { session } = run;
  const items = new Map(stages.flat().map((item) => [item.manifest.key, item]));
  const manifests = [...items.values()].map(({ manifest }) => manifest);
  const done = await applyPlan(
    {
      stages,
      api: run.api,
      applySet: run.applySet,
      clock: run.ctx.clock,
      goneWithinMs: Math.min(GONE_WITHIN_MS, run.settings.health.timeoutMs),
      parallel: PARALLEL,
      hard: run.hard,
      refusalOf: (item, error) => refusalOf(item.manifest.id, error),
      onSend: (item) => session.inFlight.add(item.manifest.key),
      prepare: async (item) => {
        const planned = await plannedNow(run, item, manifests);
        if ('refusal' in planned) return planned;
        items.set(item.manifest.key, planned.item);
        if (planned.item.action !== 'recreate') await handOver(planned.item, run.api, run.hard);
        return planned;
      },
      onAnswer: (item, answer) => afterWrite(run, item, answer),
      // What drift is corrected to: until its stage is reached, an object stays as it was.
      onStage: (stage) => {
        for (const { manifest } of stage) if (!isHook(manifest)) session.desired.set(manifest.key, manifest);
      },
      after: async (stage, rest, changes) => {
        const next = await gate(stage, rest, changes);
        if (next.go === 'on')
          await settleStage(
            run,
            stage,
            rest.map(({ manifest }) => manifest),
          );
        return next;
      },
    },
    run.signal,
  );
  tellTaken(run, [...items.values()], done);
  return done;
}

/** Said once, when it is done: whoever set a field, or applied an object, finds out here who has it now. */
function tellTaken(run: Run, items: readonly PlanItem[], { changes }: ChangeSet): void {
  const written = new Set(changes.filter(isWritten).map(({ key }) => key));
  const taken = items.flatMap(({ manifest, shared }): TakenObject[] => {
    if (shared === undefined || !written.has(manifest.key)) return [];
    const { from, forced } = shared;
    return from.length + forced.length === 0 ? [] : [{ object: manifest.id, from, forced }];
  });
  if (taken.length > 0) tell(run, { type: 'taken-over', taken });
}

/** Remembers what a write of ours left, and notices what came in between. */
function afterWrite(run: Run, item: PlanItem, answer: KubeObject | undefined): void {
  const { manifest, shared } = item;
  const { session, ctx } = run;
  session.inFlight.delete(manifest.key);
  if (answer === undefined) return;
  const known = knownFrom(manifest.hash, answer, shared);
  if (known === undefined) return;
  session.memory.set(manifest.key, known);
  session.drifted.delete(manifest.key);
  session.standing.delete(manifest.key);
  ctx.members.observe(answer);
  const mirrored = ctx.members.get(manifest.id);
  if (mirrored === undefined) note(session, manifest.key, GONE);
  else if (mirrored.metadata.resourceVersion !== answer.metadata.resourceVersion)
    onMemberChange(session, { kind: 'set', object: mirrored, previous: undefined });
}
