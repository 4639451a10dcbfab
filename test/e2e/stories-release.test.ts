// S1, S2, S4: update and watch; configuration rolls pods; a rolling update loses nothing and a live edit does not
// last.
import { expect, test } from 'vitest';
import { type AuditMark, auditMark, auditSince, writes } from '../support/audit.ts';
import type { Json } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { patch, pathOf } from '../support/objects.ts';
import { configYaml, inShop, type Shop, shopFiles, webYaml } from '../support/shop.ts';
import {
  breakPods,
  endedAs,
  imageOf,
  looks,
  messageOf,
  readyOf,
  statesSince,
  statusWhere,
} from '../support/world.ts';

const image = (tag: string) => `registry.example.com/shop/web:${tag}`;

/** A second Deployment of the shop. */
const workerYaml = (tag: string) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: worker }
spec:
  selector: { matchLabels: { app: worker } }
  template:
    metadata: { labels: { app: worker } }
    spec:
      containers: [{ name: worker, image: "registry.example.com/shop/worker:${tag}" }]
`;

const withWorker = { ...shopFiles(), 'deploy/worker.yaml': workerYaml('1.0') };

/** What happens to clusters: the worker falls ill, and no commit did it. */
async function workerFallsIll(shop: Shop): Promise<void> {
  await breakPods(shop, 'worker');
  await statusWhere(shop, 'the worker to be unhealthy', (status) => readyOf(status)?.reason === 'Degraded');
}

test(
  'what was unhealthy before a release is not blamed on its commit (S1)',
  inShop({ files: withWorker }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    await workerFallsIll(shop);
    const commit = await shop.person.publish('worker 1.1', { 'deploy/worker.yaml': workerYaml('1.1-crash') });
    const entry = await endedAs(shop, commit, 'Held');
    expect(entry.reason).toMatch(/^UnhealthyBefore: /);
    await looks(shop);
    expect(await shop.head()).toBe(commit);
    expect((await shop.status()).healthy?.commit).toBe(shop.first);
  }),
);

test(
  'an unhealthy object that a commit does not change stops no good release, and saves no bad one (S1)',
  inShop({ files: withWorker }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    await workerFallsIll(shop);
    const good = await shop.person.publish('web 1.18', {
      'deploy/web.yaml': webYaml({ image: image('1.18') }),
    });
    await endedAs(shop, good, 'Healthy');
    expect(imageOf(await shop.deployment())).toBe(image('1.18'));

    const bad = await shop.person.publish('web 1.19', {
      'deploy/web.yaml': webYaml({ image: image('1.19-notfound') }),
    });
    const revert = await shop.revertOf(bad);
    expect(await messageOf(shop, revert)).toContain(`Pawl-Restores: ${good}`);
    await endedAs(shop, revert, 'Healthy');
    expect(imageOf(await shop.deployment())).toBe(image('1.18'));
  }),
);

test(
  'a release survives others who write the same objects all the while (S1)',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const over = new AbortController();
    let count = 0;
    const meddling = (async () => {
      while (!over.signal.aborted) {
        count += 1;
        for (const kind of ['deployments', 'configmaps', 'services'] as const) {
          const metadata = { labels: { meddler: `m${count}` }, annotations: { meddler: `m${count}` } };
          await patch(shop.cluster, pathOf(kind, shop.namespace, 'web'), { metadata });
        }
      }
    })();
    try {
      const commit = await shop.person.publish('web 1.18', {
        'deploy/web.yaml': webYaml({ image: image('1.18') }),
        'deploy/config.yaml': configYaml({ banner: 'Open' }),
      });
      const status = await shop.healthyAt(commit);
      expect(status.history?.filter((entry) => entry.commit === commit)).toHaveLength(1);
    } finally {
      over.abort();
      await meddling;
    }
    expect(count).toBeGreaterThan(3);
    const deployment = await shop.deployment();
    expect(imageOf(deployment)).toBe(image('1.18'));
    expect(deployment.metadata.annotations.meddler).toBe(`m${count}`);
    expect((await shop.cluster.find('configmaps', 'web', shop.namespace)).data.banner).toBe('Open');
  }),
);

test(
  'a change of nothing but the configuration rolls the pods (S2)',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const before = await shop.deployment();
    const podsBefore = await podNames(shop);
    const commit = await shop.person.publish('new banner', {
      'deploy/config.yaml': configYaml({ banner: 'Autumn sale' }),
    });
    await shop.healthyAt(commit);
    const after = await shop.deployment();
    expect(checksumOf(after)).toMatch(/\S/);
    expect(checksumOf(after)).not.toBe(checksumOf(before));
    expect(imageOf(after)).toBe(imageOf(before));
    const pods = await podNames(shop);
    expect(pods).toHaveLength(3);
    expect(pods.filter((name) => podsBefore.includes(name))).toEqual([]);
  }),
);

test(
  'a configuration that is bad is reverted with what it holds (S2)',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    // The ConfigMap gets another name, and the image that notices is that of the same version.
    const bad = await shop.person.publish('rename the configuration', {
      'deploy/config.yaml': configYaml({ banner: 'Autumn sale' }).replace('name: web', 'name: web-config'),
      'deploy/web.yaml': webYaml({ image: image('1.17-noconfig') }),
    });
    const revert = await shop.revertOf(bad);
    await shop.healthyAt(revert);
    expect(await messageOf(shop, revert)).toContain('CreateContainerConfigError');
    expect((await shop.cluster.find('configmaps', 'web', shop.namespace)).data.banner).toBe(
      'Welcome to the shop',
    );
    // What came with the bad commit goes with it.
    await eventually(async () =>
      expect(await shop.cluster.find('configmaps', 'web-config', shop.namespace)).toBeUndefined(),
    );
  }),
);

test(
  'a rolling update never has fewer ready endpoints than its Deployment allows (S4)',
  inShop({ files: { ...shopFiles(), 'deploy/web.yaml': rolling('1.17') } }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const slices = await eventually(async () => {
      const { body: list } = await shop.cluster.request({ path: pathOf('endpointslices', shop.namespace) });
      expect(readyEndpoints(list.items)).toBe(4);
      return list;
    });
    const podsBefore = await podNames(shop);
    const commit = await shop.person.publish('web 1.18', { 'deploy/web.yaml': rolling('1.18-slow') });
    await shop.healthyAt(commit);
    expect((await podNames(shop)).filter((name) => podsBefore.includes(name))).toEqual([]);

    const known = new Map<string, Json>(slices.items.map((one: Json) => [one.metadata.uid, one]));
    const counts: number[] = [];
    const { resourceVersion } = slices.metadata;
    for (const { type, object } of await statesSince(
      shop.cluster,
      'endpointslices',
      shop.namespace,
      resourceVersion,
    )) {
      if (type === 'DELETED') known.delete(object.metadata.uid);
      else known.set(object.metadata.uid, object);
      counts.push(readyEndpoints([...known.values()]));
    }
    // Four new pods came and four old ones went, one after the other.
    expect(counts.length).toBeGreaterThan(4);
    expect(Math.min(...counts)).toBe(3);
  }),
);

test(
  'a live edit is set back within a second, and named with its field, values and manager (S4)',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const tookMs: number[] = [];
    for (const tag of ['9.1', '9.2', '9.3']) {
      const mark = await auditMark();
      await shop.cluster.kubectl([
        'set',
        'image',
        'deployment/web',
        `web=${image(tag)}`,
        '--namespace',
        shop.namespace,
      ]);
      await eventually(async () => expect(imageOf(await shop.deployment())).toBe(image('1.17')));
      tookMs.push(await setBackAfterMs(shop, mark));
    }
    // Of three, as the machine of a test run has other things to do as well.
    expect(tookMs.toSorted((a, b) => a - b)[1]).toBeLessThan(1_000);
    await eventually(async () => {
      const items = await shop.cluster.list('events', shop.namespace);
      const told = items
        .filter(({ involvedObject }: Json) => involvedObject.kind === 'App')
        .filter(({ reason }: Json) => reason === 'DriftCorrected')
        .map(({ message }: Json) => message);
      for (const tag of ['9.1', '9.2', '9.3']) {
        expect(told).toContainEqual(
          expect.stringContaining(
            `kubectl-set changed ${shop.namespace}/Deployment/web: spec.template.spec.containers[name=web].image from "${image('1.17')}" to "${image(tag)}"`,
          ),
        );
      }
    });
    // Drift is no release.
    expect((await shop.status()).history).toHaveLength(1);
  }),
);

/** From a person's write of the Deployment to the next one as the App's account, by the API server's own times. */
async function setBackAfterMs(shop: Shop, mark: AuditMark): Promise<number> {
  return eventually(async () => {
    const events = writes(await auditSince(mark)).filter(
      ({ namespace, resource, subresource, name }) =>
        namespace === shop.namespace && resource === 'deployments' && subresource === '' && name === 'web',
    );
    const edit = events.find(({ userAgent }) => userAgent.startsWith('kubectl'));
    const editedAt = Date.parse(edit?.at ?? '');
    const correction = events.find(
      ({ at, impersonatedUser }) =>
        impersonatedUser === `system:serviceaccount:${shop.namespace}:shop-deployer` &&
        Date.parse(at) >= editedAt,
    );
    if (correction === undefined) throw new Error('nothing was set back');
    return Date.parse(correction.at) - editedAt;
  });
}

function rolling(tag: string): string {
  return webYaml({ image: image(tag), replicas: 4 }).replace(
    'replicas: 4',
    'replicas: 4\n  strategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } }',
  );
}

function readyEndpoints(slices: Json[]): number {
  return slices.flatMap((slice) => slice.endpoints ?? []).filter(({ conditions }) => conditions.ready).length;
}

function checksumOf(deployment: Json): string | undefined {
  return deployment.spec.template.metadata.annotations?.['pawl.dev/checksum'];
}

async function podNames(shop: Shop): Promise<string[]> {
  const items = await shop.cluster.list('pods', shop.namespace);
  return items
    .filter((pod: Json) => pod.metadata.deletionTimestamp === undefined)
    .map((pod: Json) => pod.metadata.name);
}
