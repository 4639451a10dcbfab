// Which kinds the API server serves, and under which paths. Asked for as a whole in two requests (aggregated
// discovery, KEP-3352) and kept. A kind that is not known is looked for again, at most every few seconds; where the
// answer has to hold every kind, everything is asked for again.

import { ApiError } from '../../model/errors.ts';
import { type Gvk, kindName } from '../../model/object.ts';
import type { Clock, ResourceType } from '../../ports.ts';

export interface Discovery {
  resource: (gvk: Gvk, signal: AbortSignal) => Promise<ResourceType | undefined>;
  preferred: (group: string, kind: string, signal: AbortSignal) => Promise<ResourceType | undefined>;
  /**
   * The kinds with namespaces that can be listed, each in the version that the server prefers; as the server knows
   * them now, not as they are kept. Throws ApiError `ApiGroupUnavailable` where the server cannot tell all of them.
   */
  namespaced: (signal: AbortSignal) => Promise<ResourceType[]>;
  refresh: () => void;
}

export interface Index {
  /** By `group/version/kind`. */
  types: Map<string, ResourceType>;
  /** By `group/kind`: of the version that the server puts first. */
  preferred: Map<string, ResourceType>;
  /** Those of `preferred` that have namespaces and can be listed. */
  namespaced: ResourceType[];
  /** Groups of which the server itself could not learn everything (an aggregated API that is down). */
  stale: Set<string>;
}

interface GroupList {
  items?: {
    metadata?: { name?: string };
    versions?: {
      version: string;
      freshness?: string;
      resources?: {
        resource: string;
        scope?: string;
        responseKind?: { kind?: string } | null;
        verbs?: string[];
      }[];
    }[];
  }[];
}

/** Answers in this form: `/api` and `/apis`, each with every group, version and resource below it. */
export const AGGREGATED =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,' +
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';

const MISS_PAUSE_MS = 2_000;

/** `read` gets `/api` or `/apis` with {@link AGGREGATED}, and throws ApiError. `ending` ends what is under way. */
export function makeDiscovery(
  read: (path: string, signal: AbortSignal) => Promise<unknown>,
  clock: Clock,
  ending: AbortSignal,
): Discovery {
  let known: Index | undefined;
  let readAt = 0;
  let outdated = false;
  let running: Promise<Index> | undefined;

  async function load(signal: AbortSignal): Promise<Index> {
    if (running === undefined) {
      outdated = false;
      // Shared by all who wait, so it must not end with the signal of one of them.
      running = Promise.all([read('/api', ending), read('/apis', ending)])
        .then(([core, groups]) => {
          known = indexOf([core, groups] as GroupList[]);
          readAt = clock.monotonic();
          return known;
        })
        .finally(() => {
          running = undefined;
        });
      running.catch(() => {
        outdated = true;
      });
    }
    return await abortable(running, signal);
  }

  async function find(
    group: string,
    pick: (index: Index) => ResourceType | undefined,
    signal: AbortSignal,
  ): Promise<ResourceType | undefined> {
    let index = known === undefined || outdated ? await load(signal) : known;
    let found = pick(index);
    if (found === undefined && clock.monotonic() - readAt > MISS_PAUSE_MS) {
      index = await load(signal);
      found = pick(index);
    }
    if (found === undefined && index.stale.has(group)) throw unavailable([group]);
    return found;
  }

  /** What is on its way may have been asked before what the caller knows of. */
  async function loadAnew(signal: AbortSignal): Promise<Index> {
    if (running !== undefined) await abortable(running, signal).catch(() => signal.throwIfAborted());
    return await load(signal);
  }

  return {
    resource: (gvk, signal) => find(gvk.group, (index) => index.types.get(kindName(gvk)), signal),
    preferred: (group, kind, signal) =>
      find(group, (index) => index.preferred.get(`${group}/${kind}`), signal),
    namespaced: async (signal) => {
      const { namespaced, stale } = await loadAnew(signal);
      if (stale.size > 0) throw unavailable([...stale]);
      return namespaced;
    },
    refresh() {
      outdated = true;
    },
  };
}

/** Exported for its tests. Subresources are no kinds of their own. */
export function indexOf(lists: readonly GroupList[]): Index {
  const index: Index = { types: new Map(), preferred: new Map(), namespaced: [], stale: new Set() };
  for (const list of lists) {
    for (const item of list.items ?? []) {
      const group = item.metadata?.name ?? '';
      for (const { version, freshness, resources } of item.versions ?? []) {
        if (freshness === 'Stale') index.stale.add(group);
        for (const { resource, scope, responseKind, verbs = [] } of resources ?? []) {
          const kind = responseKind?.kind;
          if (kind === undefined || kind === '') continue;
          const type = {
            gvk: { group, version, kind },
            plural: resource,
            namespaced: scope === 'Namespaced',
          };
          const key = `${group}/${version}/${kind}`;
          if (!index.types.has(key)) index.types.set(key, type);
          if (index.preferred.has(`${group}/${kind}`)) continue;
          index.preferred.set(`${group}/${kind}`, type);
          if (type.namespaced && verbs.includes('list')) index.namespaced.push(type);
        }
      }
    }
  }
  return index;
}

function unavailable(groups: readonly string[]): ApiError {
  const names = groups.slice(0, 5).join(', ');
  return new ApiError({
    code: 'ApiGroupUnavailable',
    message:
      groups.length === 1
        ? `the API group ${names} is not available: its API service does not answer`
        : `the API groups ${names} are not available: their API services do not answer`,
    hint: `Look at the APIService objects of ${names}.`,
    retry: 'later',
    status: 503,
  });
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
