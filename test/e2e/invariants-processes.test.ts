// I6 and I8, and suspension: whatever becomes of the processes, one release of an App runs at a time, its late
// writes do no harm, and the end is the same.
import { expect, test } from 'vitest';
import type { AppStatus } from '../../src/model/app.ts';
import { type Agent, installPawl } from '../support/agent.ts';
import { auditMark, auditSince, writes } from '../support/audit.ts';
import { eventually } from '../support/eventually.ts';
import { testRepository } from '../support/git-server.ts';
import { patch, pathOf } from '../support/objects.ts';
import { appOf, configYaml, inShop, type Shop, webYaml } from '../support/shop.ts';
import {
  endedAs,
  git,
  imageOf,
  looks,
  messageOf,
  readyOf,
  revertsOf,
  statesSince,
  statusWhere,
} from '../support/world.ts';

const image = (tag: string) => `registry.example.com/shop/web:${tag}`;
const web = (tag: string) => ({ 'deploy/web.yaml': webYaml({ image: image(tag) }) });

/** Pods that take this long to become ready: time for something to happen. */
const slowly = (tag: string, readyAfter: string) => ({
  'deploy/web.yaml': webYaml({ image: image(`${tag}-slow`) }).replace(
    'labels: { app: web }\n    spec',
    `labels: { app: web }\n      annotations: { sandbox.pawl.dev/ready-after: "${readyAfter}" }\n    spec`,
  ),
});

function isVerifying(commit: string): (status: AppStatus) => boolean {
  return ({ release }) => release?.commit === commit && release.phase === 'Verifying';
}

/** The branch is what a person pushed and one revert on top of it, and the cluster is healthy there. */
async function expectOneRevert(shop: Shop, bad: string): Promise<void> {
  const revert = await shop.revertOf(bad);
  const { history = [] } = await shop.healthyAt(revert);
  await looks(shop);
  expect(await git(shop, 'log', '--format=%H', 'main')).toBe([revert, bad, shop.first].join('\n'));
  expect(history.map((one) => [one.commit, one.outcome, one.revertedBy])).toEqual([
    [revert, 'Healthy', undefined],
    [bad, 'Reverted', revert],
    [shop.first, 'Healthy', undefined],
  ]);
  expect(imageOf(await shop.deployment())).toBe(image('1.17'));
}

/** A way to hold the first push (or fetch) that arrives at the server, until it is let go. */
function holdRequest(
  shop: Shop,
  operation: 'receive-pack' | 'upload-pack',
): { arrived: Promise<void>; letGo: () => void } {
  const arrived = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  shop.git.setFault({
    kind: 'beforeReceive',
    on: [operation],
    times: 1,
    async run() {
      arrived.resolve();
      await gone.promise;
    },
  });
  return { arrived: arrived.promise, letGo: () => gone.resolve() };
}

test(
  'I6: a process paused in the middle of its push does no harm when it goes on: one revert, the late push refused',
  inShop({}, async (shop) => {
    const paused = await shop.agent();
    await shop.healthyAt(shop.first);
    const push = holdRequest(shop, 'receive-pack');
    const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
    await push.arrived;
    const intended = (await shop.status()).revert?.commit;
    await paused.kill('SIGSTOP');
    try {
      // Takes over when the lease has run out, finds the intent and pushes the very same commit.
      await shop.agent();
      const revert = await shop.revertOf(bad);
      expect(revert).toBe(intended);
      push.letGo();
      await paused.kill('SIGCONT');
      await expectOneRevert(shop, bad);
    } finally {
      await paused.kill('SIGCONT');
    }
    const pushes = shop.git.requests.filter(({ operation }) => operation === 'receive-pack');
    expect(pushes).toHaveLength(2);
  }),
);

