// Apps that depend on others: released in order, and never for longer than there is a reason to wait.
import { expect, test, vi } from 'vitest';
import type { AppStatus } from '../../src/model/app.ts';
import { eventually } from '../support/eventually.ts';
import { workloadYaml } from '../support/extras.ts';
import { live } from '../support/objects.ts';
import { appOf, configYaml, inShop, type Shop, shopFiles } from '../support/shop.ts';
import { readyOf, statusWhere } from '../support/world.ts';

vi.setConfig({ testTimeout: 240_000 });

async function makeApp(shop: Shop, name: string, path: string, dependsOn: string[] = []): Promise<void> {
  const spec = { source: { path }, dependsOn: dependsOn.map((one) => ({ name: one })) };
  const app = appOf(shop.namespace, shop.url, spec);
  await shop.cluster.apply({ ...app, metadata: { name, namespace: shop.namespace } });
}

async function statusOf(shop: Shop, name: string): Promise<AppStatus> {
  return (await live(shop.cluster, 'apps', shop.namespace, name)).status ?? {};
}

const database = (tag: string) => ({ 'database/database.yaml': workloadYaml({ name: 'database', tag }) });
const banner = async (shop: Shop) =>
  (await live(shop.cluster, 'configmaps', shop.namespace, 'web'))?.data.banner;

test.concurrent(
  'a commit that changes two Apps reaches the one that depends on the other only when that is ready with it, or with its revert',
  inShop(
    { files: { ...shopFiles(), ...database('1.0') }, spec: { dependsOn: [{ name: 'database' }] } },
    async (shop) => {
      const agent = await shop.agent();
      // It names an App that is not there: said, and over as soon as it is.
      await statusWhere(shop, 'the missing App to be named', (status) => {
        const ready = readyOf(status);
        return ready?.reason === 'DependencyMissing' && ready.message.includes(`${shop.namespace}/database`);
      });
      expect(await banner(shop)).toBeUndefined();
      await makeApp(shop, 'database', 'database');
      await shop.healthyAt(shop.first, 60_000);

      const bad = await shop.person.publish('a database that crashes, and a banner', {
        ...database('2.0-crash'),
        'deploy/config.yaml': configYaml({ banner: 'With database 2' }),
      });
      await statusWhere(
        shop,
        'the App to wait',
        (status) => readyOf(status)?.reason === 'DependencyNotReady' && readyOf(status)?.status === 'Unknown',
      );
      expect(await banner(shop)).toBe('Welcome to the shop');
      const revert = await shop.revertOf(bad);
      await shop.healthyAt(bad, 60_000);
      expect(await banner(shop)).toBe('With database 2');
      await eventually(async () => {
        const status = await statusOf(shop, 'database');
        expect([status.healthy?.commit, readyOf(status)?.status]).toEqual([revert, 'True']);
      });
      // The dependent was not begun before the other was ready with the revert.
      const at = (matches: (line: Record<string, unknown>) => boolean) => agent.log.findIndex(matches);
      const began = at(
        ({ app, commit, msg }) =>
          msg === 'release started' && commit === bad && app === `${shop.namespace}/shop`,
      );
      const healed = at(
        ({ app, commit, msg, outcome }) =>
          msg === 'released' &&
          commit === revert &&
          outcome === 'Healthy' &&
          app === `${shop.namespace}/database`,
      );
      expect(healed).toBeGreaterThan(0);
      expect(began).toBeGreaterThan(healed);
    },
  ),
);

test.concurrent(
  'Apps that depend on each other say so, and the others go on',
  inShop(
    {
      files: {
        ...shopFiles(),
        'one/config.yaml': configYaml().replace('name: web', 'name: one'),
        'two/config.yaml': configYaml().replace('name: web', 'name: two'),
      },
    },
    async (shop) => {
      await makeApp(shop, 'one', 'one', ['two']);
      await makeApp(shop, 'two', 'two', ['one']);
      await shop.agent();
      await shop.healthyAt(shop.first);
      for (const name of ['one', 'two']) {
        await eventually(
          async () => {
            const ready = readyOf(await statusOf(shop, name));
            expect([ready?.status, ready?.reason]).toEqual(['False', 'DependencyCycle']);
            expect(ready?.message).toContain(`${shop.namespace}/one`);
          },
          { timeoutMs: 40_000 },
        );
        expect(await live(shop.cluster, 'configmaps', shop.namespace, name)).toBeUndefined();
      }
      // One edge less, and both are released, in order.
      await shop.cluster.kubectl([
        'patch',
        'app',
        'one',
        '-n',
        shop.namespace,
        '--type=merge',
        '-p',
        '{"spec":{"dependsOn":[]}}',
      ]);
      await eventually(
        async () => {
          for (const name of ['one', 'two'])
            expect(readyOf(await statusOf(shop, name))?.status, name).toBe('True');
        },
        { timeoutMs: 60_000 },
      );
    },
  ),
);
