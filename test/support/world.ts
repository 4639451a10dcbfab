// The state of the world, which is what end-to-end tests judge by: live objects, the branch, the App's status.
// Objects are read by bare requests, as a test asks for the same state again and again and kubectl takes half a
// second to start.
import { expect } from 'vitest';
import type { AppStatus, HistoryEntry } from '../../src/model/app.ts';
import type { Json, TestCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import type { Shop } from './shop.ts';

const groups = {
  configmaps: 'api/v1',
  events: 'api/v1',
  pods: 'api/v1',
  services: 'api/v1',
  controllerrevisions: 'apis/apps/v1',
  daemonsets: 'apis/apps/v1',
  deployments: 'apis/apps/v1',
  replicasets: 'apis/apps/v1',
  statefulsets: 'apis/apps/v1',
  endpointslices: 'apis/discovery.k8s.io/v1',
  apps: 'apis/pawl.dev/v1alpha1',
} as const;

export type Plural = keyof typeof groups;

export function pathOf(kind: Plural, namespace: string, name?: string): string {
  return `/${groups[kind]}/namespaces/${namespace}/${kind}${name === undefined ? '' : `/${name}`}`;
}

/** Undefined if there is none. */
export async function live(
  cluster: TestCluster,
  kind: Plural,
  namespace: string,
  name: string,
): Promise<Json> {
  const { status, body } = await cluster.request({ path: pathOf(kind, namespace, name) });
  if (status === 404) return undefined;
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

export async function liveList(cluster: TestCluster, kind: Plural, namespace: string): Promise<Json> {
  const { status, body } = await cluster.request({ path: pathOf(kind, namespace) });
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

/** A merge patch by the administrator. */
export async function patch(
  cluster: TestCluster,
  path: string,
  body: Json,
  type: 'merge-patch' | 'strategic-merge-patch' = 'merge-patch',
): Promise<Json> {
  const answer = await cluster.request({
    method: 'PATCH',
    path,
    body,
    contentType: `application/${type}+json`,
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

/** Every state that the objects of a kind have had since `resourceVersion`, as the server remembers them. */
export async function statesSince(
  cluster: TestCluster,
  kind: Plural,
  namespace: string,
  resourceVersion: string,
): Promise<{ type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: Json }[]> {
  const query = `watch=true&timeoutSeconds=1&resourceVersion=${resourceVersion}`;
  const text = await cluster.kubectl(['get', '--raw', `${pathOf(kind, namespace)}?${query}`]);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** Waits for a status of the App. */
export function statusWhere(
  shop: Shop,
  describe: string,
  isSo: (status: AppStatus) => boolean | undefined,
  timeoutMs = 20_000,
): Promise<AppStatus> {
  return eventually(
    async () => {
      const status = await shop.status();
      if (isSo(status) === true) return status;
      const ready = readyOf(status);
      const told = `Ready ${ready?.status} ${ready?.reason}: ${ready?.message}`;
      throw new Error(`${told}; ${JSON.stringify(status.history?.[0])}`);
    },
    { timeoutMs, describe },
  );
}

export function readyOf(status: AppStatus) {
  return status.conditions?.find((condition) => condition.type === 'Ready');
}

/** Waits until the release of a commit has ended so; returns its entry in the history. */
export async function endedAs(
  shop: Shop,
  commit: string,
  outcome: HistoryEntry['outcome'],
  timeoutMs = 20_000,
): Promise<HistoryEntry> {
  const status = await statusWhere(
    shop,
    `${commit} to end as ${outcome}`,
    ({ history }) => history?.some((entry) => entry.commit === commit && entry.outcome === outcome),
    timeoutMs,
  );
  const found = status.history?.find((entry) => entry.commit === commit);
  if (found === undefined) throw new Error('the history has lost an entry');
  return found;
}

/** git at the repository itself, not at anybody's working copy. */
export function git(shop: Shop, ...args: string[]): Promise<string> {
  return shop.person.git('--git-dir', shop.git.repositoryDir('shop'), ...args);
}

export function messageOf(shop: Shop, commit: string): Promise<string> {
  return git(shop, 'log', '-1', '--format=%B', commit);
}

/** All commits of the branch that are said to revert this one. */
export async function revertsOf(shop: Shop, commit: string): Promise<string[]> {
  const found = await git(shop, 'log', '--format=%H', `--grep=^Pawl-Reverts: ${commit}$`, 'main');
  return found.split('\n').filter((line) => line !== '');
}

/** Waits until Pawl has looked at the repository `times` more: whatever it was about to do, it has begun. */
export async function looks(shop: Shop, times = 3, repository = 'shop'): Promise<void> {
  const mark = shop.git.mark();
  await eventually(
    () =>
      shop.git
        .since(mark)
        .filter(
          ({ operation, path }) => operation === 'upload-pack refs' && path.startsWith(`/${repository}.git/`),
        ).length >= times,
    { timeoutMs: 20_000, describe: `${times} looks at ${repository}` },
  );
}

/** Makes the pods of an app unready, by no change of any spec. */
export async function breakPods(shop: Shop, app: string): Promise<void> {
  const { items } = await liveList(shop.cluster, 'pods', shop.namespace);
  const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status: 'False' }));
  for (const pod of items.filter((one: Json) => one.metadata.labels.app === app)) {
    const path = `${pathOf('pods', shop.namespace, pod.metadata.name)}/status`;
    await patch(shop.cluster, path, { status: { conditions } }, 'strategic-merge-patch');
  }
}

export function imageOf(workload: Json): string {
  return workload.spec.template.spec.containers[0].image;
}
