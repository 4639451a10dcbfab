// Bad content by what it is, not by which commit brought it: bots push the same failing image again and again.
// The content of a failed object is its desired form, the configuration it uses included.

import { hash } from 'node:crypto';
import type { AppStatus } from '../model/app.ts';
import type { Rendered } from '../model/manifest.ts';
import { keyOf } from '../model/object.ts';
import type { Failure } from '../model/verdict.ts';

type Rejected = NonNullable<AppStatus['rejected']>;

/** A status keeps few of them; any one that comes back tells. */
const MAX_HASHES = 5;
/** Content is tried this often under different commits; then it is held without being applied. */
const TRIES = 2;

/**
 * What to remember of a failed release: one hash per failed object, so that a later commit can be asked for each
 * of its objects. A failure of no object (render, check) stands for the whole: `wholeHash` is the hash of what
 * was read (`readHash`), the only thing known of a render that failed.
 */
export function contentHashes(
  failures: readonly Failure[],
  headRender: Rendered | undefined,
  wholeHash: string,
): string[] {
  const desired = new Map(headRender?.manifests.map((manifest) => [manifest.key, manifest.hash]));
  const hashes = failures.map(({ object }) => {
    const key = object === undefined ? undefined : keyOf(object);
    const form = key === undefined ? undefined : desired.get(key);
    return key === undefined || form === undefined ? hashWhole(wholeHash) : hashObject(key, form);
  });
  return [...new Set(hashes)].sort().slice(0, MAX_HASHES);
}

export type Seen =
  /** Not known as bad. */
  | { kind: 'new'; times: 0 }
  /** It failed once: one more try. */
  | { kind: 'again'; times: number; commit: string }
  /** It failed as often as it is tried: to be held without being applied. */
  | { kind: 'spent'; times: number; commit: string };

/** What is known of one hash of {@link contentHashes}. */
export function seenBefore(rejected: Rejected | undefined, contentHash: string): Seen {
  const entry = rejected?.find((one) => one.hash === contentHash);
  if (entry === undefined) return { kind: 'new', times: 0 };
  return { kind: entry.times < TRIES ? 'again' : 'spent', times: entry.times, commit: entry.commit };
}

/** The worst that is known of anything in a commit that is about to be applied. Undefined render: it failed. */
export function seenInCommit(
  rejected: Rejected | undefined,
  render: Rendered | undefined,
  wholeHash: string,
): Seen {
  const hashes = [
    hashWhole(wholeHash),
    ...(render?.manifests.map((manifest) => hashObject(manifest.key, manifest.hash)) ?? []),
  ];
  const known = rejected === undefined || rejected.length === 0 ? [] : hashes;
  return known
    .map((one) => seenBefore(rejected, one))
    .reduce<Seen>((worst, seen) => (seen.times > worst.times ? seen : worst), { kind: 'new', times: 0 });
}

/** What has proved good in a healthy release is bad no more. */
export function withoutHealthy(
  rejected: Rejected | undefined,
  render: Rendered,
  wholeHash: string,
): Rejected {
  const good = new Set([
    hashWhole(wholeHash),
    ...render.manifests.map((manifest) => hashObject(manifest.key, manifest.hash)),
  ]);
  return (rejected ?? []).filter((entry) => !good.has(entry.hash));
}

function hashObject(key: string, form: string): string {
  return hash('sha256', `object\n${key}\n${form}`);
}

function hashWhole(wholeHash: string): string {
  return hash('sha256', `whole\n${wholeHash}`);
}
