// What heals by itself while a release is under way is tried again, and no commit is blamed for it.
import { expect, test, vi } from 'vitest';
import { failingWebhook } from '../support/admission.ts';
import type { Agent } from '../support/agent.ts';
import { eventually } from '../support/eventually.ts';
import { live, liveList } from '../support/objects.ts';
import { configYaml, inShop } from '../support/shop.ts';
import { startProxy } from '../adapters/cluster/proxy.ts';
import { editedKubeconfig } from '../adapters/cluster/setup.ts';

vi.setConfig({ testTimeout: 240_000 });

/** An undecided try leaves no entry once a later one has ended, but it has been told. */
function verdictsOn({ log }: Agent, commit: string): string[] {
  return log
    .filter(({ msg, commit: of }) => msg === 'verdict' && of === commit)
    .map(({ verdict }) => verdict.kind);
}

test.concurrent(
  'a webhook that fails some times: the requests are made again, and the release is healthy at its first try',
  inShop({}, async (shop) => {
    const agent = await shop.agent();
    await shop.healthyAt(shop.first);
    const webhook = await failingWebhook(shop.namespace);
    try {
      webhook.fail(4);
      const commit = await shop.person.publish('new banner', {
        'deploy/config.yaml': configYaml({ banner: 'Open' }),
      });
      await shop.healthyAt(commit, 90_000);
      expect(webhook.failed()).toBeGreaterThanOrEqual(1);
      expect((await live(shop.cluster, 'configmaps', shop.namespace, 'web')).data.banner).toBe('Open');
      expect(verdictsOn(agent, commit)).toEqual(['healthy']);
    } finally {
      await webhook.close();
    }
  }),
);

const MANY = 500;

test.concurrent(
  'an API server that is away in the middle of an apply: it goes on when it is back, at its first try',
  inShop({ spec: { health: { timeout: '20s' } } }, async (shop) => {
    const proxy = await startProxy(new URL(shop.cluster.server));
    try {
      const token = await shop.cluster.serviceAccountToken(shop.namespace, 'pawl');
      const kubeconfig = editedKubeconfig(shop.cluster.kubeconfig, (config) => {
        config.clusters[0].cluster.server = `https://127.0.0.1:${proxy.port}`;
        config.users[0].user = { token };
      });
      // A lease that outlasts what happens here: what is tested is not how it is taken again.
      const agent = await shop.agent({ kubeconfig, flags: ['--lease-duration=120'] });
      await shop.healthyAt(shop.first);
      const maps = Array.from({ length: MANY }, (_, index) =>
        configYaml({ banner: `${index}` }).replace('name: web', `name: more-${index}`),
      );
      const commit = await shop.person.publish('many', { 'deploy/more.yaml': maps.join('---\n') });
      const made = async () => {
        const { items } = await liveList(shop.cluster, 'configmaps', shop.namespace);
        return items.filter(({ metadata }: { metadata: { name: string } }) =>
          metadata.name.startsWith('more-'),
        ).length;
      };
      await eventually(async () => expect(await made()).toBeGreaterThan(0), {
        timeoutMs: 60_000,
        intervalMs: 5,
      });
      proxy.refuse(true);
      proxy.cut();
      const awaySince = performance.now();
      const before = await made();
      expect(before).toBeLessThan(MANY);
      // Longer than a request is tried for, and than the release's own deadline.
      await eventually(() => performance.now() - awaySince > 25_000, { timeoutMs: 60_000, intervalMs: 500 });
      proxy.refuse(false);
      await shop.healthyAt(commit, 90_000);
      expect(await made()).toBe(MANY);
      expect(verdictsOn(agent, commit)).toEqual(['healthy']);
    } finally {
      await proxy.close();
    }
  }),
);
