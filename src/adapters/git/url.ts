// Which repository a URL means. Two spellings of one repository give one key, and so one clone and one
// writer; a URL that carries credentials is refused, so that none can reach a log, a status or a disk.

import { createHash } from 'node:crypto';
import { PawlError } from '../../model/errors.ts';
import type { Repository } from '../../ports.ts';

export interface Place {
  /** What requests are sent to, and how the repository is named in messages: never with credentials. */
  url: string;
  /** Equal for every spelling of the same repository and branch; safe as a directory's name. */
  key: string;
  /** `refs/heads/<branch>`. */
  ref: string;
}

/** Throws PawlError `GitUnsupported`, `GitBadUrl`, `GitBadBranch`. */
export function placeOf(repository: Pick<Repository, 'url' | 'branch'>): Place {
  const url = parse(repository.url);
  const { branch } = repository;
  if (!isBranchName(branch)) {
    throw new PawlError({
      code: 'GitBadBranch',
      message: `${JSON.stringify(branch.slice(0, 80))} is not a name that a branch can have`,
      hint: 'Set spec.source.branch to the name of a branch, such as main.',
    });
  }
  const path = url.pathname.replace(/\/+$/, '');
  const canonical = `${url.protocol}//${url.host}${path.replace(/\/{2,}/g, '/').replace(/\.git$/, '')}`;
  const key = createHash('sha256').update(`${canonical}\n${branch}`).digest('hex').slice(0, 32);
  return { url: `${url.protocol}//${url.host}${path}`, key, ref: `refs/heads/${branch}` };
}

function parse(text: string): URL {
  if (/^ssh:/i.test(text) || /^[^/@:]+@[^/@:]+:/.test(text)) {
    throw new PawlError({
      code: 'GitUnsupported',
      message: 'the repository is named by an ssh URL, and ssh is not supported yet',
      hint: 'Use the https URL of the repository, with a token in the Secret that spec.source.secretRef names.',
    });
  }
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw badUrl('is not a URL');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw badUrl('is neither https nor http');
  if (url.username !== '' || url.password !== '') {
    throw badUrl(
      'holds a user name or password',
      'Put credentials into a Secret, name it in spec.source.secretRef, and take them out of the URL.',
    );
  }
  if (url.search !== '' || url.hash !== '') throw badUrl('has a query or a fragment');
  return url;
}

function badUrl(why: string, hint?: string): PawlError {
  return new PawlError({
    code: 'GitBadUrl',
    message: `the URL of the repository ${why}`,
    hint: hint ?? 'Set spec.source.url to a URL such as https://git.example.com/team/shop.git.',
  });
}

/** The rules of git-check-ref-format(1) for what follows `refs/heads/`. */
export function isBranchName(name: string): boolean {
  if (name === '' || name.length > 200 || name === '@' || name.startsWith('-')) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{/.test(name)) return false;
  return name
    .split('/')
    .every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.') && !part.endsWith('.lock'));
}
