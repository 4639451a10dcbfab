// One of several Pawls leads: the one that holds a Lease. A lease is not a fence (the branch and the objects'
// own versions are), so this keeps the others from working, not from harm.
//
// E1 The holder stops before anyone else can begin. It counts from the moment before its last successful renewal
//    was sent, others from the moment after they saw it; and it stops a third of the duration early.
// E2 Times in the record are never compared with a clock, since clocks differ: a contender watches whether the
//    record changes, by its own monotonic clock.
// E3 Every write names the version it is based on, so of two takers one gets a conflict.
// E4 A process that was paused finds out by `held()`, which asks the clock: its timers may fire too late.
// E5 On an orderly end the lease is kept until the work has ended, then given back.

import { ApiError } from '../../model/errors.ts';
import type { KubeObject } from '../../model/object.ts';
import type { Clock, ClusterApi, ObjectRef } from '../../ports.ts';
import { withDeadline } from './deadline.ts';

export interface LeaseOptions {
  name: string;
  namespace: string;
  /** Different for every process that contends; one that finds its own name in the record takes it for its own. */
  identity: string;
  /** How long a holder that says nothing is believed to live. Whole seconds. */
  durationMs: number;
  /** Between two renewals; at most a fifth of the duration, so that some may fail. */
  renewMs: number;
}

export interface HeldLease {
  /** Whether the lease holds at this very moment; ask before what must not be done by two. */
  held: () => boolean;
}

export interface LeaseHandlers {
  /**
   * The work of the leader, started when the lease is held. `signal` is aborted when the lease is lost or
   * `holdLease` is to end; the promise ends when the work has.
   */
  onHeld(signal: AbortSignal, lease: HeldLease): Promise<void>;
  /** The lease was lost, not given back. Work is told by its signal at the same moment. */
  onLost?(): void;
  /** A request failed; it is tried again. */
  onProblem?(error: unknown): void;
}

const GIVE_BACK_MS = 5_000;
const RETRY_MS = 200;

/** Contends, works while it holds the lease, contends again; resolves when `signal` is aborted and all is given back. */
export async function holdLease(
  options: LeaseOptions,
  api: ClusterApi,
  clock: Clock,
  signal: AbortSignal,
  handlers: LeaseHandlers,
): Promise<void> {
  while (!signal.aborted) {
    const taken = await contend(options, api, clock, signal, handlers);
    if (taken !== undefined) await lead(taken, options, api, clock, signal, handlers);
  }
}

/** A record that names us, and the moment from which the others' patience may run (E1). */
interface Taken {
  record: KubeObject;
  sentAt: number;
}

async function contend(
  options: LeaseOptions,
  api: ClusterApi,
  clock: Clock,
  signal: AbortSignal,
  handlers: LeaseHandlers,
): Promise<Taken | undefined> {
  let seen: { version: string; at: number } | undefined;
  while (!signal.aborted) {
    try {
      const found = await api.get(refOf(options), signal);
      // After the answer, for the record seen in it; before the request, for the claim that follows.
      const sentAt = clock.monotonic();
      if (found === undefined) {
        return { record: await api.create(newRecord(options, clock.now()), signal), sentAt };
      }
      const version = found.metadata.resourceVersion ?? '';
      if (seen?.version !== version) seen = { version, at: sentAt };
      if (mayTake(found, options, sentAt - seen.at)) {
        const patch = claim(found, options, clock.now());
        return { record: await api.mergePatch(refOf(options), patch, {}, signal), sentAt };
      }
    } catch (error) {
      if (signal.aborted) return undefined;
      // 409: another was faster, which the next look shows.
      if (!(error instanceof ApiError) || error.status !== 409) handlers.onProblem?.(error);
    }
    await clock.delay(options.renewMs, signal).catch(() => {});
  }
  return undefined;
}

