// Brings a clone to a wanted head, and its history down to a wanted commit, with as few fetches as that
// takes: none where both are there already. A copy that is damaged or worn is replaced by a new one, and only
// when the new one is whole.

import { PawlError } from '../../model/errors.ts';
import type { Repository } from '../../ports.ts';
import type { Clone, Clones } from './clones.ts';
import { DEEPEST_COMMITS, fetchBranch, wantsMoreHistory, WINDOW_COMMITS } from './fetch.ts';
import type { ObjectStore } from './objects.ts';
import type { Talk } from './talk.ts';
import type { Place } from './url.ts';

export interface FetchTools {
  clones: Clones;
  talk: Talk;
  log: (message: string, fields: Record<string, unknown>) => void;
}

interface Job {
  tools: FetchTools;
  repository: Repository;
  place: Place;
  clone: Clone;
  want: { head: string; back?: string };
  signal: AbortSignal;
}

/** To be called under the clone's lock. The head that was fetched; PawlError `GitMoved` where it changed under us. */
export async function bringTo(
  tools: FetchTools,
  repository: Repository,
  place: Place,
  want: { head: string; back?: string },
  signal: AbortSignal,
): Promise<string> {
  const clone = tools.clones.of(place);
  const job: Job = { tools, repository, place, clone, want, signal };
  const { back } = want;
  let { head } = want;
  if (tools.clones.isWorn(clone, head) || !(await holds(clone.store, head))) {
    const isFirst = clone.store === undefined && back === undefined;
    head = await fetchTo(job, isFirst ? 1 : WINDOW_COMMITS);
  }
  // The first fetch brings one commit: if that is a newer one, is the one asked for behind it?
  if (clone.depth < WINDOW_COMMITS && !(await holds(clone.store, want.head)))
    head = await fetchTo(job, WINDOW_COMMITS);
  for (let depth = 2 * WINDOW_COMMITS; depth <= DEEPEST_COMMITS; depth *= 2) {
    if (back === undefined || !(await wantsMore(clone.store, head, back))) break;
    if (depth > clone.depth) head = await fetchTo(job, depth);
  }
  if (head === want.head || (await holds(clone.store, want.head))) return head;
  throw new PawlError({
    code: 'GitMoved',
    message: `${place.url}: the branch changed while it was fetched`,
    hint: 'It is looked at again.',
    retry: 'later',
  });
}

export async function holds(store: ObjectStore | undefined, oid: string): Promise<boolean> {
  try {
    return store !== undefined && (await store.use(() => store.has(oid)));
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
}

async function wantsMore(store: ObjectStore | undefined, head: string, back: string): Promise<boolean> {
  return store !== undefined && (await store.use(() => wantsMoreHistory(store, head, back)));
}

async function fetchTo(job: Job, depth: number): Promise<string> {
  const { tools, repository, place, clone, want, signal } = job;
  const { store } = clone;
  if (store === undefined || tools.clones.isWorn(clone, want.head)) return fetchAnew(job, depth);
  try {
    const head = await tools.talk(repository, place, signal, (transport) =>
      fetchBranch(store, place, transport, depth, clone.head),
    );
    clone.head = head;
    clone.fetches++;
    clone.depth = Math.max(clone.depth, depth);
    return head;
  } catch (error) {
    if (!isDamage(error)) throw error;
    store.spoil();
    return fetchAnew(job, depth);
  }
}

async function fetchAnew(job: Job, depth: number): Promise<string> {
  const { tools, repository, place, clone, want, signal } = job;
  const isHealing = clone.store?.isDamaged() === true;
  if (isHealing) tools.log('the clone is damaged, fetching anew', { repository: place.url });
  for (let attempt = 1; ; attempt++) {
    const store = await tools.clones.fresh(place);
    try {
      const head = await tools.talk(repository, place, signal, (t) => fetchBranch(store, place, t, depth));
      await tools.clones.adopt(clone, store, { head, depth });
      if (isHealing) clone.healedAt = want.head;
      return head;
    } catch (error) {
      await store.retire();
      if (attempt > 1 || !isDamage(error)) throw error;
      tools.log('what was fetched is damaged, fetching anew', { repository: place.url });
    }
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof PawlError && error.code === 'GitDamaged';
}
