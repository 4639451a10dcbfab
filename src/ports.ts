// What the stages need of the world. Adapters implement these; `main.ts` wires them. Every call that
// waits takes a signal, and rethrows its reason when it is aborted.

import type { AppStatus, App } from './model/app.ts';
import type { Commit, Person } from './model/commit.ts';
import type { AppEvent, AppName } from './model/events.ts';
import type { SourceFile, TreeFile } from './model/manifest.ts';
import type { Gvk, KubeObject, ObjectId } from './model/object.ts';

// ---------------------------------------------------------------- git

export interface Credentials {
  username?: string;
  password?: string;
  /** Sent as a bearer token. */
  token?: string;
}

/** A branch of a repository, and what opens it. Equal url and branch share one clone and one writer. */
export interface Repository {
  url: string;
  branch: string;
  credentials: Credentials | undefined;
}

export interface ComposeRequest {
  onto: string;
  /** Path → the file to put there, or null to remove it. */
  edits: ReadonlyMap<string, { oid: string; mode: string } | null>;
  message: string;
  author: Person;
  /** Seconds since the epoch, for author and committer. */
  at: number;
}

export type PushAnswer =
  | { kind: 'pushed' }
  /** The branch is no longer at `onto`: decide again. */
  | { kind: 'moved'; head: string | undefined }
  /** The host said no (protected branch, hook, read-only credentials): it will say so again. */
  | { kind: 'refused'; message: string }
  /** No answer, or one that proves nothing: read the branch before anything else. */
  | { kind: 'unknown'; message: string };

