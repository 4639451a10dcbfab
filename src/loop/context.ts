// What a release is made with: the outside world (Context), what this process remembers of an App (Session),
// and both together with the App's own settings for one pass (Run).

import { ApiError } from '../model/errors.ts';
import type { App, AppStatus } from '../model/app.ts';
import type { AppEvent, AppName } from '../model/events.ts';
import type { Manifest, Rendered } from '../model/manifest.ts';
import type { Health } from '../model/health.ts';
import type { KubeObject, ObjectId } from '../model/object.ts';
import type { FieldDrift } from '../model/plan.ts';
import type { Settings } from '../model/settings.ts';
import type { Memory } from '../plan/known.ts';
import type { Listed } from '../plan/plan.ts';
import type {
  Account,
  Clock,
  Cluster,
  ClusterApi,
  Credentials,
  Emit,
  Git,
  Members,
  Prober,
  Prometheus,
  Repository,
  Store,
} from '../ports.ts';
import type { ParsedFile, RenderMemo } from '../render/render.ts';
import type { ReadSet } from '../source/readset.ts';
import type { RenderFailure } from './desired.ts';
import type { Leaving } from './leaving.ts';
import type { ParseAside } from './parsing.ts';
import type { StandingDrift } from '../verify/drift.ts';
import type { JudgeMemory } from '../verify/memory.ts';
import type { LookMemory } from '../source/look.ts';
import type { Dependents } from './dependents.ts';
import type { Neighbours } from './neighbours.ts';
import type { Turns } from './turns.ts';
import { Wakes } from './wakes.ts';

export interface Context {
  git: Git;
  cluster: Cluster;
  members: Members;
  store: Store;
  clock: Clock;
  emit: Emit;
  prober: Prober;
  /** Undefined: the installation names none. */
  prometheus: Prometheus | undefined;
  /** For asking checks. */
  turns: Turns;
  /** Named in the trailers of reverts, so that several clusters on one branch can be told apart. */
  clusterName: string;
  /** What the Apps of this process know of each other. */
  neighbours: Neighbours;
  dependents: Dependents;
  /** The installation's key, for checksums of configuration. */
  hmacKey: Uint8Array;
  /** Undefined: everything is parsed in this thread. */
  parseAside?: ParseAside;
}

export interface Drifted {
  fields: FieldDrift[];
  manager: string;
  deleted: boolean;
  /** Nobody changed it: its autoscaler is gone. */
  released?: boolean;
  /** It could not be set back yet, and that has been said. */
  told?: boolean;
  /** Changed since drift was looked at last. */
  fresh?: boolean;
}

