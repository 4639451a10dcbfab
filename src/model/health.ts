// What an object's state means.

import type { SignalName } from './signal.ts';

/** `Current`: as desired. `InProgress`: may still become so. `Failed`: will not by itself. */
export type HealthStatus = 'Current' | 'InProgress' | 'Failed' | 'Terminating' | 'Suspended';

export interface Health {
  status: HealthStatus;
  /** One word, such as `MinimumReplicasUnavailable`; goes into commits, so never text from the cluster. */
  reason: string;
  /** A sentence for people who look at the status. */
  message: string;
}

/**
 * A sign of failure read from the live objects at one moment; whether it counts is a matter of thresholds.
 * `evidence` may be committed: identifiers, reasons, counts and exit codes only.
 */
export interface Sign {
  signal: SignalName;
  reason: string;
  evidence: string;
  /** Whose fault it can be: the `surroundings` never lead to a revert. */
  blames: 'commit' | 'surroundings';
  /** Where it was seen, such as `Pod/web-5d9-x`; each such place has its own clock. */
  at: string;
  /** Wall-clock time (ms) since which the sign stands, as far as the objects tell. */
  sinceMs: number;
  count: number;
}
