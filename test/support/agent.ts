// The agent as its users run it: a process of its own, with the rights of manifests/ and no others.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadAll } from 'js-yaml';
import { afterAll, afterEach } from 'vitest';
import type { Json, TestCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { temporaryFolder } from './git-server.ts';
import { put } from './objects.ts';

const root = new URL('../../', import.meta.url).pathname;

export interface Agent {
  pid: number;
  /** Its log so far, a line each, parsed. */
  log: readonly Json[];
  /** http://127.0.0.1:<port> of /healthz, /readyz and /metrics. */
  url(): Promise<string>;
  /** Waits for a line of the log. */
  logged(matches: (line: Json) => boolean, timeoutMs?: number): Promise<Json>;
  /** Ends it in an orderly way (SIGTERM); returns the exit code. */
  stop(): Promise<number | null>;
  /** Ends it at once. */
  kill(signal?: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
}

export interface AgentOptions {
  kubeconfig: string;
  /** Where its lease and key are. */
  namespace: string;
  /** Only Apps of this namespace are followed, so that agents of several tests do not meet. */
  appNamespace: string;
  flags?: string[];
  cacheDir?: string;
}

const running = new Set<ChildProcess>();
const logs: Json[][] = [];

// What the agent said is the first thing to look at when a test fails.
afterEach(({ task }) => {
  if (task.result?.state === 'fail') {
    for (const log of logs) {
      process.stderr.write(
        `--- the agent's log, its end ---\n${log
          .slice(-40)
          .map((line) => JSON.stringify(line))
          .join('\n')}\n`,
      );
    }
  }
  logs.length = 0;
});

afterAll(async () => {
  await Promise.all([...running].map((child) => ended(child, () => child.kill('SIGKILL'))));
});

export async function startAgent(options: AgentOptions): Promise<Agent> {
  const child = spawn(
    process.execPath,
    [
      join(root, 'src/main.ts'),
      'run',
      `--kubeconfig=${options.kubeconfig}`,
      `--namespace=${options.namespace}`,
      `--app-namespace=${options.appNamespace}`,
      '--cluster-name=test',
      '--listen=127.0.0.1:0',
      '--lease-duration=5',
      '--log-level=debug',
      `--cache-dir=${options.cacheDir ?? temporaryFolder('cache')}`,
      ...(options.flags ?? []),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } },
  );
  running.add(child);
  child.once('exit', () => running.delete(child));
  const log: Json[] = [];
  logs.push(log);
  createInterface({ input: child.stdout }).on('line', (line) => log.push(parsed(line)));
  createInterface({ input: child.stderr }).on('line', (line) => log.push({ stderr: line }));

  const logged = (matches: (line: Json) => boolean, timeoutMs = 40_000) =>
    eventually(
      () => {
        const line = log.find(matches);
        if (line !== undefined) return line;
        const tail = log.slice(-5).map((one) => JSON.stringify(one));
        throw new Error(`not in the agent's log, which ends with ${tail.join('\n')}`);
      },
      { timeoutMs, describe: 'a line of the agent’s log' },
    );
  await logged((line) => line.msg === 'pawl starts' || line.stderr !== undefined);
  return {
    pid: child.pid ?? 0,
    log,
    logged,
    url: async () => `http://127.0.0.1:${(await logged((line) => line.msg === 'pawl starts')).port}`,
    stop: () => ended(child, () => child.kill('SIGTERM')),
    async kill(signal = 'SIGKILL') {
      if (signal === 'SIGKILL') await ended(child, () => child.kill('SIGKILL'));
      else child.kill(signal);
    },
  };
}

async function ended(child: ChildProcess, end: () => void): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  end();
  return exit;
}

function parsed(line: string): Json {
  try {
    return JSON.parse(line);
  } catch {
    return { text: line };
  }
}

let definition: Promise<void> | undefined;

/** Once per test file: the definition is the same for all. */
function installDefinition(cluster: TestCluster, crd: string): Promise<void> {
  definition ??= (async () => {
    await put(cluster, ...loadAll(crd));
    await eventually(
      async () => (await cluster.request({ path: '/apis/pawl.dev/v1alpha1/apps?limit=1' })).status === 200,
      { timeoutMs: 30_000, describe: 'the App resource to be served' },
    );
  })();
  return definition;
}

/** Installs the definition and the rights of manifests/, with `namespace` in place of pawl-system. */
export async function installPawl(cluster: TestCluster, namespace: string): Promise<string> {
  const manifest = (name: string) => readFileSync(join(root, 'manifests', name), 'utf8');
  const rights = manifest('rbac.yaml')
    .replaceAll('pawl-system', namespace)
    // Bindings are cluster-wide by name: each test has its own.
    .replace(
      /kind: ClusterRoleBinding\nmetadata:\n {2}name: (\S+)/g,
      `kind: ClusterRoleBinding\nmetadata:\n  name: $1-${namespace}`,
    );
  await installDefinition(cluster, manifest('crd.yaml'));
  await put(cluster, ...loadAll(rights));
  const token = await cluster.serviceAccountToken(namespace, 'pawl');
  const path = join(temporaryFolder('kubeconfig'), 'pawl');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: {
          server: cluster.server,
          ...(cluster.caPem !== undefined && {
            'certificate-authority-data': Buffer.from(cluster.caPem).toString('base64'),
          }),
        },
      },
    ],
    users: [{ name: 'pawl', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'pawl' } }],
    'current-context': 'test',
  };
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}
