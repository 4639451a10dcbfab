// What the commands of the command line need of the world, wired to the real one.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../adapters/clock/clock.ts';
import { makeCluster } from '../adapters/cluster/cluster.ts';
import { connect } from '../adapters/cluster/connect.ts';
import { makeGit } from '../adapters/git/git.ts';
import type { Connection, Environment } from '../cli/environment.ts';
import { chooseKubeconfig } from '../cli/kubeconfig.ts';
import { readSetOf } from '../source/readset.ts';
import { preview } from './preview.ts';
import { version } from './version.ts';

const GIT_TIMEOUT_MS = 60_000;
const MAX_PACK_BYTES = 256 * 1024 * 1024;

export function realEnvironment(signal: AbortSignal): Environment {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signal,
    clock: systemClock,
    version,
    connect: connectAsUser,
    preview,
    readHash: (entries, path) => readSetOf(entries, path).hash,
  };
}

/** As kubectl connects: the flag, KUBECONFIG, ~/.kube/config, or the pod's own account. */
async function connectAsUser(flags: { kubeconfig?: string; context?: string }): Promise<Connection> {
  const choice = chooseKubeconfig({
    flag: flags.kubeconfig,
    env: process.env,
    homeDir: homedir(),
    exists: existsSync,
  });
  const address = 'files' in choice ? { kubeconfig: choice.files } : { inCluster: true };
  const connection = await connect({ ...address, context: flags.context, version });
  const cluster = makeCluster(connection, { clock: systemClock, retryForMs: 5_000 });
  const cacheDir = mkdtempSync(join(tmpdir(), 'pawl-clones-'));
  const git = makeGit({ cacheDir, maxPackBytes: MAX_PACK_BYTES, timeoutMs: GIT_TIMEOUT_MS });
  return {
    cluster,
    git,
    currentNamespace: connection.namespace ?? 'default',
    userName: connection.user,
    async close() {
      cluster.close();
      await git.close();
      await connection.close();
      rmSync(cacheDir, { recursive: true, force: true });
    },
  };
}
