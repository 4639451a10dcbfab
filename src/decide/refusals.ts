// What refusals of the API server mean for a commit. Wrong as written: it has failed. Anything that could go
// away by itself, or that somebody else decides: unknown.

import { ANNOTATION } from '../model/app.ts';
import { showId } from '../model/object.ts';
import { isNeverRecreated } from '../model/recreate.ts';
import type { Refusal } from '../model/plan.ts';
import type { Failure, Verdict } from '../model/verdict.ts';

/** Groups that come with Kubernetes; every other kind may still be installed by somebody. */
const BUILT_IN: ReadonlySet<string> = new Set([
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'extensions',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
  'storagemigration.k8s.io',
]);

/**
 * The verdict on what the server did not take. One certain fault of the commit is enough, whatever else is out of
 * order. `Denied` is a failure here, and `decide` asks whether the healthy revision would be denied too.
 */
export function verdictOfRefusals(refusals: readonly Refusal[]): Verdict {
  const first = refusals[0];
  if (first === undefined) throw new Error('there is no verdict on a plan that was not refused');
  const faults = refusals.filter(isFault);
  if (faults.length > 0) return { kind: 'failed', failures: faults.map(failureOf) };
  const waits = refusals.map((refusal) => refusal.retryAfterMs ?? 0);
  const others = refusals.length > 1 ? ` (and ${refusals.length - 1} more objects)` : '';
  return {
    kind: 'unknown',
    reason: first.kind,
    message: `${showId(first.id)}: ${meaning(first)}: ${told(first)}${others}`,
    retryAfterMs: Math.max(...waits) > 0 ? Math.max(...waits) : undefined,
  };
}

function isFault(refusal: Refusal): boolean {
  switch (refusal.kind) {
    case 'Invalid':
    case 'Immutable':
    case 'Denied':
      return true;
    case 'UnknownKind':
      return BUILT_IN.has(refusal.id.group);
    // An object that another App holds may be on its way here: a commit that moves it between two Apps reaches
    // this one before the other has let go. Reverting would make such a move impossible.
    case 'Owned':
    case 'HookRunning':
    case 'NoNamespace':
    case 'Forbidden':
    case 'Quota':
    case 'Webhook':
    case 'Conflict':
    case 'Unavailable':
    case 'Deleting':
      return false;
  }
}

function failureOf(refusal: Refusal): Failure {
  return {
    object: refusal.id,
    reason: refusal.kind,
    evidence: `${refusal.kind}, ${meaning(refusal)}`,
    message: `${showId(refusal.id)}: ${reasonOf(refusal)}`,
  };
}

/** Why an object was refused, for the status and the terminal. */
export function reasonOf(refusal: Refusal): string {
  return `${meaning(refusal)}${wayOut(refusal)}: ${told(refusal)}`;
}

/** The server quotes the value that it refuses, so of a Secret nothing is passed on. */
function told(refusal: Refusal): string {
  const isSecret = refusal.id.group === '' && refusal.id.kind === 'Secret';
  return isSecret ? 'the answer is not shown, as it may quote the Secret' : refusal.message;
}

function immutable({ fields = [] }: Refusal): string {
  return fields.length === 0
    ? 'changes a field that cannot be changed'
    : `changes ${fields.join(', ')}, which cannot be changed`;
}

/** Told before the server's words, which may be long. */
function wayOut({ kind, id, isKept }: Refusal): string {
  if (kind !== 'Immutable') return '';
  return isNeverRecreated(id) || isKept === true
    ? '; what it holds would be lost with it, so it can only be made anew by hand'
    : `; to have it deleted and made anew, give it the annotation ${ANNOTATION.recreate}: "true"`;
}

function meaning(refusal: Refusal): string {
  switch (refusal.kind) {
    case 'Invalid':
      return 'refused by the API server as invalid';
    case 'Immutable':
      return immutable(refusal);
    case 'Denied':
      return 'denied by admission';
    case 'UnknownKind':
      return 'of a kind that the API server does not know';
    case 'NoNamespace':
      return 'its namespace does not exist or is being deleted';
    case 'Forbidden':
      return 'the service account may not write it';
    case 'Quota':
      return 'the quota is used up';
    case 'Webhook':
      return 'an admission webhook did not answer';
    case 'Conflict':
      return 'in conflict with another writer';
    case 'Unavailable':
      return 'the API server did not answer';
    case 'Deleting':
      return 'is being deleted';
    case 'HookRunning':
      return 'waits for its former run';
    case 'Owned':
      return 'belongs to another App or tool';
  }
}
