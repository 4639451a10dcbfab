// The live objects of all Apps. One watch per kind brings those of every App, chosen by the membership label,
// as Pawl itself. Secrets, which Pawl may not read, and kinds that the server refuses to it, are watched per
// namespace as the App's service account.
//
// L1 An App is told of changes of its own members only, by the value of their label.
// L2 A member whose label is taken away or changed is gone for the App it belonged to.
// L3 What no App asks for any more is no longer watched.
// L4 A kind that is not served has no members, which is no error; when it comes, they are found.

import { APPLYSET } from '../../model/app.ts';
import { ApiError } from '../../model/errors.ts';
import { gvkOf, idOf, keyOf } from '../../model/object.ts';
import type { Gvk, KubeObject } from '../../model/object.ts';
import type { Account, Cluster, Members, Mirror, MirrorChange } from '../../ports.ts';

/** One list and watch of one kind. */
interface Watch {
  group: string;
  kind: string;
  /** Undefined: all. */
  namespace: string | undefined;
  mirror: Mirror;
  /** applySet → its objects, as the mirror holds them. */
  members: Map<string, Set<KubeObject>>;
  /** The applySets that asked for it. */
  users: Set<string>;
}

/** A narrow watch sees one namespace (empty: kinds without namespaces) as one account. */
interface Scope {
  namespace: string;
  account: Account;
}

export interface OpenMembers extends Members {
  /** How many watches run. */
  size(): number;
  stop(): void;
}

