// The signs of failure that are seen before the deadline, and from when on each counts.

/**
 * Names as users write them under `spec.health.thresholds`. `Confirmation` is the time between the two
 * reads that a verdict needs.
 */
export const SIGNALS = {
  InvalidImageName: { afterMs: 0, count: 1 },
  ErrImageNeverPull: { afterMs: 0, count: 1 },
  JobFailed: { afterMs: 0, count: 1 },
  NamesNotAccepted: { afterMs: 0, count: 1 },
  ProgressDeadlineExceeded: { afterMs: 0, count: 1 },
  ImageNotFound: { afterMs: 30_000, count: 2 },
  ImagePull: { afterMs: 300_000, count: 1 },
  CrashLoopBackOff: { afterMs: 0, count: 3 },
  OOMKilled: { afterMs: 0, count: 2 },
  CreateContainerConfigError: { afterMs: 60_000, count: 1 },
  RunContainerError: { afterMs: 60_000, count: 2 },
  FailedCreate: { afterMs: 30_000, count: 1 },
  FailedCreateQuota: { afterMs: 120_000, count: 1 },
  FailedCreateWebhook: { afterMs: 180_000, count: 1 },
  Unschedulable: { afterMs: 300_000, count: 1 },
  FailedMountNotFound: { afterMs: 120_000, count: 3 },
  FailedMount: { afterMs: 600_000, count: 1 },
  ProbeKilled: { afterMs: 0, count: 3 },
  /** A Secret is missing that an operator makes from another object of the App. */
  SecretPending: { afterMs: 180_000, count: 1 },
  /** `Stalled=True`, and any other failure that an object tells of itself. */
  Stalled: { afterMs: 0, count: 1 },
  /** An object of Knative or Argo Rollouts says that it has failed, in words that name no cause that Pawl knows. */
  Degraded: { afterMs: 60_000, count: 1 },
  /** A certificate could not be issued; its controller tries again. */
  IssuanceFailed: { afterMs: 300_000, count: 1 },
  /** A pod that the repository holds itself has ended in failure. */
  PodFailed: { afterMs: 0, count: 1 },
  /** A canary stands at a step until somebody promotes it. */
  AwaitingPromotion: { afterMs: 300_000, count: 1 },
  /** A rule of `spec.health.kinds` cannot be evaluated, and so nothing is known; mostly left to the deadline. */
  RuleNotEvaluated: { afterMs: 3_600_000, count: 1 },
  AddressPending: { afterMs: 300_000, count: 1 },
  VolumePending: { afterMs: 300_000, count: 1 },
  /** The pod's node does not answer any more. */
  NodeLost: { afterMs: 300_000, count: 1 },
  VolumeLost: { afterMs: 0, count: 1 },
  /** A check of `spec.health.checks` fails; `count` in a row. */
  CheckFailed: { afterMs: 30_000, count: 3 },
  /** A Job that Pawl runs at its place in the release has been taken away before it ended. */
  HookGone: { afterMs: 5_000, count: 1 },
  Confirmation: { afterMs: 5_000, count: 2 },
} as const;

export type SignalName = keyof typeof SIGNALS;
