// The cluster that the tests of a run share, and namespaces in it that go when the test file ends.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, inject } from 'vitest';
import { connectApi } from '../../src/sandbox/api.ts';
import type { Cluster } from '../../src/sandbox/cluster.ts';
import { type KubectlResult, runKubectl } from '../../src/sandbox/kubectl.ts';
import { eventually } from './eventually.ts';
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
  // Reads are bare requests: tests wait for states by asking again and again, and kubectl costs half a second each.
  const read = async (path: string): Promise<Json> => {
    const { status, body } = await cluster.request({ path });
    if (status === 404) return undefined;
    if (status >= 300) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  };
  const find: TestCluster['find'] = async (kind, name, namespace) =>
    read(`${collection(kind, namespace)}/${name}`);
  return {
    kubeconfig: cluster.kubeconfig,
    server: cluster.server,
    auditLog: cluster.auditLog,
    caPem,
    kubectl,
    tryKubectl: (args, stdin) => cluster.kubectl(args, stdin),
    async get(kind, name, namespace) {
      const found = await find(kind, name, namespace);
      if (found === undefined) throw new Error(`NotFound: there is no ${kind} ${namespace ?? ''}/${name}`);
      return found;
    },
    find,
    async list(kind, namespace, selector) {
      const query = selector === undefined ? '' : `?labelSelector=${encodeURIComponent(selector)}`;
      const found = await read(collection(kind, namespace) + query);
      if (found === undefined) throw new Error(`the server serves no ${kind}`);
      // Items of a list do not say what they are.
      const { apiVersion, kind: listKind } = found;
      return found.items.map((item: Json) => ({ apiVersion, kind: listKind.replace(/List$/, ''), ...item }));
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
      await create(cluster, '/api/v1/namespaces', { metadata: { name } });
      await eventually(() => find('serviceaccount', 'default', name).then((found) => found !== undefined), {
        timeoutMs: 30_000,
        describe: `the default service account of ${name}`,
      });
      return name;
    },
    async serviceAccountToken(namespace, name) {
      const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
      if ((await find('serviceaccount', name, namespace)) === undefined)
        await create(cluster, accounts, { metadata: { name } });
      const { status } = await create(cluster, `${accounts}/${name}/token`, { spec: {} });
      return status.token;
    },
  };
}

/** By the names that kubectl knows them by; `apps.pawl.dev` and the like are group and plural. */
const GROUPS: Record<string, string> = {
  deployments: 'apis/apps/v1',
  replicasets: 'apis/apps/v1',
  statefulsets: 'apis/apps/v1',
  daemonsets: 'apis/apps/v1',
  controllerrevisions: 'apis/apps/v1',
  jobs: 'apis/batch/v1',
  cronjobs: 'apis/batch/v1',
  endpointslices: 'apis/discovery.k8s.io/v1',
  networkpolicies: 'apis/networking.k8s.io/v1',
  ingresses: 'apis/networking.k8s.io/v1',
  apps: 'apis/pawl.dev/v1alpha1',
  leases: 'apis/coordination.k8s.io/v1',
  roles: 'apis/rbac.authorization.k8s.io/v1',
  rolebindings: 'apis/rbac.authorization.k8s.io/v1',
  clusterroles: 'apis/rbac.authorization.k8s.io/v1',
  clusterrolebindings: 'apis/rbac.authorization.k8s.io/v1',
  customresourcedefinitions: 'apis/apiextensions.k8s.io/v1',
  horizontalpodautoscalers: 'apis/autoscaling/v2',
  poddisruptionbudgets: 'apis/policy/v1',
};
const SHORT: Record<string, string> = {
  crd: 'customresourcedefinitions',
  sa: 'serviceaccounts',
  ns: 'namespaces',
};
const VERSIONS: Record<string, string> = { 'pawl.dev': 'v1alpha1' };

function collection(kind: string, namespace: string | undefined): string {
  const dot = kind.indexOf('.');
  const lower = (dot < 0 ? kind : kind.slice(0, dot)).toLowerCase();
  const plural = SHORT[lower] ?? pluralOf(lower);
  const group = dot < 0 ? undefined : kind.slice(dot + 1);
  const custom = group === undefined ? undefined : `apis/${group}/${VERSIONS[group] ?? 'v1'}`;
  const root = GROUPS[plural] ?? custom ?? 'api/v1';
  return `/${root}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural}`;
}

function pluralOf(kind: string): string {
  if (kind.endsWith('policy')) return `${kind.slice(0, -1)}ies`;
  if (kind.endsWith('ss')) return `${kind}es`;
  return kind.endsWith('s') ? kind : `${kind}s`;
}

async function create(cluster: Cluster, path: string, body: Json): Promise<Json> {
  const answer = await cluster.request({ method: 'POST', path, body });
  if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** A file of the repository's `fixtures` folder. */
export function fixture(path: string): string {
  return readFileSync(new URL(`../../fixtures/${path}`, import.meta.url), 'utf8');
}
