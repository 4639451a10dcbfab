// What objects ask for by annotation and no other story plays: docs/objects.md.
import { expect, test } from 'vitest';
import type { Json } from '../support/cluster.ts';
import { live, liveList } from '../support/objects.ts';
import { image } from '../support/plays.ts';
import { configYaml, inShop, type Shop, shopFiles, webYaml } from '../support/shop.ts';
import { endedAs, imageOf, looks, readyOf } from '../support/world.ts';

const noted = (manifest: string, annotation: string) =>
  manifest.replace('  name: web\n', `  name: web\n  annotations: { ${annotation} }\n`);
const config = (banner: string) => noted(configYaml({ banner }), 'pawl.dev/checksum: Ignore');
const kept =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kept, annotations: { pawl.dev/prune: Never } }\n';

const podUids = async ({ cluster, namespace }: Shop): Promise<string[]> =>
  (await liveList(cluster, 'pods', namespace)).items.map(({ metadata }: Json) => metadata.uid).toSorted();

test(
  'checksum: Ignore rolls no pods, prune: Never keeps what left, rollback: Hold keeps a release from being reverted',
  inShop(
    {
      files: {
        ...shopFiles(),
        'deploy/web.yaml': noted(webYaml(), 'pawl.dev/rollback: Hold'),
        'deploy/config.yaml': config('one'),
        'deploy/kept.yaml': kept,
      },
    },
    async (shop) => {
      const { cluster, namespace, person } = shop;
      await shop.agent();
      await shop.healthyAt(shop.first);
      const pods = await podUids(shop);

      const second = await person.publish('a banner that nobody waits for', {
        'deploy/config.yaml': config('two'),
        'deploy/kept.yaml': null,
      });
      await shop.healthyAt(second);
      await looks(shop, 3);
      expect((await live(cluster, 'configmaps', namespace, 'web')).data).toEqual({ banner: 'two' });
      expect(await podUids(shop)).toEqual(pods);
      expect(await live(cluster, 'configmaps', namespace, 'kept')).toBeDefined();

      const broken = await person.publish('a version that crashes', {
        'deploy/web.yaml': noted(webYaml({ image: image('1.18-crash') }), 'pawl.dev/rollback: Hold'),
      });
      const entry = await endedAs(shop, broken, 'Held');
      expect(entry.reason).toMatch(/^RollbackHold: /);
      await looks(shop, 3);
      expect(await shop.head()).toBe(broken);
      expect(imageOf(await shop.deployment())).toBe(image('1.18-crash'));
      expect(readyOf(await shop.status())).toMatchObject({ status: 'False', reason: 'Held' });
    },
  ),
);
