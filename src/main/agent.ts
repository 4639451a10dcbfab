// `pawl run`: wires the agent together, contends for the lease, and follows every App while it holds it.

import { applySetId } from '../model/resolve.ts';
import type { AppEvent, AppName, Emitted } from '../model/events.ts';
import { messageOf } from '../model/errors.ts';
import type { Config } from '../config.ts';
import { systemClock } from '../adapters/clock/clock.ts';
import { makeCluster, type OpenCluster } from '../adapters/cluster/cluster.ts';
import { connect } from '../adapters/cluster/connect.ts';
import { installationKey } from '../adapters/cluster/installation-key.ts';
import { makeKubeEvents } from '../adapters/cluster/kube-events.ts';
import { type HeldLease, holdLease } from '../adapters/cluster/lease.ts';
import { makeMembers } from '../adapters/cluster/members.ts';
import { watchApps } from '../adapters/cluster/store.ts';
import { makeGit } from '../adapters/git/git.ts';
import { type Logger, logEvent, makeLogger } from '../adapters/notify/log.ts';
import { makeProber } from '../adapters/probe/http.ts';
import { makePrometheus } from '../adapters/probe/prometheus.ts';
import type { Context } from '../loop/context.ts';
import { Dependents } from '../loop/dependents.ts';
import { Neighbours } from '../loop/neighbours.ts';
import { turnsOfChecks } from '../loop/turns.ts';
import { kubeEventOf } from '../record/kube-event.ts';
import { serve } from '../server/http.ts';
import { makeMetrics } from '../server/metrics.ts';
import { followApps } from './apps.ts';
import { type Frugal, preferSmallHeap } from './frugal.ts';
import { makeParseAside } from './parse-aside.ts';
import { version } from './version.ts';

/** A release in hand goes on when the API server is back; by then the lease is lost, or another holds it. */
const AWAY_FOR_MS = 600_000;
/** How long releases in hand may take to come to a stop after SIGTERM. */
const GRACE_MS = 20_000;

/** Resolves after an orderly stop; rejects with a PawlError where it cannot start. */
export async function runAgent(config: Config, signal: AbortSignal): Promise<void> {
  const frugal = preferSmallHeap();
  const logger = makeLogger(config.logLevel);
  const clock = systemClock;
  const metrics = makeMetrics();
  let state: 'starting' | 'standing by' | 'leading' = 'starting';
  const server = await serve({
    host: config.host,
    port: config.port,
    metrics,
    probes: { ready: () => (state === 'starting' ? 'connecting to the API server' : undefined) },
  });
  logger.info({ version, port: server.port, identity: config.identity }, 'pawl starts');
  const connection = await connect({
    kubeconfig: config.kubeconfig,
    context: config.context,
    inCluster: config.kubeconfig === undefined,
    version,
  }).catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  // Asked before each write: a process that was paused must not write what it was about to.
  let lease: HeldLease | undefined;
  const cluster = makeCluster(connection, {
    clock,
    awayForMs: AWAY_FOR_MS,
    mayWrite: () => {
      if (lease !== undefined && !lease.held()) throw new DOMException('the lease is lost', 'AbortError');
    },
    onWatchProblem: ({ gvk, namespace }, error) =>
      logger.warn({ kind: gvk.kind, namespace, err: messageOf(error) }, 'watch failed'),
  });
  const git = makeGit({
    cacheDir: config.cacheDir,
    maxPackBytes: config.maxPackBytes,
    timeoutMs: config.gitTimeoutMs,
    log: (message, fields) => logger.debug(fields, message),
  });
  try {
    const api = cluster.as(undefined);
    const hmacKey = await installationKey(api, config.namespace, signal);
    state = 'standing by';
    await holdLease(
      {
        name: 'pawl',
        namespace: config.namespace,
        identity: config.identity,
        durationMs: config.leaseMs,
        renewMs: Math.floor(config.leaseMs / 5),
      },
      // The lease's own writes are made whether it is held or not.
      makeCluster(connection, { clock }).as(undefined),
      clock,
      signal,
      {
        async onHeld(leaseSignal, held) {
          lease = held;
          state = 'leading';
          logger.info({ identity: config.identity }, 'lease held');
          await lead({ config, logger, cluster, metrics, git, hmacKey, frugal }, leaseSignal, held);
          lease = undefined;
          state = 'standing by';
        },
        onLost: () => logger.error({}, 'lease lost'),
        onProblem: (error) => logger.warn({ err: messageOf(error) }, 'lease request failed'),
      },
    );
  } finally {
    cluster.close();
    await Promise.allSettled([git.close(), server.close()]);
    await connection.close();
    logger.info({}, 'pawl stopped');
  }
}