export function makeMembers(cluster: Cluster): OpenMembers {
  const watches = new Map<string, Watch>();
  const accounts = new Map<string, string>();
  const listeners = new Map<string, Set<(change: MirrorChange) => void>>();
  /**
   * `kind.group` of what Pawl itself may not watch, as long as this process lives; Secrets from the start, which
   * it is not to be able to read.
   */
  const narrow = new Set<string>(['Secret.']);

  function open(gvk: Gvk, scope: Scope | undefined, user: string): Watch {
    const key = `${gvk.kind}.${gvk.group} ${scope === undefined ? '' : `${scope.namespace} ${showAccount(scope.account)}`}`;
    const existing = watches.get(key);
    if (existing !== undefined) {
      existing.users.add(user);
      return existing;
    }
    const members: Watch['members'] = new Map();
    const users = new Set([user]);
    const mirror = cluster.follow({
      gvk,
      labelSelector: APPLYSET.partOf,
      ...(scope === undefined || scope.namespace === '' ? {} : { namespace: scope.namespace }),
      ...(scope === undefined ? {} : { account: scope.account }),
      onChange: (change) => route(watch, change),
    });
    const watch: Watch = {
      group: gvk.group,
      kind: gvk.kind,
      namespace: scope?.namespace,
      mirror,
      members,
      users,
    };
    watches.set(key, watch);
    return watch;
  }

  /** L1, L2. */
  function route({ mirror, members, users }: Watch, change: MirrorChange): void {
    const { kind, object, previous } = change;
    const was = applySetOf(previous);
    const is = kind === 'gone' ? undefined : applySetOf(object);
    if (was !== undefined && previous !== undefined) {
      const rest = members.get(was);
      rest?.delete(previous);
      if (rest?.size === 0) members.delete(was);
      if (was !== is && users.has(was)) tell(was, { kind: 'gone', object, previous });
    }
    if (is === undefined) return;
    const kept = mirror.get(object.metadata.namespace ?? '', object.metadata.name);
    if (kept !== undefined) members.set(is, (members.get(is) ?? new Set()).add(kept));
    if (users.has(is)) tell(is, was === is ? change : { kind: 'set', object, previous: undefined });
  }

  function tell(applySet: string, change: MirrorChange): void {
    for (const listener of listeners.get(applySet) ?? []) listener(change);
  }

  async function coverKind(
    applySet: string,
    gvk: Gvk,
    what: { namespaces: readonly string[]; account: Account },
    signal: AbortSignal,
  ): Promise<void> {
    const name = nameOf(gvk);
    if (!narrow.has(name)) {
      try {
        await open(gvk, undefined, applySet).mirror.ready(signal);
        return;
      } catch (error) {
        if (isNotServed(error)) return;
        if (!(error instanceof ApiError) || error.status !== 403) throw error;
        narrow.add(name);
        // Others who use it keep what it knew until they ask themselves.
        leave(applySet, (watch) => watch.kind === gvk.kind && watch.group === gvk.group);
      }
    }
    const type = await cluster.resource(gvk, signal);
    const namespaces = type?.namespaced === false ? [''] : what.namespaces;
    await Promise.all(
      [...new Set(namespaces)].map(async (namespace) => {
        const watch = open(gvk, { namespace, account: what.account }, applySet);
        await watch.mirror.ready(signal).catch((error: unknown) => {
          if (!isNotServed(error)) throw error;
        });
      }),
    );
  }

  function close(unwanted: (watch: Watch) => boolean): void {
    for (const [key, watch] of watches) {
      if (!unwanted(watch)) continue;
      watch.mirror.stop();
      watches.delete(key);
    }
  }

  function leave(applySet: string, which: (watch: Watch) => boolean): void {
    for (const watch of watches.values()) if (which(watch)) watch.users.delete(applySet);
    close((watch) => watch.users.size === 0);
  }

  function release(applySet: string): void {
    leave(applySet, () => true);
    accounts.delete(applySet);
  }

  return {
    async cover(applySet, what, signal) {
      const account = showAccount(what.account);
      // What was watched as another account is not this App's to see any more.
      if (accounts.has(applySet) && accounts.get(applySet) !== account) release(applySet);
      accounts.set(applySet, account);
      await Promise.all(what.kinds.map((gvk) => coverKind(applySet, gvk, what, signal)));
    },

    retain(applySet, kinds, namespaces) {
      const names = new Set(kinds.map(nameOf));
      leave(
        applySet,
        (watch) =>
          !names.has(nameOf(watch)) ||
          // Empty: a kind without namespaces.
          (watch.namespace !== undefined && watch.namespace !== '' && !namespaces.includes(watch.namespace)),
      );
    },

    get(id) {
      for (const watch of watches.values()) {
        if (watch.kind !== id.kind || watch.group !== id.group) continue;
        const found = watch.mirror.get(id.namespace, id.name);
        if (found !== undefined) return found;
      }
      return undefined;
    },

    of(applySet) {
      const all = new Map<string, KubeObject>();
      const lists = [...watches.values()].filter((watch) => watch.users.has(applySet));
      const found = lists.map((watch) => watch.members.get(applySet) ?? new Set<KubeObject>());
      const names = new Set(lists.map(nameOf));
      // Several watches of one kind (wide and narrow, as two accounts) may hold the same object.
      if (names.size === lists.length) return found.flatMap((some) => [...some]);
      for (const some of found) for (const object of some) all.set(keyOf(idOf(object)), object);
      return [...all.values()];
    },

    observe(object) {
      const { group, kind } = gvkOf(object);
      for (const watch of watches.values()) {
        if (watch.kind === kind && watch.group === group) watch.mirror.observe(object);
      }
    },

    subscribe(applySet, onChange) {
      const own = listeners.get(applySet) ?? new Set();
      listeners.set(applySet, own.add(onChange));
      return () => {
        own.delete(onChange);
        if (own.size === 0 && listeners.get(applySet) === own) listeners.delete(applySet);
      };
    },

    release,
    size: () => watches.size,
    stop: () => close(() => true),
  };
}

function nameOf({ kind, group }: { kind: string; group: string }): string {
  return `${kind}.${group}`;
}

function isNotServed(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

function showAccount(account: Account): string {
  return `${account.namespace}/${account.name}`;
}

function applySetOf(object: KubeObject | undefined): string | undefined {
  return object?.metadata.labels?.[APPLYSET.partOf];
}