async function lead(
  taken: Taken,
  options: LeaseOptions,
  api: ClusterApi,
  clock: Clock,
  signal: AbortSignal,
  handlers: LeaseHandlers,
): Promise<void> {
  /** Aborted for the work: lost, or to end. */
  const working = new AbortController();
  /** Aborted for the renewals: lost, or the work has ended. */
  const renewing = new AbortController();
  let { record } = taken;
  let deadline = taken.sentAt + usableMs(options);
  let lost = false;

  function lose(): void {
    if (lost || renewing.signal.aborted) return;
    lost = true;
    const reason = new Error(`the lease ${options.namespace}/${options.name} was lost`);
    working.abort(reason);
    renewing.abort(reason);
    handlers.onLost?.();
  }

  /** E4 */
  function held(): boolean {
    if (!lost && clock.monotonic() >= deadline) lose();
    return !lost;
  }

  async function guard(): Promise<void> {
    while (!renewing.signal.aborted && held()) {
      await clock.delay(Math.max(1, deadline - clock.monotonic()), renewing.signal).catch(() => {});
    }
  }

  async function renew(): Promise<void> {
    let waitMs = options.renewMs;
    while (!renewing.signal.aborted) {
      await clock.delay(waitMs, renewing.signal).catch(() => {});
      if (renewing.signal.aborted || !held()) return;
      try {
        const sentAt = clock.monotonic();
        const patch = renewal(record, options, clock.now());
        // A try that hangs must leave time for another, on another connection.
        record = await withDeadline(options.renewMs, renewing.signal, (each) =>
          api.mergePatch(refOf(options), patch, {}, each),
        );
        // The answer may come after the deadline that it would have moved: then it was lost in between.
        if (held()) deadline = sentAt + usableMs(options);
        waitMs = options.renewMs;
      } catch (error) {
        if (renewing.signal.aborted) return;
        waitMs = Math.min(options.renewMs, RETRY_MS);
        handlers.onProblem?.(error);
        if (error instanceof ApiError && (error.status === 409 || error.status === 404)) await lookAgain();
      }
    }
  }

  /** Somebody wrote the record: another holder, or a person who only set a label. */
  async function lookAgain(): Promise<void> {
    try {
      const found = await api.get(refOf(options), renewing.signal);
      if (found === undefined || specOf(found).holderIdentity !== options.identity) lose();
      else record = found;
    } catch (error) {
      if (!renewing.signal.aborted) handlers.onProblem?.(error);
    }
  }

  const onEnd = () => working.abort(signal.reason);
  signal.addEventListener('abort', onEnd, { once: true });
  if (signal.aborted) onEnd();
  const upkeep = Promise.all([guard(), renew()]);
  try {
    await handlers.onHeld(working.signal, { held });
  } finally {
    signal.removeEventListener('abort', onEnd);
    renewing.abort(new Error('the work has ended'));
    await upkeep;
    if (!lost) await giveBack(record, options, api, handlers);
  }
}

/** Best effort: where it fails, the others wait for the lease to run out. */
async function giveBack(
  record: KubeObject,
  options: LeaseOptions,
  api: ClusterApi,
  handlers: LeaseHandlers,
): Promise<void> {
  const patch = {
    metadata: { resourceVersion: record.metadata.resourceVersion },
    spec: { holderIdentity: '' },
  };
  await withDeadline(GIVE_BACK_MS, new AbortController().signal, (signal) =>
    api.mergePatch(refOf(options), patch, {}, signal),
  ).catch((error: unknown) => handlers.onProblem?.(error));
}

interface LeaseSpec {
  holderIdentity?: string | null;
  leaseDurationSeconds?: number;
  leaseTransitions?: number;
}

/** `unchangedMs`: for how long the record has been seen as it is. Exported for its table of cases. */
export function mayTake(record: KubeObject, options: LeaseOptions, unchangedMs: number): boolean {
  const spec = specOf(record);
  const holder = spec.holderIdentity ?? '';
  if (holder === '' || holder === options.identity) return true;
  return unchangedMs > Math.max((spec.leaseDurationSeconds ?? 0) * 1000, options.durationMs);
}

/** E1 */
function usableMs(options: LeaseOptions): number {
  return (options.durationMs * 2) / 3;
}

function newRecord(options: LeaseOptions, now: number): KubeObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: options.name, namespace: options.namespace },
    spec: { ...held(options, now), acquireTime: microTime(now), leaseTransitions: 0 },
  };
}

function claim(record: KubeObject, options: LeaseOptions, now: number): Record<string, unknown> {
  const spec = {
    ...held(options, now),
    acquireTime: microTime(now),
    leaseTransitions: (specOf(record).leaseTransitions ?? 0) + 1,
  };
  return { metadata: { resourceVersion: record.metadata.resourceVersion }, spec };
}

function renewal(record: KubeObject, options: LeaseOptions, now: number): Record<string, unknown> {
  return { metadata: { resourceVersion: record.metadata.resourceVersion }, spec: held(options, now) };
}

function held(options: LeaseOptions, now: number): Record<string, unknown> {
  return {
    holderIdentity: options.identity,
    leaseDurationSeconds: Math.ceil(options.durationMs / 1000),
    renewTime: microTime(now),
  };
}

function specOf(record: KubeObject): LeaseSpec {
  return (record['spec'] as LeaseSpec | undefined) ?? {};
}

function refOf(options: LeaseOptions): ObjectRef {
  return {
    gvk: { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' },
    namespace: options.namespace,
    name: options.name,
  };
}

/** `metav1.MicroTime`: six digits. Shown to people, never read by us. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
