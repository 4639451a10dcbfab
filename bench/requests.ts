// What the agent asked of the API server, from the server's own audit log.

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { Setting } from './setting.ts';

export interface Asked {
  verb: string;
  resource: string;
  name: string;
  dryRun: boolean;
}

export function auditMark({ plane }: Setting): number {
  return statSync(plane.auditLog).size;
}

/** Requests of Pawl's since the mark; a watch counts when it begins. */
export function askedSince({ plane }: Setting, mark: number): Asked[] {
  const size = statSync(plane.auditLog).size;
  const bytes = Buffer.alloc(size - mark);
  const file = openSync(plane.auditLog, 'r');
  readSync(file, bytes, 0, bytes.length, mark);
  closeSync(file);
  return bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as AuditLine)
    .filter((line) => line.userAgent?.startsWith('pawl') === true)
    .filter((line) => (line.verb === 'watch') === (line.stage === 'ResponseStarted'))
    .map(({ verb, objectRef, requestURI }) => ({
      verb,
      resource: [objectRef?.resource ?? '', objectRef?.subresource ?? '']
        .filter((one) => one !== '')
        .join('/'),
      name: objectRef?.name ?? '',
      dryRun: requestURI.includes('dryRun='),
    }));
}

interface AuditLine {
  stage: string;
  verb: string;
  userAgent?: string;
  requestURI: string;
  objectRef?: { resource?: string; subresource?: string; name?: string };
}
