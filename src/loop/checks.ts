// Asking the checks of a release: each in a loop of its own, from when every object is ready until the verdict, so
// that what breaks during the soak is seen. Hooks that verify are made then, too, and stay. What the answers mean is for
// verify/checks/.

import type { Check, HttpCheck, PrometheusCheck } from '../model/checks.ts';
import { addressOf, serviceOf } from '../verify/checks/address.ts';
import { type CheckResult, httpResult, prometheusResult } from '../verify/checks/result.ts';
import {
  after,
  type CheckRead,
  isNews,
  readCheck,
  type Standing,
  UNASKED,
} from '../verify/checks/standing.ts';
import type { Manifest, Rendered } from '../model/manifest.ts';
import type { Change } from '../model/plan.ts';
import { type Run, statusOf, tell } from './context.ts';
import { type Endpoints, followEndpoints } from './endpoints.ts';
import type { Release } from './release.ts';
import { verifyingHooks } from './verifying-hooks.ts';

type Asked = HttpCheck | PrometheusCheck;

const MAX_BODY_BYTES = 64 * 1024;
/** A check fails before a release when it does so this often in a row: one failure may be chance. */
const BEFORE = { times: 3, everyMs: 500 };

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
  const failedBefore = statusOf(run).baseline?.checks ?? {};
  const standings = new Map<string, Standing>();
  const told = new Map<string, CheckRead['state']>();
  let round: { over: AbortController; work: Promise<unknown> } | undefined;
  let bug: { error: unknown } | undefined;
  const endpoints = followEndpoints(run);

  async function askOn(check: Asked, signal: AbortSignal): Promise<void> {
    for (;;) {
      const result = await ask(run, check, endpoints, signal);
      signal.throwIfAborted();
      const before = checks.map(readOne);
      standings.set(check.name, after(standings.get(check.name) ?? UNASKED, result));
      note(readOne(check));
      const { count } = run.settings.health.thresholds.CheckFailed;
      if (before.some((one, index) => isNews(one, readOne(checks[index] ?? check), count))) onChange();
      await run.ctx.clock.delay(check.intervalMs, signal);
    }
  }

  function readOne(check: Asked): CheckRead {
    const isNetworkProven = checks.some(
      (other) => other.name !== check.name && isAnswered(standings.get(other.name)),
    );
    return readCheck(check, standings.get(check.name) ?? UNASKED, {
      isNetworkProven,
      failedBefore: Object.hasOwn(failedBefore, check.name),
      now: run.ctx.clock.now(),
    });
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
        standings.clear();
        return;
      }
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

/** Which checks fail before anything is applied, and how: no commit that comes is to blame for them (I3). */
export async function checksFailingNow(run: Run): Promise<Record<string, string>> {
  const endpoints = followEndpoints(run);
  const failing = await Promise.all(
    run.settings.health.checks.filter(isAsked).map(async (check) => {
      let words: string | undefined;
      for (let times = 0; times < BEFORE.times; times++) {
        if (times > 0) await run.ctx.clock.delay(BEFORE.everyMs, run.signal);
        const result = await ask(run, check, endpoints, run.signal);
        if (result.kind === 'good' || result.kind === 'unknown') return [];
        ({ words } = result);
      }
      return words === undefined ? [] : [[check.name, words] as const];
    }),
  ).finally(() => endpoints.close());
  return Object.fromEntries(failing.flat());
}

function isAsked(check: Check): check is Asked {
  return check.kind !== 'job';
}

/** Something came back, whatever it was. */
function isAnswered(standing: Standing | undefined): boolean {
  return standing?.last !== undefined && ['good', 'bad'].includes(standing.last.kind);
}

async function ask(run: Run, check: Asked, endpoints: Endpoints, signal: AbortSignal): Promise<CheckResult> {
  const { ctx, session } = run;
  const who = `${session.name.namespace}/${session.name.name}`;
  switch (check.kind) {
    case 'http': {
      const live = ctx.members.get(serviceOf(check));
      const found = addressOf(check, live, run.applySet);
      if ('refused' in found) return { kind: 'unknown', reason: 'CheckNotReady', words: found.refused };
      const stranger = live && (await endpoints.refusal(check, live, signal));
      if (stranger !== undefined) return { kind: 'unknown', reason: 'CheckRefused', words: stranger };
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
      return httpResult(check, await ctx.turns.take(who, signal, () => ctx.prober.http(probe, signal)));
    }
    case 'prometheus': {
      const { prometheus } = ctx;
      if (prometheus === undefined)
        return { kind: 'unknown', reason: 'PrometheusUnavailable', words: 'no Prometheus is named' };
      const answer = await ctx.turns.take(who, signal, () => prometheus.query(check.query, signal));
      return prometheusResult(check, answer);
    }
  }
}
