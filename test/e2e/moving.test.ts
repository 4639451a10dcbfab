// An object that a commit moves from one App to another stays the same object, whichever App is first to look.
import { expect, test } from 'vitest';
import type { Json } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { live, patch, pathOf, put } from '../support/objects.ts';
import { appOf, configYaml, inShop, type Shop, webYaml } from '../support/shop.ts';
import { image } from '../support/plays.ts';
import { looks } from '../support/world.ts';

const named = (name: string, banner: string) => configYaml({ banner }).replace('name: web', `name: ${name}`);
const PART_OF = 'applyset.kubernetes.io/part-of';

const files = {
  'a/own.yaml': named('own-a', 'a'),
  'b/own.yaml': named('own-b', 'b'),
  'a/moves.yaml': named('moves', 'one'),
};

async function make(shop: Shop, name: string, spec: Json = {}): Promise<void> {
  const app = appOf(shop.namespace, shop.url, { source: { path: name }, ...spec });
  await put(shop.cluster, { ...app, metadata: { name, namespace: shop.namespace } });
}

const statusOf = async (shop: Shop, name: string) =>
  (await live(shop.cluster, 'apps', shop.namespace, name)).status ?? {};

const healthy = (shop: Shop, name: string, commit: string) =>
  eventually(
    async () => {
      const { healthy: at, applied, conditions } = await statusOf(shop, name);
      const ready = conditions?.find(({ type }: Json) => type === 'Ready');
      expect([at?.commit, applied?.commit, ready?.status], JSON.stringify(ready)).toEqual([
        commit,
        commit,
        'True',
      ]);
    },
    { timeoutMs: 60_000 },
  );

const orders = [
  { name: 'the one that has it', first: 'a', last: 'b' },
  { name: 'the one that gets it', first: 'b', last: 'a' },
];

/** More than half of what the first App has: nothing of it would be deleted. */
const many = Array.from({ length: 12 }, (_, index) => named(`many-${index}`, 'many')).join('---\n');

test.concurrent.for(orders)(
  'a commit moves an object from one App to another, and $name looks first: it is never deleted',
  async ({ first, last }) => {
    await inShop({ withoutApp: true, files: { ...files, 'a/many.yaml': many } }, async (shop) => {
      const { namespace, person, cluster } = shop;
      await make(shop, 'a');
      await make(shop, 'b');
      await shop.agent();
      await healthy(shop, 'a', shop.first);
      await healthy(shop, 'b', shop.first);
      const before = await live(cluster, 'configmaps', namespace, 'moves');

      // One of the two looks at the branch only once an hour, until the other has done what it can.
      const slow = { spec: { schedule: '0 0 * * * *' } };
      await patch(cluster, pathOf('apps', namespace, last), slow);
      await looks(shop, 4);
      const head = await person.publish('move', {
        'a/moves.yaml': null,
        'b/moves.yaml': named('moves', 'two'),
        'a/many.yaml': null,
        'b/many.yaml': many,
      });
      if (first === 'a') await healthy(shop, 'a', head);
      else
        await eventually(
          async () => {
            const { conditions } = await statusOf(shop, 'b');
            expect(conditions[0]).toMatchObject({ status: 'False', reason: 'Owned' });
            // What the other renders is seen at the commit, though it has not looked yet.
            expect(conditions[0].message).toContain(`App ${namespace}/a holds it until`);
          },
          { timeoutMs: 40_000 },
        );
      await looks(shop, 2);
      expect((await live(cluster, 'configmaps', namespace, 'moves')).metadata).toMatchObject({
        uid: before.metadata.uid,
        labels: before.metadata.labels,
      });
      await patch(cluster, pathOf('apps', namespace, last), { spec: { schedule: '* * * * * *' } });

      await healthy(shop, 'a', head);
      await healthy(shop, 'b', head);
      const after = await live(cluster, 'configmaps', namespace, 'moves');
      const ofB = await live(cluster, 'configmaps', namespace, 'own-b');
      expect(after.metadata.uid).toBe(before.metadata.uid);
      expect(after.metadata.labels[PART_OF]).toBe(ofB.metadata.labels[PART_OF]);
      expect(after.data).toEqual({ banner: 'two' });
      await looks(shop, 4);
      expect((await live(cluster, 'configmaps', namespace, 'moves')).metadata.resourceVersion).toBe(
        after.metadata.resourceVersion,
      );
    })();
  },
);