/** Memory of one process. Losing it costs requests, never correctness: the truth is in git and the status. */
export interface Session {
  name: AppName;
  wakes: Wakes;
  look: LookMemory | undefined;
  /** `secret name` → what it held; read again when the host refuses it. */
  credentials: { secretName: string; value: Credentials } | undefined;
  renders: Map<string, Rendered | RenderFailure>;
  /** By commit and source: the files that a render reads. */
  readSets: Map<string, ReadSet>;
  /** The files of the last two renders (a release compares two revisions). */
  parsed: { now: ReadonlyMap<string, ParsedFile>; before: ReadonlyMap<string, ParsedFile> };
  memo: RenderMemo;
  /** What the cluster was last told, by object key: what drift is corrected to. */
  desired: Map<string, Manifest>;
  /** All of it could be kept as it was applied when that was looked at last. */
  isKept: boolean;
  memory: Memory;
  /** Members that no plan of this process has looked at yet: what a list told of them, until one does. */
  listed: Map<string, Listed>;
  /** Objects with a write of ours under way, whose events prove nothing. */
  inFlight: Set<string>;
  drifted: Map<string, Drifted>;
  /** Drift that could not be set back when that was tried last, by object key. */
  standing: Map<string, StandingDrift>;
  /**
   * By the live object itself, as the members hold it (a change is another object), with what else its health
   * depends on.
   */
  healths: WeakMap<KubeObject, { health: Health; by: string }>;
  /** Times (monotonic, ms) of recent corrections, by object key. */
  corrections: Map<string, number[]>;
  /** Objects that somebody changes again each time, by key: when (monotonic, ms) they did so last. */
  contested: Map<string, number>;
  /** Branch head and spec for which nothing is left to do. */
  settled: string | undefined;
  /** Branch head and spec whose release ended undecided, and until when (monotonic, ms) it is left at that. */
  undecided: { key: string; untilMs: number } | undefined;
  /** Passes in a row that ended undecided or with a problem. */
  tries: number;
  /** Until then (monotonic, ms) the schedule alone wakes nothing: a problem was met. */
  notBefore: number;
  /** The code of the problem that the status speaks of. */
  problem: string | undefined;
  /** Where the last wait stopped, for the release that supersedes it. Cleared by a verdict that stands. */
  verified:
    | {
        commit: string;
        memory: JudgeMemory | undefined;
        elapsedMs: number;
        hashes: ReadonlyMap<string, string>;
      }
    | undefined;
  /** Jobs that were seen to complete; kept, as the status may lag behind. */
  done: NonNullable<AppStatus['completed']>;
  /** Signs of failure that were told of in the release in hand. */
  toldSigns: Set<string>;
  /** Taken over since the status was written last (plan/taken.ts). */
  taken: Set<string>;
  /** Pruned, and not gone yet, by object key. */
  leaving: Map<string, Leaving>;
  /** Namespaces that were still in use when they were to be pruned. */
  inUse: ObjectId[];
  subscription: (() => void) | undefined;
}

export function newSession(name: AppName): Session {
  return {
    name,
    wakes: new Wakes(),
    look: undefined,
    credentials: undefined,
    renders: new Map(),
    readSets: new Map(),
    parsed: { now: new Map(), before: new Map() },
    memo: new WeakMap(),
    desired: new Map(),
    isKept: true,
    memory: new Map(),
    listed: new Map(),
    inFlight: new Set(),
    drifted: new Map(),
    standing: new Map(),
    healths: new WeakMap(),
    corrections: new Map(),
    contested: new Map(),
    settled: undefined,
    undecided: undefined,
    tries: 0,
    notBefore: 0,
    problem: undefined,
    verified: undefined,
    done: [],
    toldSigns: new Set(),
    taken: new Set(),
    leaving: new Map(),
    inUse: [],
    subscription: undefined,
  };
}

export interface Signals {
  /** Ends the pass between two steps. */
  soft: AbortSignal;
  /** Ends it at once. */
  hard: AbortSignal;
}

export interface Run {
  ctx: Context;
  session: Session;
  /** As last read or written. */
  app: App;
  /** As it stood when the pass began: what came to it since has not been taken into account. */
  opened: App;
  settings: Settings;
  account: Account;
  /** As the App's service account. */
  api: ClusterApi;
  repository: Repository;
  applySet: string;
  /** Ends the work between two steps: shutdown, suspension, deletion. */
  signal: AbortSignal;
  /** Ends it at once: the lease is lost. */
  hard: AbortSignal;
}

export function statusOf(run: Run): AppStatus {
  return run.app.status ?? {};
}

/** Writes the status; with `fenced`, only if nobody else has written the App since it was read. */
export async function save(run: Run, status: AppStatus, options: { fenced?: boolean } = {}): Promise<void> {
  const expect = options.fenced === true ? run.app.metadata.resourceVersion : undefined;
  // Our own writes bring news of the App too: what was decided for another spec is not begun.
  if (options.fenced === true && run.app.metadata.generation !== run.settings.generation)
    throw changedMeanwhile(run);
  run.app = await run.ctx.store.writeStatus(run.app, status, { expect }, run.hard);
}

export function tell(run: Run, event: AppEvent): void {
  run.ctx.emit(run.session.name, event);
}

function changedMeanwhile(run: Run): ApiError {
  return new ApiError({
    code: 'ApiConflict',
    message: `App ${run.settings.namespace}/${run.settings.name}: somebody changed it meanwhile`,
    status: 409,
    reason: 'Conflict',
  });
}
