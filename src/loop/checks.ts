// Asking the checks of a release: each in a loop of its own, from when every object is ready until the verdict, so
// that what breaks during the soak is seen. Hooks that verify are made then, too, and stay. What the answers mean is for
// verify/checks/.

import type { Check, HttpCheck, PrometheusCheck } from '../model/checks.ts';
import { addressOf, serviceOf } from '../verify/checks/address.ts';
import {
  type CheckResult,
  httpResult,
  prometheusResult,
  type UnknownReason,
} from '../verify/checks/result.ts';
import {
  type CheckRead,
  heard,
  isNetworkProven,
  isNews,
  paused,
  readCheck,
  SHORT_BREAK_MS,
  type Standing,
  UNASKED,
} from '../verify/checks/standing.ts';
import {
  type ChecksBefore,
  definitionOf,
  excuseBefore,
  foundBefore,
  withPassed,
} from '../verify/checks/before.ts';
import type { Manifest, Rendered } from '../model/manifest.ts';
import type { Change } from '../model/plan.ts';
import { type Run, statusOf, tell } from './context.ts';
import { type Endpoints, followEndpoints } from './endpoints.ts';
import type { Release } from './release.ts';
import { verifyingHooks } from './verifying-hooks.ts';

type Asked = HttpCheck | PrometheusCheck;

const MAX_BODY_BYTES = 64 * 1024;
/** A check fails before a release when it does so for so long: what fails for a moment may be chance. */
const BEFORE = { afterMs: 15_000, everyMs: 1_000 };

export interface Asking {
  /** Asks from now on, or no more: of an App that is not ready no answer means anything. */
  follow(isReady: boolean): void;
  read(): CheckRead[];
  /** The hooks that have been made, and what making them was answered with. */
  hooks(): readonly MadeHook[];
  close(): Promise<void>;
}

export interface MadeHook {
  manifest: Manifest;
  change: Change;
}

/** Undefined where there is nothing to ask. `onChange`: an answer has come. */
export function askChecks(
  run: Run,
  started: Release,
  desired: Rendered,
  onChange: () => void,
): Asking | undefined {
  const commit = started.target.commit.oid;
  const checks = run.settings.health.checks.filter(isAsked);
  const verifying = verifyingHooks(run, started, desired, onChange);
  if (checks.length === 0 && verifying === undefined) return undefined;
  const standings = new Map<string, Standing>();
  const told = new Map<string, CheckRead['state']>();
  let pausedAtMs: number | undefined;
  let round: { over: AbortController; work: Promise<unknown> } | undefined;
  let bug: { error: unknown } | undefined;
  const endpoints = followEndpoints(run);

  async function askOn(check: Asked, signal: AbortSignal): Promise<void> {
    for (;;) {
      const begunMs = run.ctx.clock.monotonic();
      const { result, overHttp } = await ask(run, check, endpoints, signal);
      signal.throwIfAborted();
      const former = checks.map(readOne);
      const before = standings.get(check.name) ?? UNASKED;
      standings.set(check.name, heard(before, result, { begunMs, overHttp }));
      const read = readOne(check);
      if (read.state === 'passed') notePassed(check);
      note(read);
      const { count } = run.settings.health.thresholds.CheckFailed;
      if (former.some((one, index) => isNews(one, readOne(checks[index] ?? check), count))) onChange();
      await run.ctx.clock.delay(check.intervalMs, signal);
    }
  }

  function readOne(check: Asked): CheckRead {
    const standing = standings.get(check.name) ?? UNASKED;
    const others = [...standings].filter(([name]) => name !== check.name).map(([, other]) => other);
    return readCheck(check, standing, {
      isNetworkProven: isNetworkProven(standing, others),
      ...excuseBefore(check, statusOf(run).baseline),
      now: run.ctx.clock.now(),
    });
  }

  /** Written with the next write of the status; said again if one that was under way has overtaken it. */
  function notePassed(check: Asked): void {
    const { baseline } = statusOf(run);
    if (baseline === undefined) return;
    const { failedBefore, notAskedBefore } = excuseBefore(check, baseline);
    if (failedBefore || notAskedBefore)
      run.app = { ...run.app, status: { ...statusOf(run), baseline: withPassed(check, baseline) } };
  }

  /** Told when it changes: that it passes, that it fails. */
  function note({ name, state, message }: CheckRead): void {
    if (state === 'open' || told.get(name) === state) return;
    told.set(name, state);
    tell(run, { type: 'check', commit, check: name, state, message });
  }

  return {
    follow(isReady) {
      if (isReady) verifying?.begin();
      if (isReady === (round !== undefined)) return;
      if (!isReady) {
        round?.over.abort();
        round = undefined;
        pausedAtMs = run.ctx.clock.monotonic();
        for (const [name, standing] of standings) standings.set(name, paused(standing));
        return;
      }
      if (pausedAtMs !== undefined && run.ctx.clock.monotonic() - pausedAtMs > SHORT_BREAK_MS)
        standings.clear();
      const over = new AbortController();
      const signal = AbortSignal.any([over.signal, run.signal]);
      const work = Promise.all(
        checks.map((check) =>
          askOn(check, signal).catch((error: unknown) => {
            if (signal.aborted) return;
            bug = { error };
            onChange();
          }),
        ),
      );
      round = { over, work };
    },
    read() {
      if (bug !== undefined) throw bug.error;
      return [...checks.map(readOne), ...(verifying?.pending() ?? [])];
    },
    hooks: () => verifying?.made() ?? [],
    async close() {
      round?.over.abort();
      endpoints.close();
      await Promise.all([round?.work, verifying?.close()]);
    },
  };
}

