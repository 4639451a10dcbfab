// What the repository says about one commit, for those who wait for it: whether the branch has it, whether it
// concerns the App, which revisions bring it, and whether a later commit undoes it. Read with the user's own
// rights, the Secret of the App's source included, which not everyone has: then only the status is left.

import type { App } from '../model/app.ts';
import { credentialsIn } from '../model/credentials.ts';
import { PawlError } from '../model/errors.ts';
import { resolveApp } from '../model/resolve.ts';
import type { Git, Repository } from '../ports.ts';
import type { Connection, Environment } from './environment.ts';
import { commitsIn, complete, isFull, type RevisionText } from './revision.ts';
import { undoneIn } from './undone.ts';
import type { WaitFacts } from './wait-decision.ts';

export interface Branch {
  /** In full. */
  readonly commit: string;
  /** Facts for the status as it is now; fetches only when that names a commit not seen yet. */
  facts(app: App, signal: AbortSignal): Promise<WaitFacts>;
}

/** How many commits back the content of one that does not concern the App is traced. */
const LONGEST_TRACE = 2_000;

/** Throws PawlError: what git throws, `CommitNotInBranch`, `SecretNotFound`, … and ApiError for the Secret. */
export async function openBranch(
  environment: Environment,
  connection: Connection,
  app: App,
  revision: RevisionText,
  signal: AbortSignal,
): Promise<Branch> {
  const { git } = connection;
  const { repository, path } = await repositoryOf(connection, app, signal);
  const hashes = new Map<string, Promise<string>>();
  const readHash = (oid: string): Promise<string> => {
    const known =
      hashes.get(oid) ??
      git.files(repository, oid, path).then((entries) => environment.readHash(entries, path));
    hashes.set(oid, known);
    return known;
  };

  let head = await headOf(git, repository, signal);
  const commit = await locate(git, repository, head, revision, commitsIn(app), signal);
  const { concerns, sameBefore } = await trace(
    git,
    repository,
    commit,
    readHash,
    new Set(commitsIn(app)),
    head,
    signal,
  );
  const unknown = new Set<string>();

  async function catchUp(app: App, signal: AbortSignal): Promise<void> {
    const missing: string[] = [];
    for (const oid of commitsIn(app)) {
      if (!unknown.has(oid) && !(await git.has(repository, oid))) missing.push(oid);
    }
    if (missing.length === 0) return;
    head = await headOf(git, repository, signal);
    head = await git.fetch(repository, { head, back: commit }, signal);
    // Of another branch, or not pushed yet: an intent names its commit before the push.
    const intended = app.status?.revert?.seen === true ? undefined : app.status?.revert?.commit;
    for (const oid of missing) {
      if (oid !== intended && !(await git.has(repository, oid))) unknown.add(oid);
    }
  }

  return {
    commit,
    async facts(app, signal) {
      await catchUp(app, signal);
      const { namespace, name } = app.metadata;
      const undoneAt = async (revision: string) =>
        undoneIn(await git.between(repository, commit, revision), { namespace, name });
      const carriers = new Set([commit, ...sameBefore]);
      for (const oid of commitsIn(app)) {
        if (!(await git.isAncestor(repository, commit, oid))) continue;
        // A revision that has the commit behind it, and its revert too, does not bring it.
        if (!concerns || !(await undoneAt(oid)).has(commit)) carriers.add(oid);
      }
      return { commit, concerns, carriers, undone: await undoneAt(head) };
    },
  };
}

/** What is left without the repository: only a release of exactly this commit counts. */
export function statusOnly(commit: string): Branch {
  return {
    commit,
    facts: async () => ({ commit, concerns: true, carriers: new Set([commit]), undone: new Map() }),
  };
}

async function headOf(git: Git, repository: Repository, signal: AbortSignal): Promise<string> {
  const head = await git.head(repository, signal);
  if (head !== undefined) return head;
  throw new PawlError({
    code: 'BranchNotFound',
    message: `the repository has no branch ${repository.branch}`,
    hint: 'Push the branch, or correct spec.source.branch of the App.',
  });
}

