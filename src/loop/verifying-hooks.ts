// Hooks that verify: Jobs that are made once every object is ready, and must complete before the release is healthy.
// They are begun once in a release, also where objects become unready meanwhile.

import type { Manifest, Rendered } from '../model/manifest.ts';
import { showId } from '../model/object.ts';
import type { CheckRead } from '../verify/checks/standing.ts';
import type { MadeHook } from './checks.ts';
import type { Run } from './context.ts';
import { hooksOf, startHook } from './hooks.ts';
import type { Release } from './release.ts';

/** What was not taken now may be taken later (a quota, a webhook): the deadline ends it. */
const TRY_AGAIN_MS = 5_000;

export interface VerifyingHooks {
  /** Makes them; more than once is as once. */
  begin(): void;
  made(): readonly MadeHook[];
  /** Those that are not made yet, and why. */
  pending(): CheckRead[];
  close(): Promise<void>;
}

type Begun =
  | { kind: 'done' }
  | { kind: 'made'; hook: MadeHook }
  | { kind: 'refused'; reason: string; message: string };

/** Undefined where there are none. */
export function verifyingHooks(
  run: Run,
  started: Release,
  desired: Rendered,
  onChange: () => void,
): VerifyingHooks | undefined {
  const hooks = hooksOf(desired.manifests, 'verify');
  if (hooks.length === 0) return undefined;
  const begun = new Map<string, Begun>();
  const over = new AbortController();
  let work: Promise<unknown> | undefined;
  let bug: { error: unknown } | undefined;

  async function make(manifest: Manifest): Promise<void> {
    const signal = AbortSignal.any([over.signal, run.signal]);
    try {
      for (;;) {
        signal.throwIfAborted();
        const result = await startHook(run, started, manifest, desired.manifests);
        begun.set(manifest.key, begunOf(manifest, result));
        onChange();
        if (result.kind !== 'refused') return;
        await run.ctx.clock.delay(TRY_AGAIN_MS, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      bug = { error };
      onChange();
    }
  }

  return {
    begin() {
      work ??= Promise.all(hooks.map(make));
    },
    made: () => [...begun.values()].flatMap((one) => (one.kind === 'made' ? [one.hook] : [])),
    pending() {
      if (bug !== undefined) throw bug.error;
      return hooks.flatMap((manifest) => pendingRead(manifest, begun.get(manifest.key)));
    },
    async close() {
      over.abort();
      await work;
    },
  };
}

function begunOf(manifest: Manifest, result: Awaited<ReturnType<typeof startHook>>): Begun {
  switch (result.kind) {
    case 'done':
      return { kind: 'done' };
    case 'started':
      return { kind: 'made', hook: { manifest, change: result.change } };
    case 'refused':
      return { kind: 'refused', reason: result.refusal.kind, message: result.refusal.message };
  }
}

function pendingRead({ id }: Manifest, begun: Begun | undefined): CheckRead[] {
  if (begun !== undefined && begun.kind !== 'refused') return [];
  const message = `hook ${showId(id)}: ${begun === undefined ? 'not begun yet' : begun.message}`;
  const excuse = { reason: begun?.reason ?? 'CheckNotReady', message };
  return [{ name: id.name, state: 'open', message, excuse, holds: true, unheard: true }];
}