/** Which checks are asked before anything is applied, and which fail: no commit that comes is to blame for them (I3). */
export async function askBefore(run: Run): Promise<ChecksBefore> {
  const { clock } = run.ctx;
  const endpoints = followEndpoints(run);
  const over = new AbortController();
  const late = new AbortController();
  // All of them together, however long each may take to answer.
  const ending = clock.delay(BEFORE.afterMs, AbortSignal.any([over.signal, run.signal])).then(
    () => late.abort(),
    () => {}, // of the end
  );
  const asked: Record<string, string> = {};
  const failing: Record<string, string> = {};

  async function askOne(check: Asked): Promise<void> {
    const signal = AbortSignal.any([late.signal, run.signal]);
    let result: CheckResult | undefined;
    for (;;) {
      try {
        ({ result } = await ask(run, check, endpoints, signal));
      } catch (error) {
        if (!late.signal.aborted) throw error;
      }
      run.signal.throwIfAborted();
      const found = foundBefore(result, late.signal.aborted);
      if (found === 'unasked') return;
      if (found !== undefined) asked[check.name] = definitionOf(check);
      if (found === 'failing' && result !== undefined) failing[check.name] = result.words;
      if (found !== undefined) return;
      await clock.delay(BEFORE.everyMs, signal).catch(() => run.signal.throwIfAborted());
    }
  }

  try {
    await Promise.all(run.settings.health.checks.filter(isAsked).map(askOne));
  } finally {
    over.abort();
    late.abort();
    endpoints.close();
    await ending;
  }
  return { checks: failing, asked };
}

function isAsked(check: Check): check is Asked {
  return check.kind !== 'job';
}

interface Heard {
  result: CheckResult;
  /** Something answered over http, whatever it said. */
  overHttp: boolean;
}

async function ask(run: Run, check: Asked, endpoints: Endpoints, signal: AbortSignal): Promise<Heard> {
  const { ctx, session } = run;
  const who = `${session.name.namespace}/${session.name.name}`;
  switch (check.kind) {
    case 'http': {
      const live = ctx.members.get(serviceOf(check));
      const found = addressOf(check, live, run.applySet);
      if ('refused' in found) return unknown('CheckNotReady', found.refused);
      const stranger = live && (await endpoints.refusal(check, live, signal));
      if (stranger !== undefined) return unknown('CheckRefused', stranger);
      const { service, namespace, scheme, method, path, headers, timeoutMs } = check;
      const host = check.host ?? `${service}.${namespace}.svc`;
      const probe = {
        ...found,
        scheme,
        method,
        path,
        headers,
        host,
        timeoutMs,
        maxBodyBytes: MAX_BODY_BYTES,
      };
      const answer = await ctx.turns.take(who, signal, () => ctx.prober.http(probe, signal));
      return { result: httpResult(check, answer), overHttp: answer.kind === 'answer' };
    }
    case 'prometheus': {
      const { prometheus } = ctx;
      if (prometheus === undefined) return unknown('PrometheusUnavailable', 'no Prometheus is named');
      const answer = await ctx.turns.take(who, signal, () => prometheus.query(check.query, signal));
      return { result: prometheusResult(check, answer), overHttp: false };
    }
  }
}

function unknown(reason: UnknownReason, words: string): Heard {
  return { result: { kind: 'unknown', reason, words }, overHttp: false };
}
