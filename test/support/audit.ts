// What was asked of the API server, from its own audit log: who wrote, and that nobody did. The server writes an
// event before it answers, so whatever a client knows to have ended is in the log. The cluster's own components are
// not.
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { testCluster } from './cluster.ts';

export interface AuditEvent {
  user: string;
  impersonatedUser: string | undefined;
  /** get, list, watch, create, update, patch, delete, deletecollection. */
  verb: string;
  /** Plural; empty for addresses that are no resource, such as /version. */
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  userAgent: string;
  /** Of the answer. */
  code: number;
  uri: string;
  dryRun: boolean;
  at: string;
}

/** A place in the log. */
export type AuditMark = number;

export async function auditMark(): Promise<AuditMark> {
  return statSync(await auditLogPath()).size;
}

/** All requests since the mark. A watch counts when it begins, not when it ends. */
export async function auditSince(mark: AuditMark): Promise<AuditEvent[]> {
  return readFrom(await auditLogPath(), mark)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RawEvent)
    .filter((event) => (event.verb === 'watch') === (event.stage === 'ResponseStarted'))
    .map(toAuditEvent);
}

/** Only those that change something for real. */
export function writes(events: AuditEvent[]): AuditEvent[] {
  return events.filter((event) => !['get', 'list', 'watch'].includes(event.verb) && !event.dryRun);
}

interface RawEvent {
  stage: string;
  verb: string;
  requestURI: string;
  user?: { username?: string };
  impersonatedUser?: { username?: string };
  userAgent?: string;
  objectRef?: { resource?: string; subresource?: string; namespace?: string; name?: string };
  responseStatus?: { code?: number };
  requestReceivedTimestamp: string;
}

function toAuditEvent(raw: RawEvent): AuditEvent {
  const query = new URL(raw.requestURI, 'https://api').searchParams;
  return {
    user: raw.user?.username ?? '',
    impersonatedUser: raw.impersonatedUser?.username,
    verb: raw.verb,
    resource: raw.objectRef?.resource ?? '',
    subresource: raw.objectRef?.subresource ?? '',
    namespace: raw.objectRef?.namespace ?? '',
    name: raw.objectRef?.name ?? '',
    userAgent: raw.userAgent ?? '',
    code: raw.responseStatus?.code ?? 0,
    uri: raw.requestURI,
    dryRun: query.has('dryRun'),
    at: raw.requestReceivedTimestamp,
  };
}

async function auditLogPath(): Promise<string> {
  const { auditLog } = await testCluster();
  if (auditLog === undefined) throw new Error('this cluster has no audit log that can be read here');
  return auditLog;
}

/** Whole lines only: the last one may still be being written, and so may the first one when the mark was set. */
function readFrom(path: string, offset: number): string {
  const from = Math.max(offset - 1, 0);
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(fstatSync(file).size - from);
    readSync(file, bytes, 0, bytes.length, from);
    const first = offset === 0 ? 0 : bytes.indexOf(10) + 1;
    return bytes.subarray(first, Math.max(bytes.lastIndexOf(10) + 1, first)).toString('utf8');
  } finally {
    closeSync(file);
  }
}
