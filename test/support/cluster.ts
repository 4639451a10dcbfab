// The cluster that the tests of a run share, and namespaces in it that go when the test file ends.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, inject } from 'vitest';
import { connectApi } from '../../src/sandbox/api.ts';
import type { Cluster } from '../../src/sandbox/cluster.ts';
import { type KubectlResult, runKubectl } from '../../src/sandbox/kubectl.ts';
import type { SharedCluster } from './global.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- the tests know what they asked for
export type Json = any;

export interface TestCluster extends Omit<Cluster, 'kubectl'> {
  /** Runs kubectl and throws if it fails; use `tryKubectl` to look at a failure. Returns its output. */
  kubectl(args: string[], stdin?: string): Promise<string>;
  tryKubectl(args: string[], stdin?: string): Promise<KubectlResult>;
  /** The object as JSON. `kind` as kubectl takes it, such as `deployment` or `pods`. */
  get(kind: string, name: string, namespace?: string): Promise<Json>;
  /** Undefined if there is none. */
  find(kind: string, name: string, namespace?: string): Promise<Json>;
  list(kind: string, namespace?: string, selector?: string): Promise<Json[]>;
  /** Creates or replaces objects, as a person with kubectl would. */
  apply(...objects: Json[]): Promise<void>;
  /** A namespace of a new name, with its default service account. It goes when the test file ends. */
  freshNamespace(prefix: string): Promise<string>;
  /** Makes the service account if need be. The token is the API server's own (TokenRequest). */
  serviceAccountToken(namespace: string, name: string): Promise<string>;
  /** Of the local control plane. */
  caPem: string | undefined;
}

const namespaces: string[] = [];
let connection: Promise<TestCluster> | undefined;

afterAll(async () => {
  const cluster = await connection?.catch(() => undefined);
  if (cluster === undefined) return;
  if (namespaces.length > 0) {
    await cluster.tryKubectl(['delete', 'namespace', '--wait=false', ...namespaces.splice(0)]);
  }
  await cluster.stop();
});

/** The shared cluster; the first to ask for it waits until it has started. */
export function testCluster(): Promise<TestCluster> {
  connection ??= connect();
  return connection;
}

async function connect(): Promise<TestCluster> {
  const response = await fetch(inject('clusterUrl'));
  if (!response.ok) throw new Error(`the control plane did not start: ${await response.text()}`);
  const { kubeconfig, local } = (await response.json()) as SharedCluster;
  if (local === undefined) {
    // Loaded only here: its client library takes half a second.
    const { userCluster } = await import('../../src/sandbox/user-cluster.ts');
    return clusterOf(userCluster(kubeconfig), undefined);
  }
  const [program = '', ...rest] = local.kubectl;
  const api = connectApi(local);
  const cluster: Cluster = {
    kubeconfig,
    request: (asked) => api.request(asked),
    server: local.server,
    auditLog: local.auditLog,
    kubectl: (args, stdin) =>
      runKubectl({ command: [program, ...rest], kubeconfig, home: local.dir }, args, stdin),
    async stop() {
      api.close();
    },
  };
  return clusterOf(cluster, local.caPem);
}

function clusterOf(cluster: Cluster, caPem: string | undefined): TestCluster {
  const kubectl = async (args: string[], stdin?: string) => {
    const { code, stdout, stderr } = await cluster.kubectl(args, stdin);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: exit code ${code}: ${stderr.trim()}`);
    return stdout;
  };
  const inNamespace = (namespace: string | undefined) =>
    namespace === undefined ? [] : ['--namespace', namespace];
  const get = async (kind: string, name: string, namespace?: string) =>
    JSON.parse(
      await kubectl(['get', kind, name, '--output=json', '--show-managed-fields', ...inNamespace(namespace)]),
    );
  return {
    kubeconfig: cluster.kubeconfig,
    server: cluster.server,
    auditLog: cluster.auditLog,
    caPem,
    kubectl,
    tryKubectl: (args, stdin) => cluster.kubectl(args, stdin),
    get,
    async find(kind, name, namespace) {
      const args = ['get', kind, name, '--output=json', '--ignore-not-found', ...inNamespace(namespace)];
      const text = await kubectl(args);
      return text === '' ? undefined : JSON.parse(text);
    },
    async list(kind, namespace, selector) {
      const args = ['get', kind, '--output=json', ...inNamespace(namespace)];
      return JSON.parse(await kubectl(selector === undefined ? args : [...args, '--selector', selector]))
        .items;
    },
    async apply(...objects) {
      const list = { apiVersion: 'v1', kind: 'List', items: objects };
      await kubectl(['apply', '--filename=-'], JSON.stringify(list));
    },
    request: (asked) => cluster.request(asked),
    stop: () => cluster.stop(),
    async freshNamespace(prefix) {
      const name = `${prefix}-${randomBytes(4).toString('hex')}`;
      namespaces.push(name);
      await kubectl(['create', 'namespace', name]);
      await kubectl([
        'wait',
        '--for=create',
        '--timeout=30s',
        `--namespace=${name}`,
        'serviceaccount/default',
      ]);
      return name;
    },
    async serviceAccountToken(namespace, name) {
      const made = await cluster.kubectl(['create', 'serviceaccount', name, `--namespace=${namespace}`]);
      if (made.code !== 0 && !made.stderr.includes('already exists')) throw new Error(made.stderr);
      return (await kubectl(['create', 'token', name, `--namespace=${namespace}`])).trim();
    },
  };
}

/** A file of the repository's `fixtures` folder. */
export function fixture(path: string): string {
  return readFileSync(new URL(`../../fixtures/${path}`, import.meta.url), 'utf8');
}