test(
  'I6: what a process was about to write before it was paused is gone within a second after it goes on',
  inShop({}, async (shop) => {
    const paused = await shop.agent();
    await shop.healthyAt(shop.first);
    const second = await shop.person.publish('web 1.18', slowly('1.18', '2s'));
    await statusWhere(shop, 'the release to be verified', isVerifying(second));
    await paused.kill('SIGSTOP');
    try {
      await shop.agent();
      const third = await shop.person.publish('web 1.19', web('1.19'));
      await shop.healthyAt(third);
      const { resourceVersion } = (await shop.deployment()).metadata;
      const before = await shop.status();
      await paused.kill('SIGCONT');
      // Only a wait: by now it has looked at the lease, and at what it was about to do.
      await paused.logged((line) => line.msg === 'lease lost');
      await looks(shop);
      // A wrong image would have been seen, however short.
      const states = await statesSince(shop.cluster, 'deployments', shop.namespace, resourceVersion);
      expect(states.map(({ object }) => imageOf(object)).filter((name) => name !== image('1.19'))).toEqual(
        [],
      );
      const after = await shop.status();
      expect(after.healthy).toEqual(before.healthy);
      expect(after.history).toEqual(before.history);
    } finally {
      await paused.kill('SIGCONT');
    }
  }),
);

test(
  'I6: two that both believe to lead make one revert',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const mark = shop.git.mark();
    await secondLeader(shop);
    // Its clone is new, so its first fetch shows that it follows the App.
    await eventually(() => shop.git.since(mark).some(({ operation }) => operation === 'upload-pack'), {
      timeoutMs: 40_000,
      describe: 'the second agent to fetch',
    });
    const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
    const revert = await shop.revertOf(bad);
    await shop.healthyAt(revert);
    await looks(shop, 4);
    expect(await git(shop, 'log', '--format=%H', 'main')).toBe([revert, bad, shop.first].join('\n'));
    expect(imageOf(await shop.deployment())).toBe(image('1.17'));
  }),
);

test(
  'I6: what the one leader made ill does not count as ill before for the other',
  inShop({ spec: { health: { thresholds: { Confirmation: { after: '4s' } } } } }, async (shop) => {
    const one = await shop.agent();
    await shop.healthyAt(shop.first);
    await one.kill('SIGSTOP');
    try {
      // The other reads the App while all is well, and is then kept waiting for the commit.
      const bad = await shop.person.publish('web 1.18', web('1.18-crash'));
      const fetch = holdRequest(shop, 'upload-pack');
      await secondLeader(shop);
      await fetch.arrived;
      await one.kill('SIGCONT');
      await statusWhere(shop, 'the release to be verified', isVerifying(bad));
      await eventually(async () => {
        const { status } = await shop.deployment();
        expect(status.unavailableReplicas).toBeGreaterThan(0);
      });
      fetch.letGo();
      const revert = await shop.revertOf(bad);
      await shop.healthyAt(revert);
      expect(await git(shop, 'log', '--format=%H', 'main')).toBe([revert, bad, shop.first].join('\n'));
    } finally {
      await one.kill('SIGCONT');
    }
  }),
);

/** An agent with a lease of its own that follows the same App with the same key: the lease is no fence. */
async function secondLeader(shop: Shop): Promise<Agent> {
  const { cluster, namespace } = shop;
  const elsewhere = await cluster.freshNamespace('second');
  const kubeconfig = await installPawl(cluster, elsewhere);
  const key = await cluster.get('secret', 'pawl-installation', namespace);
  await cluster.apply(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'pawl-installation', namespace: elsewhere },
      data: key.data,
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'second-pawl-acts-as-shop-deployer', namespace },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'Role',
        name: 'pawl-acts-as-shop-deployer',
      },
      subjects: [{ kind: 'ServiceAccount', name: 'pawl', namespace: elsewhere }],
    },
  );
  return shop.agent({ kubeconfig, namespace: elsewhere });
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  const end = (agent: Agent) => (signal === 'SIGTERM' ? agent.stop() : agent.kill());

  test(
    `I8: ${signal} while a bad release is verified leads to the same end`,
    inShop({ spec: { health: { thresholds: { Confirmation: { after: '3s' } } } } }, async (shop) => {
      const agent = await shop.agent();
      await shop.healthyAt(shop.first);
      const bad = await shop.person.publish('web 1.18', web('1.18-crash'));
      await statusWhere(shop, 'the release to be verified', isVerifying(bad));
      await end(agent);
      expect(await shop.head()).toBe(bad);
      await shop.agent();
      await expectOneRevert(shop, bad);
    }),
  );

  test(
    `I8: ${signal} while a good release is verified leads to the same end`,
    inShop({}, async (shop) => {
      const agent = await shop.agent();
      await shop.healthyAt(shop.first);
      const good = await shop.person.publish('web 1.18', slowly('1.18', '1500ms'));
      await statusWhere(shop, 'the release to be verified', isVerifying(good));
      await end(agent);
      expect((await shop.status()).healthy?.commit).toBe(shop.first);
      await shop.agent();
      const { history = [] } = await shop.healthyAt(good);
      expect(history.map(({ commit, outcome }) => [commit, outcome])).toEqual([
        [good, 'Healthy'],
        [shop.first, 'Healthy'],
      ]);
      expect(await shop.head()).toBe(good);
    }),
  );
}

