// The App resource as it stands in the cluster: the spec that people write, the status that Pawl writes.
// `resolveApp` (model/resolve.ts) turns a spec into settings with units; stages see only those.

import type { KindRuleSpec } from './kind-rules.ts';
import type { KubeObject, ObjectMeta } from './object.ts';

export const GROUP = 'pawl.dev';
export const VERSION = 'v1alpha1';
export const APP_API_VERSION = `${GROUP}/${VERSION}`;
export const APP_KIND = 'App';

/** The only field manager Pawl applies objects with; constant for ever, or fields would be orphaned. */
export const FIELD_MANAGER = 'pawl';

export const ANNOTATION = {
  requestedAt: 'pawl.dev/requested-at',
  undoRequested: 'pawl.dev/undo-requested',
  confirmPrune: 'pawl.dev/confirm-prune',
  stage: 'pawl.dev/stage',
  prune: 'pawl.dev/prune',
  ignoreFields: 'pawl.dev/ignore-fields',
  recreate: 'pawl.dev/recreate',
  /** On objects of a repository `Ignore`: no checksum; on pod templates: the checksum itself. */
  checksum: 'pawl.dev/checksum',
  /** On adopted workloads: what their configuration and template were, so that adopting restarts no pod. */
  adopted: 'pawl.dev/adopted',
  rollback: 'pawl.dev/rollback',
  hook: 'pawl.dev/hook',
  /** On Jobs that Pawl made as hooks: of which content and in which release (model/hook.ts). */
  hookRun: 'pawl.dev/hook-run',
  /** On the App: what the agent that follows it calls the cluster, for those who preview its commits. */
  cluster: 'pawl.dev/cluster',
  changeCause: 'kubernetes.io/change-cause',
} as const;

export const FINALIZER = 'pawl.dev/prune';

/** ApplySet (KEP-3659): membership of objects, and the parent's own marks. */
export const APPLYSET = {
  partOf: 'applyset.kubernetes.io/part-of',
  id: 'applyset.kubernetes.io/id',
  tooling: 'applyset.kubernetes.io/tooling',
  groupKinds: 'applyset.kubernetes.io/contains-group-kinds',
  additionalNamespaces: 'applyset.kubernetes.io/additional-namespaces',
} as const;

export interface AppSpec {
  source: {
    url: string;
    branch?: string;
    path?: string;
    secretRef?: { name: string };
    verify?: Record<string, unknown>;
  };
  schedule?: string;
  defaultNamespace?: string;
  serviceAccountName: string;
  dependsOn?: { name: string; namespace?: string }[];
  prune?: boolean;
  drift?: 'Correct' | 'Report';
  deletion?: 'Orphan' | 'Prune';
  health?: {
    timeout?: string;
    soak?: string;
    /** See model/checks.ts. */
    checks?: unknown[];
    thresholds?: Record<string, { after?: string; count?: number }>;
    kinds?: KindRuleSpec[];
  };
  rollback?: {
    mode?: 'Revert' | 'PullRequest' | 'Hold';
    scope?: 'App' | 'Commit';
    shared?: 'Revert' | 'Hold';
    whileUnmerged?: 'Hold' | 'Restore';
    limit?: { reverts?: number; per?: string };
    author?: { name?: string; email?: string };
    signingKeyRef?: Record<string, unknown>;
  };
  suspend?: boolean;
}

export interface Condition {
  type: 'Ready' | 'Reconciling' | 'Stalled';
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number;
}

export interface CommitRef {
  commit: string;
  at: string;
}

/** What the cluster was last told. */
export interface Applied extends CommitRef {
  /** As in `healthy`: the same commit under another path or branch is something else. */
  source?: string;
  /** The last stage that was reached, where the release was held before its end. */
  through?: string;
}

export type Phase = 'Applying' | 'Verifying' | 'Deciding' | 'Reverting';
export type Cause = 'commit' | 'spec' | 'drift' | 'request';
export type Outcome = 'Healthy' | 'Reverted' | 'Superseded' | 'Held' | 'Failed' | 'Unknown';

export interface HistoryEntry {
  commit: string;
  subject: string;
  author: string;
  startedAt: string;
  finishedAt: string;
  outcome: Outcome;
  reason: string;
  revertedBy?: string;
}

/** What was unhealthy before the release, and the age of conditions, to tell old news from new. */
export interface Baseline {
  at: string;
  /** Object key → reason, only of objects that were not healthy. */
  unhealthy: Record<string, string>;
  /** How many more were not, which there is no room to name. */
  moreUnhealthy?: number;
  /** Object key → what marks its present status as old news: see verify/baseline.ts. */
  stalledSince: Record<string, string>;
  moreStalled?: number;
  /** Check → how it failed, only of those that did. */
  checks?: Record<string, string>;
  /** Check → its definition's hash, of those that were asked; undefined: nobody noted it. */
  asked?: Record<string, string>;
}

/** Written before the push: with `bytes` any process can push the very same commit. */
export interface RevertIntent {
  /** The undone commits, newest first. */
  commits: string[];
  /** The revision whose content is restored. */
  restores: string;
  /** The head it was decided on, and the new commit's parent. */
  onto: string;
  reason: string;
  /** The new commit's id. */
  commit: string;
  /** The commit object, base64, without git's header. */
  bytes: string;
  at: string;
  /** Set once the commit has been seen in the branch. */
  seen?: boolean;
  /** Who asked, for an undo. */
  by?: string;
  /** `at` of the request that is answered by it, for an undo. */
  asked?: string;
}

export interface AppStatus {
  observedGeneration?: number;
  conditions?: Condition[];
  head?: CommitRef;
  applied?: Applied;
  healthy?: CommitRef & { source: string; renderHash: string };
  baseline?: Baseline;
  /** Objects that releases since the healthy one took over from others; `*`: more than there is room to name. */
  takenOver?: string[];
  release?: {
    commit: string;
    phase: Phase;
    startedAt: string;
    /** Milliseconds of verifying that count, kept over restarts. */
    elapsed: number;
    /** What it was when everything was ready and the soak began; undefined before that. */
    soaking?: number;
    attempt: number;
    cause: Cause;
    /** By what it is judged: loop/terms.ts. */
    terms?: { hash: string; timeout: number };
  };
  revert?: RevertIntent;
  rejected?: { hash: string; commit: string; times: number; at: string }[];
  completed?: { object: string; hash: string }[];
  objects?: {
    total: number;
    ready: number;
    outcomes: { object: string; outcome: string; reason?: string }[];
  };
  history?: HistoryEntry[];
  lastHandledRequest?: string;
  /** The answer to the undo that was asked for last, found by its `at`. */
  undo?: { at: string; by: string; to: string; commit?: string; refused?: string };
}

export interface App extends KubeObject {
  metadata: ObjectMeta & { namespace: string };
  spec: AppSpec;
  status?: AppStatus;
}

/** `main@sha1:<40 hex>`, as printed and as the source of a healthy revision is recorded. */
export function revision(branch: string, commit: string): string {
  return `${branch}@sha1:${commit}`;
}

export function appKey(app: { metadata: { namespace?: string; name: string } }): string {
  return `${app.metadata.namespace ?? ''}/${app.metadata.name}`;
}