interface Parts {
  config: Config;
  logger: Logger;
  cluster: OpenCluster;
  metrics: ReturnType<typeof makeMetrics>;
  git: Context['git'];
  hmacKey: Uint8Array;
  frugal: Frugal;
}

/** The work of the one that holds the lease; ends when the signal says so and the work has ended. */
async function lead(parts: Parts, leaseSignal: AbortSignal, lease: HeldLease): Promise<void> {
  const { config, logger, cluster, metrics, git, hmacKey, frugal } = parts;
  const hard = new AbortController();
  const members = makeMembers(cluster);
  const kubeEvents = makeKubeEvents(cluster.as(undefined), {
    clock: systemClock,
    onProblem: (error) => logger.warn({ err: messageOf(error) }, 'event not written'),
  });
  const emit = (app: AppName, event: AppEvent): void => {
    const emitted: Emitted = { ...event, app, at: systemClock.now() };
    logEvent(logger, emitted);
    metrics.count(emitted);
    if (event.type === 'released') frugal.released();
    const told = kubeEventOf(event);
    const resource = told === undefined ? undefined : watch.store.get(app);
    if (told === undefined || resource === undefined) return;
    // Rejects only when everything ends.
    kubeEvents.record(resource, told, hard.signal).catch(() => {});
  };
  const onBug = (app: AppName, error: unknown): void => {
    const err = error instanceof Error ? (error.stack ?? error.message) : String(error);
    logger.error({ app: `${app.namespace}/${app.name}`, err }, 'unexpected error');
  };
  const watch = watchApps(cluster, {
    namespace: config.appNamespace,
    onChange: (change) => {
      try {
        apps.take(change);
        dependents.changed(change.app.metadata, change.kind === 'gone' ? undefined : change.app);
      } catch (error) {
        // One App's oddity is that App's problem, not the end of the watch of all.
        onBug(change.app.metadata, error);
      }
    },
  });
  const neighbours = new Neighbours();
  const dependents = new Dependents();
  const ctx: Context = {
    git,
    cluster,
    members,
    store: watch.store,
    clock: systemClock,
    emit,
    prober: makeProber(() => systemClock.monotonic()),
    prometheus: prometheusOf(config),
    turns: turnsOfChecks(systemClock),
    clusterName: config.clusterName,
    neighbours,
    dependents,
    hmacKey,
    parseAside: makeParseAside(),
  };
  const apps = followApps({
    ctx,
    hard: hard.signal,
    onGone: (app) => {
      members.release(applySetId({ metadata: app }));
      neighbours.leaves(applySetId({ metadata: app }));
      metrics.forget(app);
    },
    onBug,
  });
  try {
    await watch.ready(leaseSignal).catch((error: unknown) => {
      // Without the CRD there is nothing to follow yet; the watch goes on by itself and finds it when it comes.
      if (!leaseSignal.aborted) logger.error({ err: messageOf(error) }, 'apps cannot be watched');
    });
    await aborted(leaseSignal);
    const timer = setTimeout(() => hard.abort(new DOMException('grace period over', 'AbortError')), GRACE_MS);
    if (!lease.held()) hard.abort(new DOMException('the lease is lost', 'AbortError'));
    await apps.stop();
    clearTimeout(timer);
  } finally {
    hard.abort(new DOMException('pawl stops', 'AbortError'));
    watch.stop();
    members.stop();
  }
}

function prometheusOf({ prometheusUrl, prometheusTokenFile }: Config): Context['prometheus'] {
  if (prometheusUrl === undefined) return undefined;
  return makePrometheus({ url: prometheusUrl, tokenFile: prometheusTokenFile });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