/** Throws PawlError: `GitUnreachable`, `GitAuth`, `GitNotFound`, `GitDamaged`, `GitTooLarge`, … */
export interface Git {
  /**
   * The branch's head as the server advertises it; undefined where there is no such branch. Two small
   * requests. Access is checked with these credentials each time, so a shared clone gives nothing away.
   */
  head(repository: Repository, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Makes `head` readable and, where `back` is given and is an ancestor, the history down to it. Fetches
   * only what is new. Returns the head that was fetched, which may be newer than the one asked for.
   */
  fetch(repository: Repository, want: { head: string; back?: string }, signal: AbortSignal): Promise<string>;
  /** Whether the commit is in the clone already. */
  has(repository: Repository, oid: string): Promise<boolean>;
  commit(repository: Repository, oid: string): Promise<Commit>;
  /** Whether `older` is reachable from `newer` (or the same), as far as the clone's history goes. */
  isAncestor(repository: Repository, older: string, newer: string): Promise<boolean>;
  /** Commits reachable from `head` but not from `base`, children before parents. */
  between(repository: Repository, base: string, head: string): Promise<Commit[]>;
  /** All entries below `path` (empty: the root), sorted by path. Nothing but their names is read. */
  files(repository: Repository, oid: string, path: string): Promise<TreeFile[]>;
  read(repository: Repository, files: readonly TreeFile[]): Promise<SourceFile[]>;
  /** Makes the commit object locally; nothing is pushed. The same request gives the same id. */
  compose(repository: Repository, request: ComposeRequest): Promise<{ oid: string; bytes: Uint8Array }>;
  /** Puts a composed commit (again) into the clone, from its exact bytes; its trees are made from `edits`. */
  restore(repository: Repository, request: ComposeRequest, bytes: Uint8Array): Promise<string>;
  /** Moves the branch from `onto` to `oid`, without force, or not at all (I1). */
  push(repository: Repository, move: { onto: string; oid: string }, signal: AbortSignal): Promise<PushAnswer>;
}

// ------------------------------------------------------------ cluster

/** A service account that requests are made as. */
export interface Account {
  namespace: string;
  name: string;
}

export interface ResourceType {
  gvk: Gvk;
  plural: string;
  namespaced: boolean;
}

export interface ObjectRef {
  gvk: Gvk;
  namespace: string;
  name: string;
}

export interface ListQuery {
  gvk: Gvk;
  /** Undefined: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/** Every method throws ApiError for an answer other than success, and for none at all (`status` 0). */
export interface ClusterApi {
  get(ref: ObjectRef, signal: AbortSignal): Promise<KubeObject | undefined>;
  list(query: ListQuery, signal: AbortSignal): Promise<KubeObject[]>;
  /** Server-side apply, forced, under the one field manager; the body is sent as it is. */
  apply(object: KubeObject, options: { dryRun: boolean }, signal: AbortSignal): Promise<KubeObject>;
  create(object: KubeObject, signal: AbortSignal): Promise<KubeObject>;
  mergePatch(
    ref: ObjectRef,
    patch: Record<string, unknown>,
    options: { subresource?: 'status'; dryRun?: boolean },
    signal: AbortSignal,
  ): Promise<KubeObject>;
  /** JSON 6902. */
  jsonPatch(
    ref: ObjectRef,
    patch: readonly Record<string, unknown>[],
    signal: AbortSignal,
  ): Promise<KubeObject>;
  /** Foreground deletion with preconditions. A missing object is no error. */
  delete(
    ref: ObjectRef,
    preconditions: { uid?: string; resourceVersion?: string },
    options: { dryRun?: boolean },
    signal: AbortSignal,
  ): Promise<void>;
}

export interface MirrorChange {
  kind: 'set' | 'gone';
  /** With managedFields; the mirror keeps it without. */
  object: KubeObject;
  previous: KubeObject | undefined;
}

/** A local copy of what a list and its watch tell, kept until it is stopped. */
export interface Mirror {
  /** Resolves when the first list is in; rejects with an ApiError that trying again will not heal (403, 404). */
  ready(signal: AbortSignal): Promise<void>;
  get(namespace: string, name: string): KubeObject | undefined;
  all(): KubeObject[];
  /** Takes in an object that an answer of the server brought, unless the mirror has a newer one. */
  observe(object: KubeObject): void;
  stop(): void;
}

export interface FollowQuery extends ListQuery {
  account?: Account;
  onChange?: (change: MirrorChange) => void;
  /** What the mirror keeps of an object: identity, version and labels at least. By default all but managedFields. */
  keep?: (object: KubeObject) => KubeObject;
}

export interface Cluster {
  /** Undefined: as Pawl itself. */
  as(account: Account | undefined): ClusterApi;
  /** Undefined where the server serves no such kind. An unknown kind is looked for again, but not in a loop. */
  resource(gvk: Gvk, signal: AbortSignal): Promise<ResourceType | undefined>;
  /** The version the server prefers for a kind of which only group and kind are known. */
  preferred(group: string, kind: string, signal: AbortSignal): Promise<ResourceType | undefined>;
  /** The kinds with namespaces that can be listed, asked for anew. Throws where the server cannot tell all of them. */
  namespacedKinds(signal: AbortSignal): Promise<ResourceType[]>;
  /** After a CRD has come: look again. */
  refreshResources(): void;
  follow(query: FollowQuery): Mirror;
  /** The last request had no answer: what the mirrors hold may be old. */
  isAway(): boolean;
  /** Told when the API server goes away and when it answers again; returns how to stop that. */
  onAway(callback: () => void): () => void;
}

/** The live objects of all Apps, by one watch per kind (Secrets: per namespace, as the service account). */
export interface Members {
  /** Sees to it that these kinds are watched for this App; resolves when the lists are in. */
  cover(
    applySet: string,
    what: { kinds: readonly Gvk[]; namespaces: readonly string[]; account: Account },
    signal: AbortSignal,
  ): Promise<void>;
  /** What the App uses no more is no longer watched for it: other kinds, and Secrets of other namespaces. */
  retain(
    applySet: string,
    kinds: readonly Pick<Gvk, 'group' | 'kind'>[],
    namespaces: readonly string[],
  ): void;
  get(id: ObjectId): KubeObject | undefined;
  /** All objects that carry the App's membership label. */
  of(applySet: string): KubeObject[];
  observe(object: KubeObject): void;
  /** Tells of every change of a member; returns how to stop that. */
  subscribe(applySet: string, onChange: (change: MirrorChange) => void): () => void;
  /** The App is gone: what only it needed is no longer watched. */
  release(applySet: string): void;
}

// ------------------------------------------------- state, time, telling

export interface Store {
  /** The App as last seen by the watch; undefined when it is gone. */
  get(app: AppName): App | undefined;
  /** All Apps that are watched. */
  all(): App[];
  /**
   * Replaces the status. With `expect`, only if nobody else has written the App since (I2), else ApiError 409.
   * Returns the App with its new resourceVersion.
   */
  writeStatus(app: App, status: AppStatus, options: { expect?: string }, signal: AbortSignal): Promise<App>;
  /** Metadata of the App: finalizer and ApplySet marks. Merge patch. */
  patchMetadata(app: App, metadata: Record<string, unknown>, signal: AbortSignal): Promise<App>;
}

export interface Clock {
  /** Wall clock, ms since the epoch: for what is shown, and to compare with times that objects carry. */
  now(): number;
  /** Never goes back or jumps: for deadlines. */
  monotonic(): number;
  delay(ms: number, signal: AbortSignal): Promise<void>;
}

export type Emit = (app: AppName, event: AppEvent) => void;

// ------------------------------------------------------------- checks

/** One request to one address. Nothing is resolved, followed or taken from the environment. */
export interface HttpProbe {
  /** An IP address. */
  address: string;
  port: number;
  scheme: 'http' | 'https';
  method: 'GET' | 'HEAD';
  path: string;
  /** The `Host` header, and the name in the TLS handshake. A certificate is not verified. */
  host: string;
  headers: readonly (readonly [name: string, value: string])[];
  /** For all of it: connection, answer and body. */
  timeoutMs: number;
  /** More of the body is not read. */
  maxBodyBytes: number;
}

export type HttpAnswer = (
  | { kind: 'answer'; status: number; body: string }
  /**
   * `refused`: nothing listens there. `unreachable`: no connection came about, for whichever reason. `timeout`: there
   * was a connection and no answer in time. `broken`: it is no answer. `unable`: this process could not ask, for lack
   * of files, ports or memory, or nobody knows why.
   */
  | { kind: 'refused' | 'unreachable' | 'timeout' | 'broken' | 'unable' }
) & {
  latencyMs: number;
  /** How long of it this process was busy with something else and could not have noticed an answer. */
  stalledMs?: number;
};

export interface Prober {
  /** Rejects only with the signal's reason. */
  http(probe: HttpProbe, signal: AbortSignal): Promise<HttpAnswer>;
}

export type MetricAnswer =
  /** Of every series, without those that are no number; empty: no data. */
  | { kind: 'values'; values: number[] }
  /** The query is no query, or gives no instant values. */
  | { kind: 'refused'; message: string }
  | { kind: 'unavailable'; message: string };

/** The installation's Prometheus: no App says which. */
export interface Prometheus {
  /** An instant query. Rejects only with the signal's reason. */
  query(query: string, signal: AbortSignal): Promise<MetricAnswer>;
}
