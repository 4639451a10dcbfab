// Which commits concern an App: those whose read set differs from every parent's. A merge that takes one side
// as it was changes nothing for the App: the commit that it took does.

import type { Commit } from '../model/commit.ts';

/**
 * Of `commits` (children before parents, as `between` gives them) those that concern the App, newest first.
 * `readHash` gives the hash of the read set at a commit; undefined where the commit is beyond the history that
 * is held, which counts as different, as it does for a commit without parents.
 */
export async function concerning(
  commits: readonly Commit[],
  readHash: (oid: string) => Promise<string | undefined>,
): Promise<Commit[]> {
  const hashes = new Map<string, Promise<string | undefined>>();
  const hashOf = (oid: string) => {
    const known = hashes.get(oid) ?? readHash(oid);
    hashes.set(oid, known);
    return known;
  };
  const found: Commit[] = [];
  for (const commit of commits) {
    const own = await hashOf(commit.oid);
    const parents = await Promise.all(commit.parents.map(hashOf));
    if (parents.every((hash) => hash !== own)) found.push(commit);
  }
  return found;
}
