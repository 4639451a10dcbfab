// Verifying one release: what it waits for is gathered here, judged in verify/, and interrupted by what comes
// meanwhile: a newer commit that concerns the App, a change of the App itself. Drift is set back all along.

import type { Manifest, Rendered } from '../model/manifest.ts';
import { keyOf } from '../model/object.ts';
import { PawlError } from '../model/errors.ts';
import type { Change } from '../model/plan.ts';
import type { Verdict } from '../model/verdict.ts';
import { carryMemory, type JudgeMemory } from '../verify/memory.ts';
import { followRelated } from '../verify/related.ts';
import { type FinalJudgement, waitForVerdict } from '../verify/wait.ts';
import type { Watched } from '../verify/watched.ts';
import { type Run, save, statusOf, tell } from './context.ts';
import { withoutDone } from './done.ts';
import { correctDrift } from './drift.ts';
import { healthyRender } from './healthy.ts';
import type { Release } from './release.ts';
import { look, targetAt } from './source.ts';

export type Verified =
  | { kind: 'verdict'; verdict: Verdict }
  | { kind: 'interrupted'; by: 'head' | 'app'; head?: string };

export async function verify(
  run: Run,
  started: Release,
  desired: Rendered,
  changes: readonly Change[],
): Promise<Verified> {
  const { ctx, session, settings } = run;
  const before = await healthyRender(run, started.target);
  const answers = new Map(changes.map((change) => [change.key, change.object]));
  const earlier = new Map(before?.manifests.map((manifest) => [manifest.key, manifest]));
  const status = statusOf(run);
  const awaited = withoutDone(desired.manifests, status, ctx.members);
  const bells = new Set<() => void>();
  const ring = () => {
    for (const bell of bells) bell();
  };
  const namespaces = desired.manifests.map((manifest) => manifest.id.namespace).filter((name) => name !== '');
  const related = followRelated(ctx.cluster, namespaces, ring);
  const unsubscribe = ctx.members.subscribe(run.applySet, ring);
  // How long has been verified by now: kept in the status, so that a restart does not start the clock anew.
  const carried = carry(session, started, awaited);
  const watch = {
    elapsedMs: carried?.elapsedMs ?? status.release?.elapsed ?? 0,
    atMs: ctx.clock.monotonic(),
  };
  // A process that was stopped has not watched: that time does not count.
  const since = () => Math.min(ctx.clock.monotonic() - watch.atMs, KEEP_ELAPSED_MS);
  const keep = () => keepElapsed(run, watch.elapsedMs + (ctx.cluster.isAway() ? 0 : since()));
  const over = new AbortController();
  const keeping = every(run, KEEP_ELAPSED_MS, over.signal, keep);
  const interrupted = new AbortController();
  const watching = watchForInterruption(run, started, AbortSignal.any([over.signal, run.signal])).then(
    (interruption) => {
      if (interruption !== undefined) interrupted.abort(interruption);
      return interruption;
    },
  );
  watching.catch((error: unknown) => interrupted.abort(error));
  try {
    await related.ready(run.signal);
    const result = await waitForVerdict(
      {
        clock: ctx.clock,
        settings: settings.health,
        interrupted: interrupted.signal,
        from: { elapsedMs: watch.elapsedMs, memory: carried?.memory },
        look: () => ({
          objects: awaited.map(watched),
          related: related.read(),
          away: ctx.cluster.isAway(),
        }),
        subscribe: (onChange) => {
          bells.add(onChange);
          const unsubscribeAway = ctx.cluster.onAway(onChange);
          return () => {
            bells.delete(onChange);
            unsubscribeAway();
          };
        },
        onJudged: (judgement, elapsedMs) => {
          watch.elapsedMs = elapsedMs;
          watch.atMs = ctx.clock.monotonic();
          if (judgement.kind !== 'waiting') return;
          const { ready, total, message, signs } = judgement;
          tell(run, { type: 'waiting', commit: started.target.commit.oid, ready, total, message });
          for (const { object, sign } of signs) noteSign(object, sign);
        },
      },
      run.signal,
    );
    // Only what was interrupted is carried on: a verdict, whatever it is, ends the clocks that led to it.
    session.verified =
      result.judgement === undefined
        ? {
            commit: started.target.commit.oid,
            memory: result.memory,
            elapsedMs: result.elapsedMs,
            hashes: new Map(awaited.map(({ key, hash }) => [key, hash])),
          }
        : undefined;
    if (result.judgement !== undefined) return { kind: 'verdict', verdict: verdictOf(result.judgement) };
    const interruption = await watching;
    if (interruption === undefined)
      throw new Error('the wait ended without a judgement and without a reason');
    return { kind: 'interrupted', ...interruption };
  } finally {
    over.abort();
    unsubscribe();
    related.stop();
    await Promise.all([watching.catch(() => {}), keeping]);
    if (run.signal.aborted && !run.hard.aborted) await keep().catch(() => {});
  }

  function watched(manifest: Manifest): Watched {
    const former = earlier.get(manifest.key);
    const answer = answers.get(manifest.key);
    return {
      manifest,
      live: ctx.members.get(manifest.id),
      // Without a healthy revision everything is new. An object that was set back by us counts as changed too.
      changed: former?.hash !== manifest.hash || isWritten(manifest.key),
      minGeneration: answer?.metadata.generation,
      appliedUid: answer?.metadata.uid,
      baselineUnhealthy: status.baseline?.unhealthy[manifest.key],
      stalledSince: status.baseline?.stalledSince[manifest.key],
      before: former?.object,
    };
  }

  function isWritten(key: string): boolean {
    const change = changes.find((one) => one.key === key);
    return change?.outcome === 'created' || change?.outcome === 'configured';
  }

  function noteSign(
    object: Parameters<typeof keyOf>[0],
    sign: { reason: string; evidence: string; at: string },
  ): void {
    const name = `${keyOf(object)}|${sign.at}|${sign.reason}`;
    if (session.toldSigns.has(name)) return;
    session.toldSigns.add(name);
    const message = `${sign.at}: ${sign.evidence}`;
    tell(run, { type: 'sign', commit: started.target.commit.oid, object, reason: sign.reason, message });
  }
}

