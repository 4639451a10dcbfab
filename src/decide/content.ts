// Bad content by what it is, not by which commit brought it: bots push the same failing image again and again.
// The content of a failed object is its desired form, the configuration it uses included. A render that failed
// has no content to remember: it is never applied, so it can do no harm a second time.

import { hash } from 'node:crypto';
import type { AppStatus } from '../model/app.ts';
import { short } from '../model/commit.ts';
import type { Manifest } from '../model/manifest.ts';
import { keyOf, showId } from '../model/object.ts';
import type { Failure } from '../model/verdict.ts';

type Rejected = NonNullable<AppStatus['rejected']>;

/** The status keeps few of them, and any one that comes back tells. */
const MAX_HASHES = 5;
/** Content is applied under this many commits; after that it is held without being applied. */
const TRIES = 2;

/**
 * What to remember of a failed release: one hash per failed object, so that a later commit can be asked for each
 * of its objects. A failure of no object (a check) stands for everything that was applied.
 */
export function badContentHashes(manifests: readonly Manifest[], failures: readonly Failure[]): string[] {
  const forms = new Map(manifests.map((manifest) => [manifest.key, hashObject(manifest)]));
  const hashes = failures.map(({ object }) => {
    const form = object === undefined ? undefined : forms.get(keyOf(object));
    return form ?? hashWhole(manifests);
  });
  return [...new Set(hashes)].toSorted().slice(0, MAX_HASHES);
}

/** How often any of this content has failed under other commits than `head`. */
export function timesRejected(
  rejected: Rejected | undefined,
  hashes: readonly string[],
  head: string,
): number {
  const found = (rejected ?? []).filter((entry) => hashes.includes(entry.hash) && entry.commit !== head);
  return Math.max(0, ...found.map((entry) => entry.times));
}

/**
 * Why these manifests are not to be applied: something in them has failed as often as content is tried, under
 * other commits than `head`. Undefined where they may be: new content, and content that has failed once.
 */
export function seenBefore(
  rejected: Rejected | undefined,
  manifests: readonly Manifest[],
  head: string,
): string | undefined {
  const others = ({ times, commit }: Rejected[number]) => times - (commit === head ? 1 : 0);
  const spent = new Map(
    (rejected ?? []).filter((entry) => others(entry) >= TRIES).map((entry) => [entry.hash, entry]),
  );
  if (spent.size === 0) return undefined;
  for (const manifest of manifests) {
    const entry = spent.get(hashObject(manifest));
    if (entry !== undefined) return spentMessage(showId(manifest.id), entry);
  }
  const whole = spent.get(hashWhole(manifests));
  return whole === undefined ? undefined : spentMessage('all of it', whole);
}

function spentMessage(what: string, entry: Rejected[number]): string {
  return `${what} is as it was in commit ${short(entry.commit)}, and has failed ${entry.times} times`;
}

/** What has proved good in a healthy release is bad no more. */
export function withoutHealthy(
  rejected: Rejected | undefined,
  manifests: readonly Manifest[],
): Rejected | undefined {
  if (rejected === undefined) return undefined;
  const good = new Set([hashWhole(manifests), ...manifests.map(hashObject)]);
  return rejected.filter((entry) => !good.has(entry.hash));
}

function hashObject(manifest: Manifest): string {
  return hash('sha256', `object\n${manifest.key}\n${manifest.hash}`);
}

function hashWhole(manifests: readonly Manifest[]): string {
  return hash('sha256', ['whole', ...manifests.map(hashObject).toSorted()].join('\n'));
}
