// Between two stages of a release: what the stage changed has to be ready before the next one is begun.
//
// 1. Between two numbers of `pawl.dev/stage`, and after a hook, it is judged as the whole release is at its end: what
//    fails is the release's failure, and what comes after it is not applied.
// 2. Between two classes of kinds within one number the wait is a courtesy: what comes after may be the very thing
//    that is missing. Nothing is judged there.

import { revision } from '../model/app.ts';
import { isHook } from '../model/hook.ts';
import type { Manifest, Rendered } from '../model/manifest.ts';
import type { KubeObject } from '../model/object.ts';
import { type Change, isWritten, type PlanItem } from '../model/plan.ts';
import { withState } from '../record/conditions.ts';
import { standsInTheWay } from '../render/order.ts';
import { heldUpBy } from '../verify/needs.ts';
import type { Gate } from './applying.ts';
import { type Run, save, statusOf } from './context.ts';
import { healthyRender } from './healthy.ts';
import type { Release } from './release.ts';
import type { Verified, Vigil } from './verifying.ts';

export interface StageGate {
  pass: Gate;
  /** Why a stage was the last one; undefined while none was. */
  stoppedBy(): Verified | undefined;
}

export async function openGate(
  run: Run,
  started: Release,
  desired: Rendered,
  vigil: Vigil,
): Promise<StageGate> {
  const healthy = await healthyRender(run, started.target);
  const former = new Map(healthy?.manifests.map(({ key, hash }) => [key, hash]));
  let before: readonly PlanItem[] = [];
  let stopped: Verified | undefined;
  return {
    stoppedBy: () => stopped,
    async pass(stage, rest, changes) {
      if (isFirstOf(stage, before)) before = [];
      const { manifests, isFinal } = gateOf(
        { before, stage, rest },
        {
          changes,
          given: desired.manifests.map(({ object }) => object),
          isAsHealthy: ({ key, hash }) => former.get(key) === hash,
          isRepeated: started.attempt > 1,
        },
      );
      before = [...before, ...stage];
      if (manifests.length === 0) return { go: 'on' };
      const what = {
        manifests,
        changes,
        soak: false,
        onWaiting: (message: string) => sayWaiting(run, started, `applying %, stage by stage: ${message}`),
      };
      const verified = isFinal ? await vigil.wait(what) : await vigil.linger(what);
      if (verified.kind === 'left') return { go: 'on' };
      if (verified.kind === 'verdict' && verified.verdict.kind === 'healthy') return { go: 'on' };
      stopped = verified;
      return {
        go: 'stop',
        why:
          verified.kind === 'interrupted'
            ? 'the release ended before its stage'
            : 'the stage before it has not become ready',
      };
    },
  };
}

export interface StageFacts {
  changes: readonly Change[];
  /** All that the release desires. */
  given: readonly KubeObject[];
  /** The desired form is that of the healthy revision. */
  isAsHealthy: (manifest: Manifest) => boolean;
  /** The release has been begun before, so that what this try left as it is may have been written by the last one. */
  isRepeated: boolean;
}

export interface Boundary {
  /** Applied before it within the same `pawl.dev/stage`, whether it is ready or not. */
  before: readonly PlanItem[];
  /** Of one `pawl.dev/stage` and one class of kinds. */
  stage: readonly PlanItem[];
  rest: readonly PlanItem[];
}

export interface Awaited {
  manifests: Manifest[];
  /** What is not ready in the end is the release's failure; otherwise the rest is applied all the same. */
  isFinal: boolean;
}

/**
 * What has to be ready before the rest is applied: what the release changed. Nothing where nothing is left to apply;
 * nor what nobody waits for, or what would wait for something of the rest. Hooks are always waited for: they stand in
 * stages of their own.
 */
export function gateOf(
  { before, stage, rest }: Boundary,
  { changes, given, isAsHealthy, isRepeated }: StageFacts,
): Awaited {
  const written = new Set(changes.filter(isWritten).map(({ key }) => key));
  const coming = rest.filter(({ action }) => action !== 'unchanged');
  const hooks = stage.map(({ manifest }) => manifest).filter(isHook);
  const isLast = !rest.some(({ manifest }) => manifest.stage === stage[0]?.manifest.stage);
  const next = coming.filter(({ manifest }) => manifest.stage === stage[0]?.manifest.stage);
  // A webhook whose backend is in trouble stands in the way of every write, that of a revert included.
  const isBeforeWebhooks = next.length > 0 && next.every(({ manifest }) => standsInTheWay(manifest.gvk));
  const isEnd = isLast || isBeforeWebhooks;
  const isFinal = hooks.length > 0 || isEnd;
  // A courtesy is only for what comes next; all of the number is waited for at its end.
  const isWanted = isEnd ? coming.length > 0 : hooks.length === 0 && next.length > 0;
  if (!isWanted) return { manifests: hooks, isFinal };
  const isHeldUp = heldUpBy(
    coming.map(({ manifest }) => manifest.object),
    given,
  );
  const changed = [...(isEnd ? before : []), ...stage]
    .map(({ manifest }) => manifest)
    .filter((manifest) => !isHook(manifest))
    .filter((manifest) => isRepeated || written.has(manifest.key) || !isAsHealthy(manifest))
    .filter((manifest) => !isLoadBalancer(manifest) && !isHeldUp(manifest.object));
  return { manifests: [...hooks, ...changed], isFinal };
}

function isFirstOf(stage: readonly PlanItem[], before: readonly PlanItem[]): boolean {
  return before[0]?.manifest.stage !== stage[0]?.manifest.stage;
}

/** An address may take minutes, and nothing that follows needs it: the end of the release judges it. */
function isLoadBalancer({ gvk, object }: Manifest): boolean {
  const type = (object.spec as { type?: unknown } | undefined)?.type;
  return gvk.group === '' && gvk.kind === 'Service' && type === 'LoadBalancer';
}

/** `%` in the message becomes the revision and its subject. */
export async function sayWaiting(run: Run, started: Release, message: string): Promise<void> {
  const name = revision(run.settings.source.branch, started.target.commit.oid);
  const state = {
    ready: 'Unknown' as const,
    reason: 'Progressing',
    message: message.replace('%', () => `${name} "${started.subject}"`),
    reconciling: true,
  };
  await save(run, withState(statusOf(run), state, run.settings.generation, run.ctx.clock.now()));
}
