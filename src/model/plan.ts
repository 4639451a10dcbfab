// What is going to be done (Plan) and what was done (Change), per object. Plain data.

import type { FieldPath } from './field-path.ts';
import type { Manifest } from './manifest.ts';
import type { KubeObject, ObjectId } from './object.ts';

/** Why the API server did not take an object. */
export type RefusalKind =
  /** 400, 422: the object is wrong as written. */
  | 'Invalid'
  /** A field that cannot be changed. */
  | 'Immutable'
  /** An admission policy or webhook said no: the commit's fault only if the healthy revision passes now. */
  | 'Denied'
  /** The server does not know the kind. */
  | 'UnknownKind'
  /** The namespace does not exist. */
  | 'NoNamespace'
  /** 401, 403 of the service account. */
  | 'Forbidden'
  | 'Quota'
  /** A webhook could not be called. */
  | 'Webhook'
  /** 409 that stayed. */
  | 'Conflict'
  /** 429, 5xx, no answer. */
  | 'Unavailable'
  /** It is being deleted, and something keeps it from going. */
  | 'Deleting'
  /** A former run of a hook is at work. */
  | 'HookRunning'
  /** The object belongs to another App or another tool. */
  | 'Owned';

export interface Refusal {
  id: ObjectId;
  kind: RefusalKind;
  /** The server's reason; shown in the status, never committed. */
  message: string;
  retryAfterMs?: number;
  /** Of `Immutable`: the paths of the fields, as far as the server names them. */
  fields?: readonly string[];
  /** Of `Immutable`: it cannot be made anew but by hand, as more would go with it than comes back. */
  isKept?: boolean;
}

export interface PlanItem {
  manifest: Manifest;
  /** What is sent: the manifest's object with what only the live one decides. */
  object: KubeObject;
  live: KubeObject | undefined;
  /** `recreate`: it is to be deleted and made anew, as it asks for (`pawl.dev/recreate`). */
  action: 'create' | 'configure' | 'recreate' | 'unchanged';
  /** Whether the server has taken it as a dry-run; `deferred`: its namespace or kind comes with this commit. */
  dryRun: 'passed' | 'deferred' | 'unneeded';
  /** What the server answered to the dry-run. */
  answer?: KubeObject;
  /** Where others have a part in the object. */
  shared?: Shared;
}

/** Whose autoscaler scales an object: one of the App's own, which is watched, or another's, which is not. */
export type Scaler = 'ours' | 'others' | 'none';

/** What of an object is others', or was. */
export interface Shared {
  /** Fields that are left to others: not sent where the object exists, never drift. */
  left: readonly FieldPath[];
  scaler: Scaler;
  /**
   * What is done to managedFields before the apply: entries of other tools become ours (`adopt`), or fields that
   * are left to others are given up, so that not to send them removes nothing.
   */
  handOver: 'none' | 'adopt' | 'give-up';
  /** The tools that applied it before, where it is adopted. */
  from: readonly string[];
  /** Fields to which the apply gives another value than somebody else had given them. */
  forced: readonly ForcedField[];
}

export interface ForcedField extends FieldDrift {
  /** The field manager that had set it. */
  manager: string;
}

export interface Plan {
  /** In the order of the stages; each is applied when the one before is through. */
  stages: PlanItem[][];
  /** Members that desired no longer holds. */
  prune: ObjectId[];
  refusals: Refusal[];
}

export type ChangeOutcome =
  | 'created'
  | 'configured'
  | 'recreated'
  | 'unchanged'
  | 'pruned'
  | 'skipped'
  | 'refused';

export interface Change {
  id: ObjectId;
  key: string;
  outcome: ChangeOutcome;
  reason?: string;
  /** The server's answer. */
  object?: KubeObject;
}

const WRITTEN: ReadonlySet<ChangeOutcome> = new Set(['created', 'configured', 'recreated']);

/** Whether the release has changed the object in the cluster. */
export function isWritten(change: Change | undefined): boolean {
  return change !== undefined && WRITTEN.has(change.outcome);
}

/** A field that somebody else changed. Values are undefined for Secrets: they are never shown. */
export interface FieldDrift {
  path: string;
  desired: unknown;
  found: unknown;
}