/**
 * What an interrupted wait knew already. A superseding commit starts its own clock, but objects whose desired
 * form it leaves as it is keep theirs: pushing again and again does not put off a verdict.
 */
function carry(
  session: Run['session'],
  started: Release,
  manifests: readonly Manifest[],
): { elapsedMs: number; memory: JudgeMemory } | undefined {
  const { verified } = session;
  if (verified?.memory === undefined) return undefined;
  const { elapsedMs, memory } = verified;
  if (verified.commit === started.target.commit.oid) return { elapsedMs, memory };
  const unchanged = manifests.filter(({ key, hash }) => verified.hashes.get(key) === hash);
  return { elapsedMs: 0, memory: carryMemory(memory, elapsedMs, new Set(unchanged.map(({ key }) => key))) };
}

const KEEP_ELAPSED_MS = 15_000;

async function keepElapsed(run: Run, elapsedMs: number): Promise<void> {
  const { release, ...status } = statusOf(run);
  if (release !== undefined)
    await save(run, { ...status, release: { ...release, elapsed: Math.round(elapsedMs) } });
}

/** Again and again until the signal; a failure is left to the next time. */
async function every(run: Run, ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await run.ctx.clock
      .delay(ms, signal)
      .then(work)
      .catch(() => {});
  }
}

function verdictOf(judgement: FinalJudgement): Verdict {
  switch (judgement.kind) {
    case 'healthy':
      return { kind: 'healthy' };
    case 'failed':
      return { kind: 'failed', failures: judgement.failures };
    case 'unknown':
      return { kind: 'unknown', reason: judgement.reason, message: judgement.message };
  }
}

/** Handles what wakes the App while its release waits; resolves where that ends the wait. */
async function watchForInterruption(
  run: Run,
  started: Release,
  signal: AbortSignal,
): Promise<{ by: 'head' | 'app'; head?: string } | undefined> {
  const { session, ctx } = run;
  const found = Promise.withResolvers<string>();
  found.promise.catch(() => {}); // it may come after the end
  let isLooking = false;
  for (;;) {
    let head: string | undefined;
    try {
      head = await Promise.race([session.wakes.some(signal).then(() => undefined), found.promise]);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
    if (head !== undefined) return { by: 'head', head };
    const reasons = session.wakes.take();
    if (reasons.has('drift')) await correctDrift(run);
    if (isReopened(run)) return { by: 'app' };
    if (reasons.has('look') || reasons.has('request')) lookAside();
  }

  /** A host that does not answer holds back neither drift nor the verdict. */
  function lookAside(): void {
    if (isLooking) return;
    isLooking = true;
    newerHead({ ...run, signal }, started)
      .then(
        (head) => {
          if (head !== undefined) found.resolve(head);
        },
        (error: unknown) => {
          // The branch cannot be read just now: that is no reason to stop watching over what runs.
          if (!signal.aborted && !(error instanceof PawlError)) found.reject(error);
        },
      )
      .finally(() => {
        isLooking = false;
      });
  }

  /** The spec changed, the App is to go, or an undo is asked for. */
  function isReopened(of: Run): boolean {
    const now = ctx.store.get(session.name);
    if (now === undefined || now.metadata.deletionTimestamp !== undefined) return true;
    if (now.metadata.generation !== of.settings.generation) return true;
    return asked(now) !== asked(of.opened);
  }
}

function asked(app: Run['app']): string | undefined {
  return app.metadata.annotations?.['pawl.dev/undo-requested'];
}

/** A new head that concerns the App, else undefined. */
async function newerHead(run: Run, started: Release): Promise<string | undefined> {
  const seen = await look(run);
  if (seen === undefined || seen.head === started.target.head) return undefined;
  const target = await targetAt(run, seen.head);
  if (target.commit.oid !== started.target.commit.oid) return target.head;
  // It is elsewhere in the repository: only what a revert would be made on has changed.
  run.signal.throwIfAborted();
  started.target = target;
  return undefined;
}