test.concurrent(
  'two Apps that render one object do not fight: the second is told of the first, as it is of another tool’s set',
  inShop(
    {
      withoutApp: true,
      files: { ...files, 'b/moves.yaml': named('moves', 'two'), 'c/tool.yaml': named('tool', 'c') },
    },
    async (shop) => {
      const { cluster, namespace, person } = shop;
      const set = 'applyset-0123456789012345678901234567890123456789012-v1';
      const labels = { [PART_OF]: set };
      const tool = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'tool', namespace, labels } };
      await put(cluster, { ...tool, data: { banner: 'theirs' } });
      await shop.agent();
      await make(shop, 'a', { deletion: 'Orphan' });
      await healthy(shop, 'a', shop.first);
      await make(shop, 'b');
      await make(shop, 'c');
      const owned = (name: string, message: string) =>
        eventually(
          async () => {
            const { conditions } = await statusOf(shop, name);
            expect(conditions[0]).toMatchObject({ status: 'False', reason: 'Owned' });
            expect(conditions[0].message).toContain(message);
          },
          { timeoutMs: 40_000 },
        );
      await owned(
        'b',
        `App ${namespace}/a renders it too, and holds it: remove it from the path of one of the two`,
      );
      await owned('c', `belongs to the ApplySet of another tool (${set}, put there by test-setup)`);
      const before = await live(cluster, 'configmaps', namespace, 'moves');
      await looks(shop, 6);
      expect((await live(cluster, 'configmaps', namespace, 'moves')).metadata.resourceVersion).toBe(
        before.metadata.resourceVersion,
      );
      expect((await live(cluster, 'configmaps', namespace, 'tool')).data).toEqual({ banner: 'theirs' });
      expect(person.read('a/moves.yaml')).toContain('one');

      // The first App goes and leaves its objects: the second takes over what nobody holds any more.
      await cluster.kubectl(['delete', 'apps.pawl.dev', 'a', '-n', namespace]);
      await healthy(shop, 'b', shop.first);
      const after = await live(cluster, 'configmaps', namespace, 'moves');
      expect([after.metadata.uid, after.data]).toEqual([before.metadata.uid, { banner: 'two' }]);
    },
  ),
);

