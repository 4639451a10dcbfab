// SIGKILL at the worst moments (I8): the next agent, with or without the clone of the former, ends where an undisturbed
// one would have ended.
import { rmSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { auditMark, auditSince, type AuditEvent, writes } from '../support/audit.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/git-server.ts';
import { live, liveList } from '../support/objects.ts';
import { commitsSince, expectImage, outcomes, web } from '../support/plays.ts';
import { inShop, type Shop, shopFiles, webYaml } from '../support/shop.ts';
import { breakPods, looks, statusWhere } from '../support/world.ts';

vi.setConfig({ testTimeout: 180_000 });

/** Holds Pawl's push until the agent is gone; resolves when it is on its way. */
function holdThePush(shop: Shop): { reached: Promise<void>; cut: () => void } {
  const reached = Promise.withResolvers<void>();
  const cut = Promise.withResolvers<never>();
  cut.promise.catch(() => {});
  shop.git.setFault({
    kind: 'beforeReceive',
    times: 1,
    run: () => {
      reached.resolve();
      return cut.promise;
    },
  });
  return { reached: reached.promise, cut: () => cut.reject(new Error('the agent is gone')) };
}

/** The same end for all: one revert commit, the one that the first agent had decided on, and a healthy cluster. */
async function expectOneRevert(shop: Shop, bad: string, intended: string | undefined): Promise<void> {
  await shop.healthyAt(intended ?? '');
  await looks(shop);
  expect(await commitsSince(shop, bad)).toEqual([intended]);
  await expectImage(shop, '1.17');
  expect(await outcomes(shop)).toEqual([
    [intended, 'Healthy'],
    [bad, 'Reverted'],
    [shop.first, 'Healthy'],
  ]);
  const reverted = (await shop.status()).history?.find(({ commit }) => commit === bad);
  expect(reverted?.revertedBy).toBe(intended);
  const next = await shop.person.pull().then(() => shop.person.publish('web 1.19', web('1.19')));
  await shop.healthyAt(next);
}

const clones = [{ clone: 'its clone kept' }, { clone: 'its clone lost' }];

test.concurrent.for(clones)(
  'killed after the intent was stored and before the push arrived, $clone',
  async ({ clone }) => {
    await inShop({}, async (shop) => {
      const cacheDir = temporaryFolder('cache');
      const agent = await shop.agent({ cacheDir });
      await shop.healthyAt(shop.first);
      const push = holdThePush(shop);
      const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
      await push.reached;
      await agent.kill();
      push.cut();
      const intended = (await shop.status()).revert?.commit;
      expect(intended).toMatch(/^[0-9a-f]{40}$/);
      expect(await shop.head()).toBe(bad);
      if (clone === 'its clone lost') rmSync(cacheDir, { recursive: true });
      await shop.agent({ cacheDir });
      await expectOneRevert(shop, bad, intended);
    })();
  },
);

test.concurrent.for(clones)(
  'killed after the push landed and before that was recorded, $clone',
  async ({ clone }) => {
    await inShop({}, async (shop) => {
      const cacheDir = temporaryFolder('cache');
      const agent = await shop.agent({ cacheDir });
      await shop.healthyAt(shop.first);
      // The branch has moved when this hook runs, and the answer waits for its end.
      const held = `${temporaryFolder('hook')}/held`;
      shop.git.setHook(
        'shop',
        'post-receive',
        `#!/bin/sh\n[ -z "$REMOTE_USER" ] && exit 0\n: > '${held}'\nwhile [ -e '${held}' ]; do sleep 0.05; done\n`,
      );
      const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
      const revert = await shop.revertOf(bad);
      await agent.kill();
      const { revert: intent, history } = await shop.status();
      expect(intent?.commit).toBe(revert);
      expect(history?.map(({ commit }) => commit)).toEqual([shop.first]);
      shop.git.setHook('shop', 'post-receive', undefined);
      rmSync(held, { force: true });
      if (clone === 'its clone lost') rmSync(cacheDir, { recursive: true });
      await shop.agent({ cacheDir });
      await expectOneRevert(shop, bad, revert);
    })();
  },
);

test.concurrent(
  'killed before the push, and then somebody pushes for this App: the intent is dropped, and that commit is released',
  inShop({}, async (shop) => {
    const agent = await shop.agent();
    await shop.healthyAt(shop.first);
    const push = holdThePush(shop);
    const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
    await push.reached;
    await agent.kill();
    push.cut();
    const good = await shop.person.publish('web 1.19', web('1.19'));
    await shop.agent();
    const status = await shop.healthyAt(good);
    await looks(shop);
    expect(await shop.head()).toBe(good);
    expect(status.revert).toBeUndefined();
    await expectImage(shop, '1.19');
    expect(await commitsSince(shop, bad)).toEqual([good]);
  }),
);

test.concurrent(
  'killed, or its App edited, in a soak that has gone beyond the timeout, while pods are made anew: nothing is reverted',
  inShop({}, async (shop) => {
    const agent = await shop.agent();
    await shop.healthyAt(shop.first);
    await shop.patchSpec({ health: { timeout: '14s', soak: '30s' } });
    const good = await shop.person.publish('web 1.18', web('1.18'));
    const nextTry = (attempt: number) =>
      statusWhere(
        shop,
        `try ${attempt}`,
        ({ release: now }) => now?.attempt === attempt && now.phase === 'Verifying',
        30_000,
      );
    const { release } = await statusWhere(
      shop,
      'a soak beyond the timeout',
      (status) => (status.release?.elapsed ?? 0) > 14_000 && status.release?.soaking !== undefined,
      60_000,
    );
    await agent.kill();
    await breakPods(shop, 'web');
    await shop.agent();
    await nextTry(2);
    await renewPods(shop);

    await breakPods(shop, 'web');
    await shop.patchSpec({ rollback: { limit: { reverts: 10 } } });
    const edited = await nextTry(3);
    expect(edited.release).toMatchObject({ commit: good, startedAt: release?.startedAt });
    expect(edited.release?.elapsed).toBeGreaterThan(14_000);
    await renewPods(shop);
    await shop.healthyAt(good, 90_000);
    expect(await commitsSince(shop, good)).toEqual([]);
    expect((await outcomes(shop)).map(([, outcome]) => outcome)).toEqual(['Healthy', 'Healthy']);
  }),
);

/** As when a node is drained: all pods go, and come back elsewhere. */
async function renewPods(shop: Shop): Promise<void> {
  const pods = async () => (await liveList(shop.cluster, 'pods', shop.namespace)).items;
  const former = new Set<string>();
  for (const { metadata } of await pods()) {
    former.add(metadata.name);
    await shop.cluster.kubectl(['delete', 'pod', metadata.name, '-n', shop.namespace, '--wait=false']);
  }
  await eventually(
    async () => {
      const now = await pods();
      return (
        now.length > 0 && now.every((pod: { metadata: { name: string } }) => !former.has(pod.metadata.name))
      );
    },
    { timeoutMs: 30_000, describe: 'the former pods to be gone' },
  );
}

const COUNT = 250;

/** Many ConfigMaps, so that an apply takes a while. */
function manyYaml(value: string): string {
  const one = (index: number) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: many-${index} }\ndata: { value: ${value} }\n`;
  return Array.from({ length: COUNT }, (_, index) => one(index)).join('---\n');
}

const ofMany = (shop: Shop) => (event: AuditEvent) =>
  event.namespace === shop.namespace && event.resource === 'configmaps' && event.name.startsWith('many-');

test.for([
  { given: 'of a good commit: it is released', tag: '1.18' },
  { given: 'of a bad commit: it is reverted, once', tag: '1.18-notfound' },
])('killed in the middle of applying $given', async ({ tag }) => {
  await inShop({ files: { ...shopFiles(), 'deploy/many.yaml': manyYaml('one') } }, async (shop) => {
    const agent = await shop.agent();
    await shop.healthyAt(shop.first);
    const mark = await auditMark();
    const applied = async () => writes(await auditSince(mark)).filter(ofMany(shop)).length;
    const commit = await shop.person.publish('two', {
      'deploy/many.yaml': manyYaml('two'),
      'deploy/web.yaml': webYaml({ image: `registry.example.com/shop/web:${tag}` }),
    });
    await eventually(async () => (await applied()) > 0, { timeoutMs: 60_000, intervalMs: 5 });
    await agent.kill();
    expect(await applied()).toBeLessThan(COUNT);
    expect((await shop.status()).release).toMatchObject({ commit, phase: 'Applying' });

    await shop.agent();
    const isGood = tag === '1.18';
    const end = isGood ? commit : await shop.revertOf(commit);
    await shop.healthyAt(end);
    await looks(shop);
    expect(await commitsSince(shop, commit)).toEqual(isGood ? [] : [end]);
    await expectImage(shop, isGood ? '1.18' : '1.17');
    for (const index of [0, 100, COUNT - 1]) {
      const { data } = await live(shop.cluster, 'configmaps', shop.namespace, `many-${index}`);
      expect(data.value).toBe(isGood ? 'two' : 'one');
    }
    expect((await outcomes(shop)).map(([, outcome]) => outcome)).toEqual(
      isGood ? ['Healthy', 'Healthy'] : ['Healthy', 'Reverted', 'Healthy'],
    );
  })();
});
