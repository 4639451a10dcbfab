// What an answer of the API server means for a release. The words are those of the API server's own sources
// (admission plugins, quota, RBAC); the status code alone does not tell a wrong object from a full quota.

import type { ApiError } from '../model/errors.ts';
import type { ObjectId } from '../model/object.ts';
import type { Refusal, RefusalKind } from '../model/plan.ts';
import { immutableFields } from './immutable.ts';

export function refusalOf(id: ObjectId, error: ApiError): Refusal {
  const { message, retryAfterMs } = error;
  const kind = kindOf(error);
  const fields = kind === 'Immutable' ? immutableFields(error) : undefined;
  return { id, kind, message, retryAfterMs, ...(fields !== undefined && { fields }) };
}

function kindOf(error: ApiError): RefusalKind {
  const { message } = error;
  if (/failed calling webhook|conversion webhook|failed to call webhook/i.test(message)) return 'Webhook';
  if (/denied the request|denied request/i.test(message)) return 'Denied';
  switch (error.status) {
    case 400:
      return 'Invalid';
    case 401:
      return 'Forbidden';
    case 403:
      return forbidden(error);
    case 404:
      return /namespaces? "[^"]*" not found/i.test(message) ? 'NoNamespace' : 'UnknownKind';
    case 409:
      if (/\bimmutable\b/i.test(message)) return 'Immutable';
      // The quota's own count is contended for, as opposed to the object.
      return /exceeded quota|on resourcequotas /i.test(message) ? 'Quota' : 'Conflict';
    case 413:
      return 'Invalid';
    case 415:
      return 'Invalid';
    case 422:
      return immutableFields(error) === undefined ? 'Invalid' : 'Immutable';
    default:
      return 'Unavailable';
  }
}

function forbidden(error: ApiError): RefusalKind {
  const { message } = error;
  if (/exceeded quota|failed quota/i.test(message)) return 'Quota';
  if (
    /being terminated/i.test(message) ||
    error.causes.some((cause) => cause.reason === 'NamespaceTerminating')
  )
    return 'NoNamespace';
  // RBAC names the user: `deployments.apps "web" is forbidden: User "…" cannot patch resource "deployments"`.
  if (/User "[^"]*" cannot /i.test(message)) return 'Forbidden';
  // What is left are admission plugins: PodSecurity, LimitRanger, NodeRestriction, policies.
  return 'Denied';
}