test.concurrent(
  'a commit that moves an object and breaks the App that gets it is reverted: the object is let go, not deleted',
  inShop({ withoutApp: true, files }, async (shop) => {
    const { cluster, namespace, person } = shop;
    await make(shop, 'a');
    await make(shop, 'b');
    await shop.agent();
    await healthy(shop, 'a', shop.first);
    await healthy(shop, 'b', shop.first);
    const before = await live(cluster, 'configmaps', namespace, 'moves');
    const head = await person.publish('move, and break', {
      'a/moves.yaml': null,
      'b/moves.yaml': named('moves', 'two'),
      'b/new.yaml': named('new', 'two'),
      'b/config.yaml': configYaml(),
      'b/web.yaml': webYaml({ image: image('1.18-crash') }),
    });
    const revert = await eventually(
      async () => {
        const now = await shop.head();
        expect(now).not.toBe(head);
        return now;
      },
      { timeoutMs: 60_000 },
    );
    await healthy(shop, 'b', revert);
    await eventually(
      async () => {
        const { objects } = await statusOf(shop, 'b');
        const said = objects.outcomes.find(({ object }: Json) => object.endsWith('/moves'));
        expect(said).toMatchObject({
          outcome: 'skipped',
          reason: expect.stringContaining('it stays as it is'),
        });
      },
      { timeoutMs: 30_000 },
    );
    const after = await live(cluster, 'configmaps', namespace, 'moves');
    expect([after.metadata.uid, after.data]).toEqual([before.metadata.uid, { banner: 'two' }]);
    expect(after.metadata.labels?.[PART_OF]).toBeUndefined();
    expect(after.metadata.deletionTimestamp).toBeUndefined();
    // What the commit itself had made goes with it.
    await eventually(async () => {
      expect(await live(cluster, 'configmaps', namespace, 'new')).toBeUndefined();
    });

    // Where its file comes back, so does the object.
    await person.pull();
    const back = await person.publish('back', { 'a/moves.yaml': named('moves', 'one') });
    await healthy(shop, 'a', back);
    const again = await live(cluster, 'configmaps', namespace, 'moves');
    const ofA = await live(cluster, 'configmaps', namespace, 'own-a');
    expect(again.metadata.uid).toBe(before.metadata.uid);
    expect(again.metadata.labels[PART_OF]).toBe(ofA.metadata.labels[PART_OF]);

    // An App that goes leaves what another renders by now, though neither has looked at the commit.
    const slow = { spec: { schedule: '0 0 * * * *' } };
    await patch(cluster, pathOf('apps', namespace, 'a'), { spec: { ...slow.spec, deletion: 'Prune' } });
    await patch(cluster, pathOf('apps', namespace, 'b'), slow);
    await eventually(async () => {
      const { metadata } = await live(cluster, 'apps', namespace, 'a');
      expect(metadata.finalizers).toContain('pawl.dev/prune');
    });
    const moved = await person.publish('move alone', {
      'a/moves.yaml': null,
      'b/moves.yaml': named('moves', 'three'),
    });
    await cluster.kubectl(['delete', 'apps.pawl.dev', 'a', '-n', namespace]);
    await eventually(async () => {
      expect(await live(cluster, 'configmaps', namespace, 'own-a')).toBeUndefined();
    });
    expect(
      (await live(cluster, 'configmaps', namespace, 'moves')).metadata.deletionTimestamp,
    ).toBeUndefined();
    await patch(cluster, pathOf('apps', namespace, 'b'), { spec: { schedule: '* * * * * *' } });
    await healthy(shop, 'b', moved);
    const last = await live(cluster, 'configmaps', namespace, 'moves');
    expect([last.metadata.uid, last.data]).toEqual([before.metadata.uid, { banner: 'three' }]);
  }),
);

test.concurrent(
  'two Apps of which one depends on the other swap objects in one commit: neither waits for ever, nothing is deleted',
  inShop({ withoutApp: true, files: { ...files, 'b/other.yaml': named('other', 'b') } }, async (shop) => {
    const { cluster, namespace, person } = shop;
    await make(shop, 'a');
    await make(shop, 'b', { dependsOn: [{ name: 'a' }] });
    await shop.agent();
    await healthy(shop, 'a', shop.first);
    await healthy(shop, 'b', shop.first);
    const names = ['moves', 'other'];
    const all = () => Promise.all(names.map((name) => live(cluster, 'configmaps', namespace, name)));
    const before = await all();
    const head = await person.publish('swap', {
      'a/moves.yaml': null,
      'b/moves.yaml': named('moves', 'b'),
      'b/other.yaml': null,
      'a/other.yaml': named('other', 'a'),
    });
    await healthy(shop, 'b', head);
    await healthy(shop, 'a', head);
    const after = await all();
    const uids = (of: Json[]) => of.map(({ metadata }) => metadata.uid);
    const sets = (of: Json[]) => of.map(({ metadata }) => metadata.labels[PART_OF]);
    expect(uids(after)).toEqual(uids(before));
    expect(sets(after)).toEqual(sets(before).toReversed());
  }),
);
