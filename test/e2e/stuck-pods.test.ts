// A StatefulSet waits for a pod that will never be ready before it replaces it (kubernetes#67250): after a revert, or
// a fix, it is healed without a person all the same.
import { expect, test } from 'vitest';
import type { Json } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { image } from '../support/plays.ts';
import { inShop, type Shop } from '../support/shop.ts';
import { messageOf, readyOf } from '../support/world.ts';

const setYaml = (tag: string) => `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  replicas: 2
  serviceName: db
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec:
      containers: [{ name: db, image: ${JSON.stringify(image(tag))} }]
`;
const db = (tag: string) => ({ 'deploy/db.yaml': setYaml(tag) });

const pods = async (shop: Shop): Promise<Json[]> => shop.cluster.list('pods', shop.namespace, 'app=db');
const imagesOf = (of: Json[]): string[] => of.map(({ spec }): string => spec.containers[0].image).sort();

/** Waits for a pod of this image that runs and is not ready. */
const broken = (shop: Shop, tag: string): Promise<Json> =>
  eventually(
    async () => {
      const found = (await pods(shop)).find(({ spec }) => spec.containers[0].image === image(tag));
      expect(found?.status.containerStatuses?.[0]).toBeDefined();
      return found;
    },
    { timeoutMs: 40_000, describe: `a pod of ${tag}` },
  );

test(
  'the pod that holds up a StatefulSet is deleted after the revert, and after a person’s fix, and it is said',
  inShop({ files: db('1.17'), spec: { health: { timeout: '60s' } } }, async (shop) => {
    const agent = await shop.agent();
    await shop.healthyAt(shop.first);
    const [first] = await pods(shop);

    const bad = await shop.person.publish('db 1.18', db('1.18-crash'));
    const stuck = await broken(shop, '1.18-crash');
    const revert = await shop.revertOf(bad);
    expect(await messageOf(shop, revert)).toMatch(/^\S+\/StatefulSet\/db: CrashLoopBackOff/m);
    const status = await shop.healthyAt(revert, 60_000);
    expect(imagesOf(await pods(shop))).toEqual([image('1.17'), image('1.17')]);
    // The pod that ran well has not been touched.
    expect((await pods(shop)).map(({ metadata }) => metadata.uid)).toContain(first?.metadata.uid);
    const said = `deleted the stuck pod ${stuck.metadata.name}`;
    expect(readyOf(status)?.message).toContain(said);
    expect(status.history?.[0]).toMatchObject({ commit: revert, outcome: 'Healthy', reason: said });
    const events = await shop.cluster.list('events', shop.namespace);
    expect(events.map(({ reason }: Json) => reason)).toContain('StuckPodDeleted');
    expect(agent.log).toContainEqual(
      expect.objectContaining({ msg: 'unstuck', pod: stuck.metadata.name, commit: revert }),
    );

    // A person's fix comes before any verdict: the same rule holds.
    await shop.person.pull();
    await shop.person.publish('db 1.19', db('1.19-neverready'));
    await broken(shop, '1.19-neverready');
    const fix = await shop.person.publish('db 1.20', db('1.20'));
    await shop.healthyAt(fix, 60_000);
    expect(imagesOf(await pods(shop))).toEqual([image('1.20'), image('1.20')]);
  }),
);