async function locate(
  git: Git,
  repository: Repository,
  head: string,
  { hex }: RevisionText,
  known: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const named = isFull(hex) ? hex : complete(hex, [head, ...known]);
  // Without a full id nothing says how far back to look: to where the App has been.
  const fetched = await git.fetch(repository, { head, back: named ?? known.at(-1) ?? head }, signal);
  if (named !== undefined) {
    if (await git.isAncestor(repository, named, fetched)) return named;
    throw notInBranch(hex, repository.branch);
  }
  const released = await inBranch(git, repository, known, fetched);
  const newer = await Promise.all(released.map((base) => git.between(repository, base, fetched)));
  const found = complete(
    hex,
    newer.flat().map((commit) => commit.oid),
  );
  if (found !== undefined) return found;
  throw notInBranch(hex, repository.branch);
}

/** Those of `commits` that the branch has; others are of a branch that the App followed before. */
async function inBranch(
  git: Git,
  repository: Repository,
  commits: readonly string[],
  head: string,
): Promise<string[]> {
  const found: string[] = [];
  for (const oid of commits) if (await git.isAncestor(repository, oid, head)) found.push(oid);
  return found;
}

function notInBranch(hex: string, branch: string): PawlError {
  return new PawlError({
    code: 'CommitNotInBranch',
    message: `no commit ${hex} is in the branch ${branch}`,
    hint: `Push it to ${branch} first; an older commit must be written in full.`,
  });
}

/** Whether the commit changes what the App reads; where not, back to the commit that last did. */
async function trace(
  git: Git,
  repository: Repository,
  commit: string,
  readHash: (oid: string) => Promise<string>,
  released: ReadonlySet<string>,
  head: string,
  signal: AbortSignal,
): Promise<{ concerns: boolean; sameBefore: string[] }> {
  const own = await hashOrOlder(git, repository, commit, readHash, head, signal);
  const sameBefore: string[] = [];
  let at = commit;
  while (sameBefore.length < LONGEST_TRACE) {
    const { parents } = await git.commit(repository, at);
    let next: string | undefined;
    for (const parent of parents) {
      if ((await hashOrOlder(git, repository, parent, readHash, head, signal)) === own) {
        next = parent;
        break;
      }
    }
    if (next === undefined) break;
    sameBefore.push(next);
    // What was released with this content is all that is asked for.
    if (released.has(next)) break;
    at = next;
  }
  return { concerns: sameBefore.length === 0, sameBefore };
}

/** The read set's hash; history is fetched down to the commit where it is not there yet. */
async function hashOrOlder(
  git: Git,
  repository: Repository,
  oid: string,
  readHash: (oid: string) => Promise<string>,
  head: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!(await git.has(repository, oid))) await git.fetch(repository, { head, back: oid }, signal);
  return (await git.has(repository, oid)) ? readHash(oid) : undefined;
}

async function repositoryOf(
  connection: Connection,
  app: App,
  signal: AbortSignal,
): Promise<{ repository: Repository; path: string }> {
  const resolved = resolveApp(app);
  if ('refused' in resolved) {
    const [first] = resolved.refused;
    throw new PawlError({
      code: first?.reason ?? 'InvalidSpec',
      message: `${app.metadata.name}: ${first?.message ?? 'its spec is invalid'}`,
      hint: first?.hint,
    });
  }
  const { url, branch, path, secretName } = resolved.ok.source;
  if (secretName === undefined) return { repository: { url, branch, credentials: undefined }, path };
  const { namespace } = app.metadata;
  const ref = { gvk: { group: '', version: 'v1', kind: 'Secret' }, namespace, name: secretName };
  const secret = await connection.cluster.as(undefined).get(ref, signal);
  const credentials = credentialsIn(secret, `${namespace}/${secretName}`);
  return { repository: { url, branch, credentials }, path };
}