test(
  'I8: SIGKILL between the intent and the push leads to the very commit that was intended',
  inShop({}, async (shop) => {
    const agent = await shop.agent();
    await shop.healthyAt(shop.first);
    // The server refuses all pushes for now, so that none arrives.
    const push = holdRequest(shop, 'receive-pack');
    const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
    await push.arrived;
    const intended = (await shop.status()).revert?.commit;
    await agent.kill();
    await shop.agent();
    await expectOneRevert(shop, bad);
    expect(await shop.head()).toBe(intended);
    // The push of the dead arrives after all.
    push.letGo();
    await looks(shop);
    expect(await shop.head()).toBe(intended);
  }),
);

test(
  'suspended in the middle of a rollout: nothing is polled, written or reverted, and it goes on from the old baseline',
  inShop({}, async (shop) => {
    const { cluster, namespace } = shop;
    // Another App of the same agent shows that time goes on.
    const { url } = await testRepository(shop.git, 'witness', {
      'deploy/config.yaml': configYaml().replace('name: web', 'name: witness'),
    });
    const witness = appOf(namespace, url);
    await cluster.apply({ ...witness, metadata: { name: 'witness', namespace } });
    await shop.agent();
    const { baseline } = await shop.healthyAt(shop.first);
    const second = await shop.person.publish('web 1.18', slowly('1.18', '60s'));
    await statusWhere(shop, 'the release to be verified', isVerifying(second));
    await shop.patchSpec({ suspend: true });
    await statusWhere(shop, 'the App to be suspended', (status) => readyOf(status)?.reason === 'Suspended');
    // The Event that tells of it, and a look that was under way, may come a moment later.
    await looks(shop, 1, 'witness');

    const mark = await auditMark();
    const requests = shop.git.mark();
    const third = await shop.person.publish('web 1.19', web('1.19-crash'));
    await patch(cluster, pathOf('configmaps', namespace, 'web'), { data: { banner: 'Edited by hand' } });
    await looks(shop, 4, 'witness');
    expect(shop.git.since(requests).filter(({ path }) => path.startsWith('/shop.git/'))).toEqual([]);
    const written = writes(await auditSince(mark)).filter(
      (event) => event.namespace === namespace && event.user === `system:serviceaccount:${namespace}:pawl`,
    );
    expect(
      written.filter(
        ({ resource, name }) => resource !== 'leases' && !(resource === 'apps' && name === 'witness'),
      ),
    ).toEqual([]);
    expect((await cluster.find('configmaps', 'web', namespace)).data.banner).toBe('Edited by hand');
    expect(imageOf(await shop.deployment())).toBe(image('1.18-slow'));
    expect(await shop.head()).toBe(third);

    // What was never found healthy is no way back.
    await shop.patchSpec({ suspend: false });
    const revert = await shop.revertOf(third);
    const status = await shop.healthyAt(revert);
    expect((await messageOf(shop, revert)).match(/^Pawl-(Reverts|Restores): .*$/gm)).toEqual([
      `Pawl-Reverts: ${third}`,
      `Pawl-Reverts: ${second}`,
      `Pawl-Restores: ${shop.first}`,
    ]);
    expect(baseline?.unhealthy).toEqual({});
    expect(status.history?.find(({ commit }) => commit === second)?.outcome).not.toBe('Healthy');
    expect(imageOf(await shop.deployment())).toBe(image('1.17'));
    expect((await cluster.find('configmaps', 'web', namespace)).data.banner).toBe('Welcome to the shop');
    expect(await revertsOf(shop, second)).toEqual([revert]);
    await endedAs(shop, revert, 'Healthy');
  }),
);
