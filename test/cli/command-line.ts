// The command line in this process, on the real cluster and with real git, as `main` wires it; streams captured.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';
import { systemClock } from '../../src/adapters/clock/clock.ts';
import { makeCluster } from '../../src/adapters/cluster/cluster.ts';
import { connect } from '../../src/adapters/cluster/connect.ts';
import { makeGit } from '../../src/adapters/git/git.ts';
import { APP_GVK } from '../../src/cli/app.ts';
import type { Environment } from '../../src/cli/environment.ts';
import { type ProgramParts, program } from '../../src/cli/program.ts';
import { type App, APP_API_VERSION, APP_KIND, type AppStatus } from '../../src/model/app.ts';
import type { ClusterApi } from '../../src/ports.ts';
import { readSetOf } from '../../src/source/readset.ts';
import type { Json, TestCluster } from '../support/cluster.ts';
import { temporaryFolder } from '../support/git-server.ts';

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandLine {
  run(...args: string[]): Promise<Outcome>;
  /** As `run`, with -o json; `data` is what was printed. */
  json(...args: string[]): Promise<Outcome & { data: Json }>;
  /** Does not wait for the end. */
  start(...args: string[]): Running;
}

export interface Running {
  stdout(): string;
  stderr(): string;
  /** As Ctrl-C does. */
  interrupt(): void;
  ended: Promise<Outcome>;
}

const running = new Set<Running>();

afterEach(async () => {
  for (const each of running) each.interrupt();
  await Promise.all([...running].map((each) => each.ended));
});

export interface CommandLineOptions {
  kubeconfig: string;
  namespace?: string;
  parts?: Partial<Omit<ProgramParts, 'environment'>>;
  environment?: Partial<Environment>;
}

export function commandLine({
  kubeconfig,
  namespace = 'default',
  parts = {},
  environment = {},
}: CommandLineOptions): CommandLine {
  function start(...args: string[]): Running {
    const [out, err] = [[], []] as [string[], string[]];
    const ending = new AbortController();
    const { main } = program({
      run: () => Promise.reject(new Error('no agent here')),
      demo: () => Promise.reject(new Error('no demo here')),
      ...parts,
      environment: {
        stdout: { write: (text) => out.push(text) },
        stderr: { write: (text) => err.push(text) },
        env: {},
        signal: ending.signal,
        clock: systemClock,
        version: '1.2.3',
        readHash: (entries, path) => readSetOf(entries, path).hash,
        preview: { undo: unexpected, diff: unexpected },
        async connect(flags) {
          const connection = await connect({
            kubeconfig: flags.kubeconfig ?? kubeconfig,
            context: flags.context,
            version: 'test',
          });
          const cluster = makeCluster(connection, { clock: systemClock, retryForMs: 500 });
          const git = makeGit({ cacheDir: temporaryFolder('clones'), maxPackBytes: 1e8, timeoutMs: 10_000 });
          return {
            cluster,
            currentNamespace: namespace,
            userName: 'kubeconfig-user',
            git,
            async close() {
              cluster.close();
              await connection.close();
              await git.close();
            },
          };
        },
        ...environment,
      },
    });
    const process: Running = {
      stdout: () => out.join(''),
      stderr: () => err.join(''),
      interrupt: () => ending.abort(new Error('interrupted')),
      ended: main(args).then((code) => {
        running.delete(process);
        return { code, stdout: out.join(''), stderr: err.join('') };
      }),
    };
    running.add(process);
    return process;
  }

  const run = (...args: string[]) => start(...args).ended;
  return {
    start,
    run,
    async json(...args) {
      const outcome = await run(...args, '-o', 'json');
      return { ...outcome, data: outcome.stdout === '' ? undefined : JSON.parse(outcome.stdout) };
    },
  };
}

function unexpected(): Promise<never> {
  return Promise.reject(new Error('not expected here'));
}

/** A kubeconfig of a service account that may do what `rules` say, in its namespace. */
export async function userWith(
  cluster: TestCluster,
  namespace: string,
  name: string,
  rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[],
): Promise<string> {
  const rbac = 'rbac.authorization.k8s.io';
  const token = await cluster.serviceAccountToken(namespace, name);
  await cluster.apply(
    { apiVersion: `${rbac}/v1`, kind: 'Role', metadata: { name, namespace }, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name, namespace },
      roleRef: { apiGroup: rbac, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  );
  return kubeconfigOf({ server: cluster.server, caPem: cluster.caPem, token });
}

/** Writes a kubeconfig; returns its path. */
export function kubeconfigOf({
  server,
  caPem = '',
  token,
}: {
  server: string;
  caPem?: string;
  token?: string;
}): string {
  const ca = Buffer.from(caPem).toString('base64');
  const path = join(temporaryFolder('kubeconfig'), 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, ...(ca !== '' && { 'certificate-authority-data': ca }) } }],
    users: [{ name: 'u', user: token === undefined ? {} : { token } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

/** The administrator's own hands; quicker than kubectl. */
export interface Admin {
  api: ClusterApi;
  signal: AbortSignal;
  app(name: string): Promise<App>;
  /** Creates or changes an App; without `status` it has none. */
  makeApp(name: string, status: AppStatus | undefined, spec: object): Promise<void>;
  /** As a whole, as the agent does. */
  writeStatus(name: string, status: AppStatus): Promise<void>;
}

export async function adminOf(cluster: TestCluster, namespace: string): Promise<Admin> {
  await cluster.kubectl([
    'apply',
    '--filename',
    new URL('../../manifests/crd.yaml', import.meta.url).pathname,
  ]);
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd/apps.pawl.dev']);
  const connection = await connect({ kubeconfig: cluster.kubeconfig, version: 'test' });
  const port = makeCluster(connection, { clock: systemClock });
  afterAll(() => connection.close());
  const api = port.as(undefined);
  const { signal } = new AbortController();
  const ref = (name: string) => ({ gvk: APP_GVK, namespace, name });
  const writeStatus = async (name: string, status: AppStatus): Promise<void> => {
    const former = ((await api.get(ref(name), signal)) as App | undefined)?.status ?? {};
    const gone = Object.fromEntries(Object.keys(former).map((field) => [field, null]));
    await api.mergePatch(ref(name), { status: { ...gone, ...status } }, { subresource: 'status' }, signal);
  };
  return {
    api,
    signal,
    writeStatus,
    app: async (name) => (await api.get(ref(name), signal)) as App,
    async makeApp(name, status, spec) {
      const metadata = { name, namespace };
      await api.apply(
        { apiVersion: APP_API_VERSION, kind: APP_KIND, metadata, spec },
        { dryRun: false },
        signal,
      );
      if (status !== undefined) await writeStatus(name, status);
    },
  };
}
