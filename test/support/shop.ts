// A small shop: a repository, an App that follows it with an account of its own, and an agent. What most
// end-to-end tests begin with.
import { vi } from 'vitest';
import type { AppStatus } from '../../src/model/app.ts';
import type { GitServer } from '../../src/sandbox/git-server.ts';
import type { WorkingCopy } from '../../src/sandbox/working-copy.ts';
import { type Agent, type AgentOptions, installPawl, startAgent } from './agent.ts';
import { type Json, type TestCluster, testCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { testGitServer, testRepository } from './git-server.ts';
import { patch, pathOf, put } from './objects.ts';

// A story takes ten seconds by itself; several of them at once on a busy machine take longer.
vi.setConfig({ testTimeout: 120_000 });

export interface Shop {
  cluster: TestCluster;
  git: GitServer;
  url: string;
  /** The namespace of the App and its objects, and of the agent's lease and key. */
  namespace: string;
  person: WorkingCopy;
  /** The head after the first commit. */
  first: string;
  /** Runs (another) agent with the rights of the install. */
  agent(options?: Partial<AgentOptions>): Promise<Agent>;
  app(): Promise<Json>;
  status(): Promise<AppStatus>;
  /** Changes the App as a person would: a merge patch of its spec. */
  patchSpec(spec: Json): Promise<void>;
  annotate(annotations: Record<string, string>): Promise<void>;
  /** Waits until the release of this commit has been found healthy; returns the status. */
  healthyAt(commit: string, timeoutMs?: number): Promise<AppStatus>;
  /** Waits until the branch's head is a commit of Pawl's, which is returned. */
  revertOf(commit: string, timeoutMs?: number): Promise<string>;
  /** The branch's head, read from the repository itself. */
  head(): Promise<string>;
  deployment(name?: string): Promise<Json>;
  /** What the agents said is the first thing to look at when a test fails. */
  showLogs(): void;
  /** Ends the agents, so that they take no time from other tests. */
  close(): Promise<void>;
}

export interface ShopOptions {
  files?: Record<string, string>;
  /** Merged over the defaults of the tests. */
  spec?: Json;
  /** Makes no App: the test does. */
  withoutApp?: boolean;
}

/** Short enough for tests; the ones that are about times set their own. */
const THRESHOLDS = {
  ImageNotFound: { after: '0s', count: 1 },
  ImagePull: { after: '4s', count: 1 },
  CrashLoopBackOff: { after: '0s', count: 2 },
  OOMKilled: { after: '0s', count: 1 },
  CreateContainerConfigError: { after: '500ms', count: 1 },
  FailedCreate: { after: '1s', count: 1 },
  FailedCreateQuota: { after: '2s', count: 1 },
  Confirmation: { after: '500ms' },
};

export async function openShop(options: ShopOptions = {}): Promise<Shop> {
  const cluster = await testCluster();
  const namespace = await cluster.freshNamespace('shop');
  const kubeconfig = await installPawl(cluster, namespace);
  const git = await testGitServer({ users: { pawl: { password: 'pawl-secret', push: true } } });
  const { url, person, firstCommit } = await testRepository(git, 'shop', options.files ?? shopFiles());
  await grant(cluster, namespace);
  if (options.withoutApp !== true) await put(cluster, appOf(namespace, url, options.spec));

  const agents: Agent[] = [];
  const app = () => cluster.get('apps.pawl.dev', 'shop', namespace);
  const status = async (): Promise<AppStatus> => (await app()).status ?? {};
  const patchApp = (body: Json) => patch(cluster, pathOf('apps', namespace, 'shop'), body);
  const shop: Shop = {
    cluster,
    git,
    url,
    namespace,
    person,
    first: firstCommit,
    async agent(more = {}) {
      const agent = await startAgent({ kubeconfig, namespace, appNamespace: namespace, ...more });
      agents.push(agent);
      return agent;
    },
    showLogs() {
      for (const { pid, log } of agents) {
        const end = log.slice(-60).map((line) => JSON.stringify(line));
        process.stderr.write(`--- the end of the log of agent ${pid} ---\n${end.join('\n')}\n`);
      }
    },
    async close() {
      await Promise.all(agents.map((agent) => agent.kill()));
    },
    app,
    status,
    async patchSpec(spec) {
      await patchApp({ spec });
    },
    async annotate(annotations) {
      await patchApp({ metadata: { annotations } });
    },
    healthyAt: (commit, timeoutMs = 40_000) =>
      eventually(
        async () => {
          const now = await status();
          const ready = now.conditions?.find((condition) => condition.type === 'Ready');
          if (now.healthy?.commit === commit && now.applied?.commit === commit && ready?.status === 'True')
            return now;
          throw new Error(
            `healthy: ${now.healthy?.commit}; Ready ${ready?.status} ${ready?.reason}: ${ready?.message}`,
          );
        },
        { timeoutMs, describe: `${commit} to be healthy` },
      ),
    revertOf: (commit, timeoutMs = 40_000) =>
      eventually(
        async () => {
          const head = await shop.head();
          const message = await person.git(
            '--git-dir',
            git.repositoryDir('shop'),
            'log',
            '-1',
            '--format=%B',
            head,
          );
          if (message.includes(`Pawl-Reverts: ${commit}`)) return head;
          const now = await status();
          const ready = now.conditions?.find((condition) => condition.type === 'Ready');
          throw new Error(
            `head ${head}: ${message.split('\n')[0]}; Ready ${ready?.reason}: ${ready?.message}`,
          );
        },
        { timeoutMs, describe: `a revert of ${commit}` },
      ),
    head: () => person.git('--git-dir', git.repositoryDir('shop'), 'rev-parse', 'refs/heads/main'),
    deployment: (name = 'web') => cluster.get('deployment', name, namespace),
  };
  return shop;
}

/** The body of a test with a shop of its own. */
export function inShop(options: ShopOptions, play: (shop: Shop) => Promise<void>): () => Promise<void> {
  return async () => {
    const shop = await openShop(options);
    try {
      await play(shop);
    } catch (error) {
      shop.showLogs();
      throw error;
    } finally {
      await shop.close();
    }
  };
}

/** The account of the App, what it may do, the right to act as it, and its git Secret. */
export async function grant(
  cluster: TestCluster,
  namespace: string,
  account = 'shop-deployer',
): Promise<void> {
  const rbac = 'rbac.authorization.k8s.io';
  const meta = (name: string) => ({ name, namespace });
  await put(
    cluster,
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta(account) },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: meta(`${account}-edits`),
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'edit' },
      subjects: [{ kind: 'ServiceAccount', ...meta(account) }],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata: meta(`pawl-acts-as-${account}`),
      rules: [
        { apiGroups: [''], resources: ['serviceaccounts'], resourceNames: [account], verbs: ['impersonate'] },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: meta(`pawl-acts-as-${account}`),
      roleRef: { apiGroup: rbac, kind: 'Role', name: `pawl-acts-as-${account}` },
      subjects: [{ kind: 'ServiceAccount', name: 'pawl', namespace }],
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: meta('shop-git'),
      stringData: { username: 'pawl', password: 'pawl-secret' },
    },
  );
}

