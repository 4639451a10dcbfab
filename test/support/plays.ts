// What end-to-end tests do to a shop, beyond what a person does by git and kubectl: pods that fail on order, and
// waits for the beginning of things.
import { expect } from 'vitest';
import type { HistoryEntry } from '../../src/model/app.ts';
import type { Json } from './cluster.ts';
import { eventually } from './eventually.ts';
import { type Shop, webYaml } from './shop.ts';
import { liveList, patch, pathOf } from './objects.ts';
import { git, imageOf, statusWhere } from './world.ts';

export const image = (tag: string) => `registry.example.com/shop/web:${tag}`;

/** The files of a commit that changes nothing but the image. */
export const web = (tag: string) => ({ 'deploy/web.yaml': webYaml({ image: image(tag) }) });

/** Waits until a commit's release has applied everything and waits for it to become healthy. */
export async function verifying(shop: Shop, commit: string): Promise<void> {
  await statusWhere(
    shop,
    `${commit} to be verified`,
    ({ release }) => release?.commit === commit && release.phase === 'Verifying',
  );
}

/** Makes the pods that run this image crash, as a kubelet would tell it: for images of the play `neverready`. */
export async function crashPods(shop: Shop, ofImage: string): Promise<void> {
  const pods = await eventually(async () => {
    const { items } = await liveList(shop.cluster, 'pods', shop.namespace);
    const started = items.filter(
      ({ spec, status }: Json) =>
        spec.containers[0].image === ofImage && status.containerStatuses?.[0]?.state?.running !== undefined,
    );
    if (started.length === 0) throw new Error('no pod runs it yet');
    return started;
  });
  for (const { metadata, status } of pods) {
    const [container] = status.containerStatuses;
    const { startedAt } = container.state.running;
    const terminated = { exitCode: 1, reason: 'Error', startedAt, finishedAt: new Date().toISOString() };
    const waiting = { reason: 'CrashLoopBackOff', message: 'back-off 40s restarting failed container' };
    const containerStatuses = [
      {
        ...container,
        restartCount: 3,
        ready: false,
        started: false,
        state: { waiting },
        lastState: { terminated },
      },
    ];
    await patch(
      shop.cluster,
      `${pathOf('pods', shop.namespace, metadata.name)}/status`,
      { status: { containerStatuses } },
      'merge-patch',
    );
  }
}

/** What the history says, newest first, in short. */
export async function outcomes(shop: Shop): Promise<[commit: string, outcome: HistoryEntry['outcome']][]> {
  const { history = [] } = await shop.status();
  return history.map(({ commit, outcome }) => [commit, outcome]);
}

/** The commits of the branch since another, newest first. */
export async function commitsSince(shop: Shop, commit: string): Promise<string[]> {
  const listed = await git(shop, 'rev-list', `${commit}..main`);
  return listed.split('\n').filter((line) => line !== '');
}

export async function expectImage(shop: Shop, tag: string): Promise<void> {
  await eventually(async () => expect(imageOf(await shop.deployment())).toBe(image(tag)), {
    timeoutMs: 20_000,
  });
}
