// The Cluster port over one connection: requests as Pawl or as a service account, the kinds the server knows,
// and mirrors of what it holds.

import { ApiError } from '../../model/errors.ts';
import { apiVersionOf } from '../../model/object.ts';
import type { Gvk } from '../../model/object.ts';
import type { Account, Clock, Cluster, FollowQuery, Mirror } from '../../ports.ts';
import { errorOfAnswer } from './answer.ts';
import { impersonation, listPages, makeApi } from './api.ts';
import type { RawApi } from './api.ts';
import type { Ask, Connection } from './connect.ts';
import { AGGREGATED, makeDiscovery } from './discovery.ts';
import { watchPresence } from './presence.ts';
import { reflect } from './reflector.ts';
import { withRetry } from './retry.ts';

export interface ClusterOptions {
  clock: Clock;
  random?: () => number;
  /** Of one try of a request. */
  requestTimeoutMs?: number;
  /** How long a request is tried again where that may help. */
  retryForMs?: number;
  /**
   * How much time without any answer does not count as such, of requests made as a service account: a release that
   * is under way goes on when the API server is back. Default: none.
   */
  awayForMs?: number;
  /** How long a watch may bring nothing, not even a bookmark. */
  silenceMs?: number;
  /** How long a watch is kept open: between this and its double. */
  renewMs?: number;
  /** Objects per page of a list. */
  pageSize?: number;
  /**
   * Asked before every write that is no dry-run; throws where Pawl no longer leads. So a process that was
   * paused does not write what it was about to when its lease was taken (a lease's signal may come a moment late).
   */
  mayWrite?: () => void;
  /** Told when a mirror's list or watch failed; it goes on by itself. */
  onWatchProblem?: (query: FollowQuery, error: unknown) => void;
}

export interface OpenCluster extends Cluster {
  as(account: Account | undefined): RawApi;
  /** Stops all mirrors; requests in flight end by their own signals. */
  close(): void;
}

export function makeCluster(bare: Connection, options: ClusterOptions): OpenCluster {
  const { connection, presence } = watchPresence(bare);
  const { clock, random = Math.random, requestTimeoutMs = 30_000, retryForMs = 15_000 } = options;
  const {
    awayForMs = 0,
    silenceMs = 65_000,
    renewMs = 300_000,
    pageSize = 500,
    mayWrite = () => {},
  } = options;
  const apis = new Map<string, RawApi>();
  const mirrors = new Set<Mirror>();
  const ending = new AbortController();
  const discovery = makeDiscovery(
    async (path, signal) =>
      JSON.parse(
        await read(
          { verb: 'discover', what: path, method: 'GET', path, headers: { accept: AGGREGATED } },
          signal,
        ),
      ),
    clock,
    ending.signal,
  );

  async function read(ask: Ask, signal: AbortSignal): Promise<string> {
    return await withRetry(
      async () => {
        const answer = await connection.send(ask, requestTimeoutMs, signal);
        if (answer.status !== 200) throw errorOfAnswer(ask, answer);
        return answer.body;
      },
      { forMs: retryForMs, idempotent: true, clock, random },
      signal,
    );
  }

  function as(account: Account | undefined): RawApi {
    const key = account === undefined ? '' : `${account.namespace}/${account.name}`;
    let api = apis.get(key);
    if (api === undefined) {
      api = makeApi(connection, discovery, account, {
        clock,
        random,
        requestTimeoutMs,
        retryForMs,
        awayForMs: account === undefined ? 0 : awayForMs,
        pageSize,
        mayWrite,
      });
      apis.set(key, api);
    }
    return api;
  }

  function follow(query: FollowQuery): Mirror {
    const headers = query.account === undefined ? {} : impersonation(query.account);
    const mirror = reflect(query, {
      clock,
      random,
      silenceMs,
      renewMs,
      resource: async (signal) => {
        const type = await discovery.resource(query.gvk, signal);
        if (type === undefined) throw notServed(query.gvk);
        return type;
      },
      list: (type, begin, signal) => {
        const page = async (ask: Ask): Promise<unknown> =>
          JSON.parse(await read({ ...ask, headers }, signal));
        return listPages(page, type, query, pageSize, begin);
      },
      stream: (ask, signal) => connection.stream({ ...ask, headers }, requestTimeoutMs, signal),
      onProblem: (error) => {
        // The kind has gone, or moved to another version.
        if (error instanceof ApiError && error.code === 'ApiKindUnknown') discovery.refresh();
        options.onWatchProblem?.(query, error);
      },
    });
    const tracked: Mirror = {
      ...mirror,
      stop() {
        mirrors.delete(tracked);
        mirror.stop();
      },
    };
    mirrors.add(tracked);
    return tracked;
  }

  return {
    as,
    resource: discovery.resource,
    preferred: discovery.preferred,
    namespacedKinds: discovery.namespaced,
    refreshResources: discovery.refresh,
    follow,
    isAway: presence.isAway,
    onAway: presence.onAway,
    close() {
      ending.abort(new Error('the cluster was closed'));
      for (const mirror of mirrors) mirror.stop();
    },
  };
}

function notServed(gvk: Gvk): ApiError {
  return new ApiError({
    code: 'ApiKindUnknown',
    message: `watch ${gvk.kind}: the server knows no ${apiVersionOf(gvk)} ${gvk.kind}`,
    hint: 'Install the CRD, or correct apiVersion and kind.',
    retry: 'later',
    status: 404,
    reason: 'NotFound',
  });
}