export function appOf(namespace: string, url: string, spec: Json = {}): Json {
  return {
    apiVersion: 'pawl.dev/v1alpha1',
    kind: 'App',
    metadata: { name: 'shop', namespace },
    spec: {
      source: { url, branch: 'main', path: 'deploy', secretRef: { name: 'shop-git' }, ...spec.source },
      schedule: '* * * * * *',
      serviceAccountName: 'shop-deployer',
      ...without(spec, ['source', 'health']),
      health: { timeout: '30s', ...spec.health, thresholds: { ...THRESHOLDS, ...spec.health?.thresholds } },
    },
  };
}

function without(object: Json, names: string[]): Json {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

export interface ShopManifests {
  image?: string;
  banner?: string;
  replicas?: number;
  /** progressDeadlineSeconds */
  deadlineSeconds?: number;
}

/** The shop's repository: a Deployment with its Service, and the ConfigMap that it uses. */
export function shopFiles(of: ShopManifests = {}): Record<string, string> {
  return {
    'README.md': 'The manifests of a small shop.\n',
    'deploy/web.yaml': webYaml(of),
    'deploy/config.yaml': configYaml(of),
  };
}

export function webYaml({
  image = 'registry.example.com/shop/web:1.17',
  replicas = 3,
  deadlineSeconds,
}: ShopManifests = {}): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: ${replicas}${deadlineSeconds === undefined ? '' : `\n  progressDeadlineSeconds: ${deadlineSeconds}`}
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      containers:
        - name: web
          image: ${image}
          envFrom:
            - configMapRef: { name: web }
          ports:
            - { name: http, containerPort: 8080 }
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: { app: web }
  ports:
    - { name: http, port: 80, targetPort: http }
`;
}

export function configYaml({ banner = 'Welcome to the shop' }: ShopManifests = {}): string {
  return `apiVersion: v1
kind: ConfigMap
metadata:
  name: web
data:
  banner: ${JSON.stringify(banner)}
`;
}
