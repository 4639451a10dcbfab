// A spec with its defaults filled in and its units made numbers: what every stage reads.

import type { KindRule } from './kind-rules.ts';
import type { Check } from './checks.ts';
import type { AppName } from './events.ts';
import type { SignalName } from './signal.ts';

export interface Source {
  url: string;
  branch: string;
  /** Relative to the repository's root, without leading or trailing slash; empty for the root. */
  path: string;
  secretName: string | undefined;
}

export interface Threshold {
  afterMs: number;
  count: number;
}

export interface Settings {
  /** Namespace and name of the App. */
  namespace: string;
  name: string;
  uid: string;
  generation: number;
  source: Source;
  schedule: string;
  defaultNamespace: string;
  serviceAccountName: string;
  /** Released before this App. */
  dependsOn: AppName[];
  prune: boolean;
  drift: 'Correct' | 'Report';
  deletion: 'Orphan' | 'Prune';
  health: {
    timeoutMs: number;
    soakMs: number;
    thresholds: Record<SignalName, Threshold>;
    /** Rules of the App's own for kinds. */
    kinds: readonly KindRule[];
    checks: readonly Check[];
  };
  rollback: {
    mode: 'Revert' | 'Hold';
    limit: { reverts: number; perMs: number };
    author: { name: string; email: string };
  };
  suspend: boolean;
  /** Hash of everything in the spec that changes what is rendered or applied. */
  specHash: string;
}
