// The state of the world, which is what end-to-end tests judge by: live objects, the branch, the App's status.
import type { AppStatus, HistoryEntry } from '../../src/model/app.ts';
import type { Json, TestCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { type Plural, patch, pathOf } from './objects.ts';
import type { Shop } from './shop.ts';

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
  timeoutMs = 40_000,
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
  timeoutMs = 40_000,
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
    { timeoutMs: 40_000, describe: `${times} looks at ${repository}` },
  );
}

/** Makes the pods of an app unready, by no change of any spec. */
export async function breakPods(shop: Shop, app: string): Promise<void> {
  const pods = await shop.cluster.list('pods', shop.namespace, `app=${app}`);
  const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status: 'False' }));
  for (const pod of pods) {
    const path = `${pathOf('pods', shop.namespace, pod.metadata.name)}/status`;
    await patch(shop.cluster, path, { status: { conditions } }, 'strategic-merge-patch');
  }
}

export function imageOf(workload: Json): string {
  return workload.spec.template.spec.containers[0].image;
}
