// How a wait, and its end, are put into words: messages for the status (they may quote the cluster), evidence
// for commits (identifiers, reasons, counts, seconds).

import type { Sign } from '../model/health.ts';
import { showId } from '../model/object.ts';
import type { Failure } from '../model/verdict.ts';
import { gravest } from './thresholds.ts';
import type { Read } from './watched.ts';

/** Objects named in one message. */
const NAMED = 5;

export function progressMessage(reads: readonly Read[], isAwaited: (read: Read) => boolean): string {
  const awaited = reads.filter(isAwaited);
  const broken = awaited.filter((read) => read.health.status !== 'Current');
  const suspended = reads.filter((read) => read.health.status === 'Suspended');
  const left = reads.filter((read) => !isAwaited(read) && read.health.status !== 'Suspended');
  const parts = [
    `${awaited.length - broken.length} of ${awaited.length} objects ready`,
    ...named(broken, (read) => `${showId(read.watched.manifest.id)}: ${describe(read)}`),
    ...named(
      suspended,
      (read) => `${showId(read.watched.manifest.id)}: ${read.health.message}, not waited for`,
    ),
    ...named(left, (read) => notJudged(read)),
  ];
  return parts.join('; ');
}

function named(reads: readonly Read[], say: (read: Read) => string): string[] {
  const rest = reads.length - NAMED;
  return [...reads.slice(0, NAMED).map(say), ...(rest > 0 ? [`and ${rest} more`] : [])];
}

function notJudged(read: Read): string {
  const { manifest, baselineUnhealthy } = read.watched;
  return `${showId(manifest.id)} was unhealthy before (${baselineUnhealthy ?? ''}) and is not changed, so not waited for`;
}

/** Its health, and the gravest sign with where it was seen. */
export function describe(read: Read): string {
  const sign = gravest(read.signs);
  if (sign !== undefined) return `${read.health.message}; ${sign.at}: ${sign.evidence}`;
  const [unready] = read.unreadyPods;
  return unready === undefined
    ? read.health.message
    : `${read.health.message}; Pod/${unready}: readiness probe fails`;
}

export function hookMessage(read: Read): string {
  return `hook ${showId(read.watched.manifest.id)}: ${describe(read)}`;
}

export function failureBySign(read: Read, sign: Sign): Failure {
  return {
    object: read.watched.blamedOn ?? read.watched.manifest.id,
    reason: sign.reason,
    evidence: sign.evidence,
    message: `${showId(read.watched.manifest.id)}: ${read.health.message}; ${sign.at}: ${sign.evidence}`,
  };
}

export function timedOut(read: Read, timeoutMs: number): Failure {
  const sign = gravest(read.signs.filter((timed) => timed.sign.blames === 'commit'));
  const seconds = Math.round(timeoutMs / 1000);
  const why = read.unreadyPods.length > 0 ? 'readiness probe fails' : read.health.reason;
  return {
    object: read.watched.blamedOn ?? read.watched.manifest.id,
    reason: 'TimedOut',
    evidence: `TimedOut after ${seconds} s, ${sign?.evidence ?? why}`,
    message: `${showId(read.watched.manifest.id)} is not ready after ${seconds} s: ${describe(read)}`,
  };
}
