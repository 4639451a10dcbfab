// Every failure of git or of its host as a PawlError, made here and nowhere else. What a host says is
// untrusted: it is cut, put on one line, and what looks like credentials is taken out.

import { PawlError } from '../../model/errors.ts';
import { oneLine } from '../../model/text.ts';

const FULL_DISK_OR_RIGHTS = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'EIO',
  'EEXIST',
  'ENOTDIR',
  'ENAMETOOLONG',
]);

/** A host's text as it may be shown: one line, at most `maxLength` characters, no credentials. */
export function clean(text: string, maxLength = 300): string {
  return oneLine(
    text
      .replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@]*@/gi, '$1')
      .replace(/\b(authorization|proxy-authorization)\s*:\s*\S+(\s+\S+)?/gi, '$1: …')
      .replace(/\b(basic|bearer)\s+[\w+/.=~-]{8,}/gi, '$1 …'),
    maxLength,
  );
}

export function unreachable(
  where: string,
  why: string,
  more: { cause?: unknown; retryAfterMs?: number } = {},
) {
  return new PawlError({
    code: 'GitUnreachable',
    message: `${where}: ${why}`,
    hint: 'Nothing is changed until the repository answers again; see whether the host is up and can be reached.',
    retry: 'later',
    ...more,
  });
}

export function refusedAccess(where: string, status: number): PawlError {
  return new PawlError({
    code: 'GitAuth',
    message: `${where}: the host refused access (${status})`,
    hint: 'Check the user name and the password or token in the Secret that spec.source.secretRef names.',
    retry: 'later',
  });
}

export function notFound(
  where: string,
  what = 'there is no such repository, or these credentials may not see it',
) {
  return new PawlError({
    code: 'GitNotFound',
    message: `${where}: ${what}`,
    hint: 'Check spec.source.url and spec.source.branch, and that the credentials may read the repository.',
    retry: 'later',
  });
}

export function tooLarge(where: string, what: string, hint: string): PawlError {
  return new PawlError({ code: 'GitTooLarge', message: `${where}: ${what}`, hint });
}

export function timedOut(where: string, timeoutMs: number): PawlError {
  return new PawlError({
    code: 'GitTimeout',
    message: `${where}: no complete answer within ${timeoutMs / 1000} s`,
    hint: 'It is tried again. If the repository is large or far away, give git a longer time limit.',
    retry: 'later',
  });
}

export function damaged(where: string, cause?: unknown): PawlError {
  return new PawlError({
    code: 'GitDamaged',
    message: `${where}: what was fetched is damaged${because(cause)}`,
    hint: 'The local copy is thrown away and fetched again; if it stays, run git fsck on the host.',
    retry: 'later',
    cause,
  });
}

export function badObject(where: string, oid: string, cause: unknown): PawlError {
  return new PawlError({
    code: 'GitBadObject',
    message: `${where}: object ${oid} is malformed${because(cause)}`,
    hint: 'It is so in the repository itself; git fsck on the host names it.',
    retry: 'later',
  });
}

/** Something that was asked for is not in the local copy. */
export function missing(where: string, oid: string): PawlError {
  return new PawlError({
    code: 'GitMissing',
    message: `${where}: ${clean(oid, 40)} is not in the local copy`,
    hint: 'It is fetched again with the next look. If it stays, the commit is no longer on the branch.',
    retry: 'later',
  });
}

/**
 * An error of the library, of the disk or of the connection. `otherwise` is what it means where it tells
 * nothing: while talking to a host that is an answer nobody understands, while reading it is damage.
 */
export function fromLibrary(where: string, error: unknown, otherwise: 'unreachable' | 'damaged'): PawlError {
  if (error instanceof PawlError) return error;
  const ofDisk = diskError(where, error);
  if (ofDisk !== undefined) return ofDisk;
  if (otherwise === 'damaged') return damaged(where, error);
  return unreachable(where, `the answer was not understood${because(error)}`);
}

/** Undefined for what is no error of the disk. */
export function diskError(where: string, error: unknown): PawlError | undefined {
  const code = codeOf(error);
  if (!FULL_DISK_OR_RIGHTS.has(code)) return undefined;
  return new PawlError({
    code: 'GitCache',
    message: `${where}: the local copy cannot be written or read (${code})`,
    hint: 'Give the cache directory room and write access.',
    retry: 'later',
  });
}

function because(error: unknown): string {
  const text = error instanceof Error ? clean(error.message, 160) : '';
  return text === '' ? '' : ` (${text})`;
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
