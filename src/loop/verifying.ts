// Waiting for a release's objects. A release waits after each stage for what the stage changed, and at the end for
// everything; all its waits have one judge (verify/), one clock, one deadline and one memory.
//
// 1. Only the time of waiting counts, and none of it twice: it is kept in the status, so that a restart does not
//    start the clock anew.
// 2. A courtesy judges nothing: what it has seen counts for nothing later, but its time does.
// 3. A newer commit that concerns the App and a change of the App end any of the waits.

import { isHook, isJob } from '../model/hook.ts';
import type { Manifest, Rendered } from '../model/manifest.ts';
import { type KubeObject, idOf, keyOf } from '../model/object.ts';
import type { Change, PlanItem } from '../model/plan.ts';
import type { Failure, Verdict } from '../model/verdict.ts';
import { carryMemory, type JudgeMemory } from '../verify/memory.ts';
import { afterCourtesy, afterPart, resume, soakOf } from '../verify/parts.ts';
import { followRelated, type Related } from '../verify/related.ts';
import { scopesOf } from '../verify/scopes.ts';
import { judge } from '../verify/judge.ts';
import { type JudgeMemo, newMemo } from '../verify/memo.ts';
import { type FinalJudgement, type Look, waitForVerdict } from '../verify/wait.ts';
import type { Asking, MadeHook } from './checks.ts';
import { type Run, statusOf, tell } from './context.ts';
import { recordDone, releaseName, seeDone, stillAwaited, withoutDone } from './done.ts';
import { healthyRender } from './healthy.ts';
import { type Interruption, watchForInterruption } from './interruption.ts';
import type { Release } from './release.ts';
import { every, KEEP_ELAPSED_MS, type Timer, timer } from './timer.ts';
import { storageClassesFor } from './storage-classes.ts';
import { isReplacedBy, type Unsticking, unsticking } from './stuck-pods.ts';
import { watcher } from './watching.ts';
import type { Watched } from '../verify/watched.ts';

export type Verified = { kind: 'verdict'; verdict: Verdict } | ({ kind: 'interrupted' } & Interruption);

export interface WaitFor {
  manifests: readonly Manifest[];
  /** What the release has written so far. */
  changes: readonly Change[];
  /** Whether they have to stay ready for as long as the App says. */
  soak: boolean;
  /** Done while what has to be watched is asked for, and before anything is judged. */
  begin?: () => Promise<void>;
  /** The checks that are asked once the objects are ready. */
  asking?: Asking;
  /** Told when it turns out that there is something to wait for, and when a check begins to pass or fail. */
  onWaiting?: (message: string) => Promise<void>;
}

/** The waits of one release. */
export interface Vigil {
  wait(what: WaitFor): Promise<Verified>;
  /** As a courtesy; `left`: not everything is ready, and it is not waited for any longer. */
  linger(what: WaitFor): Promise<Verified | { kind: 'left' }>;
  /** Judges again: something else has changed than an object. */
  ring(): void;
  close(): void;
}

/** What a wait looks at, and what it knows of it already. */
interface Seen {
  objects: () => Pick<Look, 'objects' | 'desired'>;
  storageClasses: readonly KubeObject[] | undefined;
  memo: JudgeMemo;
}

