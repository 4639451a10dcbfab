// Replicas belong to the autoscaler as long as there is one, whosever it is, and to the manifest otherwise; in
// between there is no moment at one.
import { expect, test } from 'vitest';
import type { Json } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { liveList, pathOf } from '../support/objects.ts';
import { image } from '../support/plays.ts';
import { inShop, type Shop, shopFiles, webYaml } from '../support/shop.ts';
import { looks, statesSince } from '../support/world.ts';

const HPA = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  minReplicas: 2
  maxReplicas: 6
`;
const without = (manifest: string) => manifest.replace(/ {2}replicas: \d+\n/, '');

/** What the autoscaler's controller does, which has no metrics here: it writes the scale subresource. */
async function scale(shop: Shop, replicas: number, manager = 'kube-controller-manager'): Promise<void> {
  const { cluster, namespace } = shop;
  const { status, body } = await cluster.request({
    method: 'PATCH',
    path: `${pathOf('deployments', namespace, 'web')}/scale?fieldManager=${manager}`,
    body: { spec: { replicas } },
    contentType: 'application/merge-patch+json',
  });
  expect(status, JSON.stringify(body)).toBe(200);
}

const replicas = async (shop: Shop) => (await shop.deployment()).spec.replicas;

/** The numbers that the Deployment was told since, in order. */
async function toldSince(shop: Shop, resourceVersion: string): Promise<number[]> {
  const states = await statesSince(shop.cluster, 'deployments', shop.namespace, resourceVersion);
  const numbers = states.map(({ object }: { object: Json }) => object.spec.replicas as number);
  return numbers.filter((number, index) => number !== numbers[index - 1]);
}

test.concurrent(
  'replicas are handed over to an autoscaler and taken back without a moment at one, and never fought over',
  inShop({ files: shopFiles() }, async (shop) => {
    const { cluster, namespace, person } = shop;
    const agent = await shop.agent();
    await shop.healthyAt(shop.first);
    const { resourceVersion } = (await liveList(cluster, 'deployments', namespace)).metadata;

    // The autoscaler comes, replicas leave the manifest, and the image changes, all at once.
    const handed = await person.publish('scale by load', {
      'deploy/web.yaml': without(webYaml({ image: image('1.18') })),
      'deploy/hpa.yaml': HPA,
    });
    await shop.healthyAt(handed);
    expect(await replicas(shop)).toBe(3);
    await scale(shop, 5);
    await looks(shop, 3);
    expect(await replicas(shop)).toBe(5);

    // Stated again beside the autoscaler: the manifest's number is for what is not there yet.
    const both = await person.publish('both', {
      'deploy/web.yaml': webYaml({ image: image('1.19'), replicas: 2 }),
    });
    await shop.healthyAt(both);
    expect(await replicas(shop)).toBe(5);
    await scale(shop, 4);
    await agent.stop();
    await shop.agent();
    await looks(shop, 3);
    expect(await replicas(shop)).toBe(4);
    expect(await toldSince(shop, resourceVersion)).toEqual([3, 5, 4]);

    // The autoscaler goes: what the manifest says counts again.
    const back = await person.publish('no more', { 'deploy/hpa.yaml': null });
    await shop.healthyAt(back);
    await eventually(async () => expect(await replicas(shop)).toBe(2), { timeoutMs: 20_000 });
    expect(await toldSince(shop, resourceVersion)).toEqual([3, 5, 4, 2]);
    // And it is drift again to change it.
    await scale(shop, 6, 'somebody');
    await eventually(async () => expect(await replicas(shop)).toBe(2), { timeoutMs: 20_000 });
  }),
  240_000,
);

test.concurrent(
  'an autoscaler that is not the App’s counts as well, from the moment it scales what Pawl released until it is gone',
  inShop({ files: shopFiles() }, async (shop) => {
    const { cluster, namespace, person } = shop;
    const agent = await shop.agent();
    await shop.healthyAt(shop.first);
    const { resourceVersion } = (await liveList(cluster, 'deployments', namespace)).metadata;
    await cluster.kubectl([
      'autoscale',
      'deployment/web',
      '--min=2',
      '--max=6',
      '--cpu=50%',
      '-n',
      namespace,
    ]);
    await scale(shop, 5);
    await looks(shop, 3);
    expect(await replicas(shop)).toBe(5);
    expect(agent.log.filter(({ msg }) => msg === 'drift')).toEqual([]);

    // Written for another reason, with replicas stated and then not stated.
    const second = await person.publish('1.18', { 'deploy/web.yaml': webYaml({ image: image('1.18') }) });
    await shop.healthyAt(second);
    const third = await person.publish('1.19', {
      'deploy/web.yaml': without(webYaml({ image: image('1.19') })),
    });
    await shop.healthyAt(third);
    expect(await toldSince(shop, resourceVersion)).toEqual([5]);

    await cluster.kubectl(['delete', 'hpa', 'web', '-n', namespace]);
    const fourth = await person.publish('1.20', {
      'deploy/web.yaml': webYaml({ image: image('1.20'), replicas: 2 }),
    });
    await shop.healthyAt(fourth);
    expect(await toldSince(shop, resourceVersion)).toEqual([5, 2]);
  }),
  240_000,
);
