// A repository on a real git server, a person who works on it, and the adapter that is tested.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type GitAdapter, type GitOptions, makeGit } from '../../../src/adapters/git/git.ts';
import type { Repository } from '../../../src/ports.ts';
import { type GitServer, type GitServerOptions, startGitServer } from '../../../src/sandbox/git-server.ts';
import { type WorkingCopy, workingCopy } from '../../../src/sandbox/working-copy.ts';

export interface Scene {
  server: GitServer;
  ann: WorkingCopy;
  git: GitAdapter;
  repository: Repository;
  cacheDir: string;
  signal: AbortSignal;
  /** Another agent on the same cache directory. */
  another: (options?: Partial<GitOptions>) => GitAdapter;
  /** Runs git in the bare repository. */
  bare: (...args: string[]) => Promise<string>;
}

export const NAME = 'team/shop';

/** Everything is taken down when the test ends. */
export async function scene(
  options: GitServerOptions & { git?: Partial<GitOptions>; credentials?: Repository['credentials'] } = {},
): Promise<Scene> {
  const root = mkdtempSync(join(tmpdir(), 'pawl-scene-'));
  const server = await startGitServer({ users: options.users, root: join(root, 'host') });
  const url = await server.createRepository(NAME);
  const ann = await workingCopy(server, NAME, join(root, 'ann'));
  await ann.git('symbolic-ref', 'HEAD', 'refs/heads/main');
  const cacheDir = join(root, 'cache');
  const made: GitAdapter[] = [];
  const another = (more: Partial<GitOptions> = {}) => {
    const git = makeGit({ cacheDir, maxPackBytes: 50_000_000, timeoutMs: 20_000, ...options.git, ...more });
    made.push(git);
    return git;
  };
  onTestFinished(async () => {
    for (const git of made) await git.close();
    await server.close();
    rmSync(root, { recursive: true, force: true });
  });
  return {
    server,
    ann,
    git: another(),
    repository: { url, branch: 'main', credentials: options.credentials },
    cacheDir,
    signal: AbortSignal.timeout(60_000),
    another,
    bare: (...args) => ann.git('-C', server.repositoryDir(NAME), ...args),
  };
}

/** Fetches what the branch is at now. */
export async function fetchNow({ git, repository, signal }: Scene, back?: string): Promise<string> {
  const head = await git.head(repository, signal);
  if (head === undefined) throw new Error('the branch is missing');
  return git.fetch(repository, { head, back }, signal);
}

export function text(content: Uint8Array): string {
  return Buffer.from(content).toString('utf8');
}