/** Nothing is asked of the server before the first wait. */
export function openVigil(
  run: Run,
  started: Release,
  desired: Rendered,
  planned: readonly PlanItem[],
): Vigil {
  const { ctx, session, settings } = run;
  const manifests = withoutDone(desired.manifests, run);
  const carried = carry(session, started, manifests);
  const { elapsed, soaking } = statusOf(run).release ?? { elapsed: 0 };
  const clock = {
    elapsedMs: carried?.elapsedMs ?? elapsed,
    memory: carried?.memory,
    resumed: elapsed > 0 ? { atMs: elapsed, soakingSinceMs: soaking } : undefined,
  };
  const desiredByKey = new Map(desired.manifests.map((manifest) => [manifest.key, manifest]));
  const whole = desired.manifests.map(({ object }) => object);
  const jobs = new Map(desired.manifests.filter(isJob).map((manifest) => [manifest.key, manifest]));
  const bells = new Set<() => void>();
  const ring = () => {
    for (const bell of bells) bell();
  };
  let related: Related | undefined;
  let former: ReadonlyMap<string, Manifest> | undefined;
  const unsubscribe = ctx.members.subscribe(run.applySet, ({ kind, object }) => {
    const job = kind === 'set' ? jobs.get(keyOf(idOf(object))) : undefined;
    if (job !== undefined) seeDone(run, job, object);
    ring();
  });
  return {
    async wait(what) {
      const verified = await attend(what, false);
      if (verified.kind === 'left') throw new Error('only a courtesy can be left');
      return verified;
    },
    linger: (what) => attend(what, true),
    ring,
    close() {
      unsubscribe();
      related?.stop();
    },
  };

  async function attend(what: WaitFor, courtesy: boolean): Promise<Verified | { kind: 'left' }> {
    former ??= await formerOf(run, started);
    const healthy = former;
    for (const job of jobs.values()) {
      const live = ctx.members.get(job.id);
      if (live !== undefined) seeDone(run, job, live);
    }
    const storageClasses = await storageClassesFor(run, what.manifests);
    const seen = { objects: objectsOf(what), storageClasses, memo: newMemo() };
    if (isReadyNow(what, seen)) {
      session.verified = undefined;
      await record();
      return { kind: 'verdict', verdict: { kind: 'healthy' } };
    }
    related ??= followRelated(ctx.cluster, scopesOf(changed(healthy)), ring);
    const stopwatch = timer(run, clock, what.soak);
    const over = new AbortController();
    const interrupted = new AbortController();
    const watching = watchForInterruption(run, started, AbortSignal.any([over.signal, run.signal])).then(
      (interruption) => {
        if (interruption !== undefined) interrupted.abort(interruption);
        return interruption;
      },
    );
    watching.catch((error: unknown) => interrupted.abort(error));
    // Writes of the status follow one another: one that is overtaken would bring back what is old.
    let saying: Promise<void> = Promise.resolve();
    const after = (work: () => Promise<void> | undefined) => {
      saying = saying.then(work).catch(() => {}); // what could not be written now is written next time
      return saying;
    };
    const stuck = unsticking(run, started, AbortSignal.any([over.signal, run.signal]), ring);
    const say = (message: string) => void after(() => what.onWaiting?.(message));
    let later: Promise<void> | undefined;
    const ringIn = (ms: number): void => {
      later ??= ctx.clock
        .delay(ms, AbortSignal.any([over.signal, run.signal]))
        .then(ring)
        .catch(() => {})
        .finally(() => {
          later = undefined;
        });
    };
    const keeping = every(run, KEEP_ELAPSED_MS, over.signal, () => after(stopwatch.keep));
    try {
      await Promise.all([related.ready(run.signal), what.begin?.()]);
      const result = await judged(what, {
        ...seen,
        courtesy,
        related,
        interrupted: interrupted.signal,
        stopwatch,
        say,
        ringIn,
        note: () => void after(record),
        stuck,
      });
      const keys = new Set(what.manifests.map(({ key }) => key));
      const { elapsedMs, isLeft } = result;
      const part =
        courtesy && result.memory !== undefined
          ? afterCourtesy(clock.memory, result.memory, isLeft ? elapsedMs : undefined)
          : result.memory;
      clock.elapsedMs = elapsedMs;
      const before = clock.memory ?? soakOf(clock.resumed);
      clock.memory = part === undefined ? undefined : afterPart(before, part, keys, what.soak);
      // Only what was interrupted is carried on: a verdict, whatever it is, ends the clocks that led to it.
      session.verified =
        result.judgement === undefined && !isLeft
          ? {
              commit: started.target.commit.oid,
              ...clock,
              hashes: new Map(manifests.map(({ key, hash }) => [key, hash])),
            }
          : undefined;
      // Before anything is built upon it: a Job that has run is not run again, whatever comes next.
      await saying;
      await record();
      if (result.judgement !== undefined)
        return { kind: 'verdict', verdict: verdictOf(result.judgement, desired.manifests) };
      if (isLeft) return { kind: 'left' };
      const interruption = await watching;
      if (interruption === undefined)
        throw new Error('the wait ended without a judgement and without a reason');
      return { kind: 'interrupted', ...interruption };
    } finally {
      over.abort();
      await Promise.all([watching.catch(() => {}), keeping, later, saying, stuck.over()]);
      if (run.signal.aborted && !run.hard.aborted) await stopwatch.keep().catch(() => {});
    }
  }

  /** What the release changes, or sets back. */
  function changed(healthy: ReadonlyMap<string, Manifest>): KubeObject[] {
    const isWritten = new Set(
      planned.filter(({ action }) => action !== 'unchanged').map(({ manifest }) => manifest.key),
    );
    return desired.manifests
      .filter(
        (manifest) =>
          isHook(manifest) ||
          isWritten.has(manifest.key) ||
          healthy.get(manifest.key)?.hash !== manifest.hash ||
          isReplacedBy(ctx.members.get(manifest.id), started.target.commit.oid),
      )
      .map(({ object }) => object);
  }

  /** Ready beats failed: where everything is ready there is no need to look at pods. */
  function isReadyNow(what: WaitFor, { objects, storageClasses, memo }: Seen): boolean {
    const settings = settingsFor(what);
    if (settings.soakMs > 0 || what.asking !== undefined || ctx.cluster.isAway()) return false;
    const seen = objects();
    // Most often what was changed is not ready yet: to look at the thousands of others tells nothing more.
    const changed = seen.objects.filter((watched) => watched.changed);
    const nothing = { pods: [], replicaSets: [], events: [] };
    const { elapsedMs, memory, resumed } = clock;
    const by = { related: { ...nothing, storageClasses }, settings, elapsedMs, memory, resumed, memo };
    const isReady = (of: typeof seen) =>
      judge({ ...of, ...by, now: ctx.clock.now() }).judgement.kind === 'healthy';
    return isReady({ ...seen, objects: changed }) && isReady(seen);
  }

  function settingsFor(what: WaitFor): Run['settings']['health'] & { releaseSoakMs?: number } {
    const { health } = settings;
    return what.soak ? health : { ...health, soakMs: 0, releaseSoakMs: health.soakMs };
  }

  function objectsOf(what: WaitFor): () => Pick<Look, 'objects' | 'desired'> {
    const watched = watchingOf(what.changes);
    const lasting = what.manifests.filter((manifest) => !isJob(manifest));
    const ending = what.manifests.filter(isJob);
    return () => ({
      // A Job that has run may be gone the next moment.
      objects: [...lasting, ...stillAwaited(run, ending, releaseName(started))].map(watched),
      desired: whole,
    });
  }

  /** Checks, and the hooks that verify, once they are made. */
  function besideOf({ asking }: WaitFor): () => Pick<Look, 'checks' | 'hooks'> {
    if (asking === undefined) return () => ({});
    const made = new Map<string, ReturnType<typeof watchingOf>>();
    return () => ({
      checks: asking.read(),
      hooks: awaitedHooks(asking).map(({ manifest, change }) => {
        const watched = made.get(manifest.key) ?? watchingOf([change]);
        made.set(manifest.key, watched);
        return watched(manifest);
      }),
    });
  }

  function awaitedHooks(asking: Asking): readonly MadeHook[] {
    return asking
      .hooks()
      .filter(({ manifest }) => stillAwaited(run, [manifest], releaseName(started)).length > 0);
  }

  function watchingOf(changes: readonly Change[]): (manifest: Manifest) => Watched {
    return watcher({
      desired: desiredByKey,
      former,
      changes: new Map(changes.map((change) => [change.key, change])),
      baseline: statusOf(run).baseline,
      live: (id) => ctx.members.get(id),
      drift: (key) => session.standing.get(key),
    });
  }

  /** Neither what the repository holds nor what a revert would lead to is forgotten. */
  function record(): Promise<void> {
    return recordDone(run, [...desired.manifests, ...(former?.values() ?? [])]);
  }

  function judged(
    what: WaitFor,
    by: Seen & {
      courtesy: boolean;
      related: Related;
      interrupted: AbortSignal;
      stopwatch: Timer;
      say: (message: string) => void;
      ringIn: (ms: number) => void;
      stuck: Unsticking;
      note: () => void;
    },
  ) {
    const beside = besideOf(what);
    let said: { standing: string; atMs: number } | undefined;
    return waitForVerdict(
      {
        clock: ctx.clock,
        settings: settingsFor(what),
        interrupted: by.interrupted,
        from: clock,
        memo: by.memo,
        courtesy: by.courtesy,
        look: () => {
          const related = { ...by.related.read(), storageClasses: by.storageClasses };
          const seen = { ...by.objects(), related, away: ctx.cluster.isAway() };
          if (!seen.away) by.stuck.look(seen.objects, seen.related);
          return { ...seen, ...beside() };
        },
        subscribe: (onChange) => {
          bells.add(onChange);
          const unsubscribeAway = ctx.cluster.onAway(onChange);
          return () => {
            bells.delete(onChange);
            unsubscribeAway();
          };
        },
        onJudged: (judgement, elapsedMs, memory) => {
          by.stopwatch.at(elapsedMs, memory);
          if (judgement.kind !== 'waiting') return;
          by.note();
          const { ready, total, message, signs, objectsReady } = judgement;
          what.asking?.follow(objectsReady);
          tell(run, { type: 'waiting', commit: started.target.commit.oid, ready, total, message });
          for (const { object, sign } of signs) noteSign(object, sign);
          // A failure to say it is left to the next write.
          const standing = standingOf(what.asking);
          if (said?.standing === standing) return;
          const restMs = said === undefined ? 0 : said.atMs + SAY_EVERY_MS - elapsedMs;
          // Nothing else may happen until the end of the soak.
          if (restMs > 0) return by.ringIn(restMs);
          said = { standing, atMs: elapsedMs };
          by.say(message);
        },
      },
      run.signal,
    );
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
  if (verified.commit === started.target.commit.oid) return { elapsedMs, memory: resume(memory, elapsedMs) };
  const unchanged = manifests.filter(({ key, hash }) => verified.hashes.get(key) === hash);
  return { elapsedMs: 0, memory: carryMemory(memory, elapsedMs, new Set(unchanged.map(({ key }) => key))) };
}

/** What of the checks is worth a write of the status. */
function standingOf(asking: Asking | undefined): string {
  return JSON.stringify(asking?.read().map(({ name, state }) => [name, state]) ?? []);
}

/** A check that passes and fails by turns does not fill the status, ms. */
const SAY_EVERY_MS = 2_000;
/** What a hook does is done to the whole App: its failure is that of a check. */
function verdictOf(judgement: FinalJudgement, manifests: readonly Manifest[]): Verdict {
  switch (judgement.kind) {
    case 'healthy':
      return { kind: 'healthy' };
    case 'failed':
      return { kind: 'failed', failures: ofHooks(judgement.failures, manifests) };
    case 'unknown':
      return { kind: 'unknown', reason: judgement.reason, message: judgement.message };
  }
}

function ofHooks(failures: readonly Failure[], manifests: readonly Manifest[]): Failure[] {
  const hooks = new Set(manifests.filter(isHook).map(({ key }) => key));
  return failures.map((failure) =>
    failure.object !== undefined && hooks.has(keyOf(failure.object))
      ? { ...failure, check: failure.object.name }
      : failure,
  );
}

/** By key, as the healthy revision has them: the same from the beginning of a release to its end. */
async function formerOf(run: Run, started: Release): Promise<ReadonlyMap<string, Manifest>> {
  const before = await healthyRender(run, started.target);
  return new Map(before?.manifests.map((manifest) => [manifest.key, manifest]));
}
