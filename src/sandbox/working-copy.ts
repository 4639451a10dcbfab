// A person at a working copy: the git command line with nothing of this machine's configuration.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { GitServer } from './git-server.ts';

const run = promisify(execFile);

export interface WorkingCopyOptions {
  /** Default: Ann <ann@example.com>. */
  author?: { name: string; email: string };
  /**
   * Go through the server's HTTP port as this user. By default the repository is reached by its folder: a person
   * who works while a fault is on, and does not appear in the server's list of requests.
   */
  http?: { user: string; password: string } | 'anyone';
}

export interface WorkingCopy {
  dir: string;
  /** Writes files by their path in the repository; undefined or null removes one. */
  write(files: Record<string, string | Buffer | undefined | null>): void;
  read(path: string): string;
  /** Commits everything that changed. Returns the commit's id. */
  commit(message: string): Promise<string>;
  /** `write`, `commit` and `push` in one. Returns the commit's id. */
  publish(message: string, files: Record<string, string | Buffer | undefined | null>): Promise<string>;
  /** Returns the new head. */
  pull(): Promise<string>;
  push(...args: string[]): Promise<void>;
  head(): Promise<string>;
  /** Runs git; throws if it fails. Returns its output without the last newline. */
  git(...args: string[]): Promise<string>;
}

/** Clones `repository` into `dir`, which must not hold anything. An empty repository is fine. */
export async function workingCopy(
  server: GitServer,
  repository: string,
  dir: string,
  options: WorkingCopyOptions = {},
): Promise<WorkingCopy> {
  const env = personEnvironment(options);
  const git = async (...args: string[]) => {
    const { stdout } = await run('git', args, { cwd: dir, env, maxBuffer: 1 << 28 });
    return stdout.replace(/\n$/, '');
  };
  mkdirSync(dir, { recursive: true });
  const url =
    options.http === undefined ? server.repositoryDir(repository) : server.repositoryUrl(repository);
  await git('clone', '--quiet', '--template=', url, '.');

  const write: WorkingCopy['write'] = (files) => {
    for (const [path, content] of Object.entries(files)) {
      const target = join(dir, path);
      if (content === undefined || content === null) {
        rmSync(target, { recursive: true });
        continue;
      }
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, content);
    }
  };
  const head = () => git('rev-parse', 'HEAD');
  const commit = async (message: string) => {
    await git('add', '--all');
    await git('commit', '--quiet', '--allow-empty', '--message', message);
    return await head();
  };
  const push = async (...args: string[]) => {
    await git('push', '--quiet', ...(args.length > 0 ? args : ['origin', 'HEAD']));
  };
  return {
    dir,
    write,
    read: (path) => readFileSync(join(dir, path), 'utf8'),
    commit,
    push,
    head,
    git,
    async publish(message, files) {
      write(files);
      const id = await commit(message);
      await push();
      return id;
    },
    async pull() {
      await git('pull', '--quiet', '--ff-only');
      return await head();
    },
  };
}

function personEnvironment({ author, http }: WorkingCopyOptions): Record<string, string | undefined> {
  const { name, email } = author ?? { name: 'Ann', email: 'ann@example.com' };
  const config: [string, string][] = [
    ['safe.directory', '*'],
    ['init.defaultBranch', 'main'],
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
    ['advice.detachedHead', 'false'],
  ];
  if (http !== undefined && http !== 'anyone') {
    const basic = Buffer.from(`${http.user}:${http.password}`).toString('base64');
    config.push(['http.extraHeader', `Authorization: Basic ${basic}`]);
  }
  return {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(
      config.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}
