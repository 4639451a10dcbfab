// Brings a branch into a copy. Invariants:
// F1 The first fetch brings one commit; later ones ask for a window of the newest commits, of which the host
//    sends what is new. Without a window, one merge of an old branch would bring the whole history.
// F2 A fetch counts when its pack has been checked whole; before, nothing that readers rely on has changed.
// F3 The library writes nothing before the whole answer is in and checked (T4), so a fetch that failed on the
//    way changes nothing. One that failed on our disk leaves a copy that is not fetched into again.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as git from 'isomorphic-git';
import type { PawlError } from '../../model/errors.ts';
import { codeOf, damaged, fromLibrary, notFound } from './errors.ts';
import { commitsBetween, isReachable, reachable } from './history.ts';
import { type ObjectStore, wholeFiles } from './objects.ts';
import type { Transport } from './transport.ts';
import type { Place } from './url.ts';

export const WINDOW_COMMITS = 20;
/** Where looking for an old commit ends; a healthy revision this far back is not reverted to. */
export const DEEPEST_COMMITS = 5_120;

/**
 * The head that was fetched. `depth`: how many commits of every line are asked for. `last`: the head of the
 * fetch before; the host takes it that we hold it whole, so that is checked before anything is asked.
 */
export async function fetchBranch(
  store: ObjectStore,
  place: Place,
  transport: Transport,
  depth: number,
  last?: string,
): Promise<string> {
  if (last !== undefined) await checkCommit(store, last);
  const tracking = place.ref.replace('refs/heads/', 'refs/remotes/origin/');
  try {
    const result = await git.fetch({
      fs: wholeFiles,
      http: transport.http,
      gitdir: store.gitdir,
      url: place.url,
      remote: 'origin',
      ref: tracking,
      remoteRef: place.ref,
      singleBranch: true,
      tags: false,
      depth,
      cache: {},
    });
    const problem = transport.problem();
    if (problem !== undefined) throw problem;
    const head = result.fetchHead;
    if (head === null) throw noBranch(place);
    const packBytes = await checkPack(store, (result as { packfile?: string }).packfile);
    await checkCommit(store, head);
    await store.refresh(packBytes);
    return head;
  } catch (error) {
    const problem = transport.problem() ?? understood(place, error);
    if (problem.code === 'GitCache') store.spoil();
    throw problem;
  }
}

/** What the library says of an answer it did not understand; all else it says is about the copy or the pack. */
const ABOUT_THE_ANSWER = new Set([
  'ParseError',
  'EmptyServerResponseError',
  'InvalidOidError',
  'RemoteCapabilityError',
  'SmartHttpError',
]);

function understood(place: Place, error: unknown): PawlError {
  const code = codeOf(error);
  if (code === 'NotFoundError') return noBranch(place);
  return fromLibrary(place.url, error, ABOUT_THE_ANSWER.has(code) ? 'unreachable' : 'damaged');
}

function noBranch(place: Place): PawlError {
  return notFound(place.url, `there is no branch ${place.ref.replace('refs/heads/', '')}`);
}

/** The pack is what its checksum says, and every object in it could be read and is in the index. */
async function checkPack(store: ObjectStore, name: string | undefined): Promise<number> {
  if (name === undefined) return 0;
  const pack = await readFile(join(store.gitdir, name));
  const index = await readFile(join(store.gitdir, name.replace(/\.pack$/, '.idx')));
  const payload = pack.subarray(0, -20);
  const sum = createHash('sha1').update(payload).digest();
  if (!sum.equals(pack.subarray(-20)))
    throw damaged(store.shown, new Error('the checksum of a pack is wrong'));
  const lastOfFanout = 8 + 255 * 4;
  if (index.length < lastOfFanout + 4 || index.readUInt32BE(lastOfFanout) !== pack.readUInt32BE(8)) {
    throw damaged(store.shown, new Error('a pack holds objects that cannot be read'));
  }
  return pack.length;
}

async function checkCommit(store: ObjectStore, oid: string): Promise<void> {
  try {
    const cache = {};
    const { commit } = await git.readCommit({ fs: wholeFiles, gitdir: store.gitdir, oid, cache });
    await git.readTree({ fs: wholeFiles, gitdir: store.gitdir, oid: commit.tree, cache });
  } catch (error) {
    throw damaged(store.shown, error);
  }
}

/**
 * Whether more history could change what is known of `back..head`: `back` is not found and history is cut,
 * or a line between them is cut before it meets what `back` has behind it.
 */
export async function wantsMoreHistory(store: ObjectStore, head: string, back: string): Promise<boolean> {
  if (!(await isReachable(store.parentsOf, back, head))) {
    return [...(await reachable(store.parentsOf, [head]))].some((oid) => store.isCut(oid));
  }
  const between = await commitsBetween(store.parentsOf, back, head);
  return between.some((oid) => store.isCut(oid));
}
