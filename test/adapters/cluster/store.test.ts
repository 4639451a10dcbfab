import { beforeAll, expect, test } from 'vitest';
import { watchApps } from '../../../src/adapters/cluster/store.ts';
import type { App, AppStatus } from '../../../src/model/app.ts';
import { fileURLToPath } from 'node:url';
import { testCluster } from '../../support/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { endAfterEach, never, open } from './setup.ts';

endAfterEach();

beforeAll(async () => {
  const shared = await testCluster();
  await shared.kubectl([
    'apply',
    '--server-side',
    '-f',
    fileURLToPath(new URL('../../../manifests/crd.yaml', import.meta.url)),
  ]);
  await shared.kubectl(['wait', '--for=condition=Established', 'crd/apps.pawl.dev', '--timeout=30s']);
});

const app = (namespace: string, url = 'https://git.example.com/a.git') => ({
  apiVersion: 'pawl.dev/v1alpha1',
  kind: 'App',
  metadata: { namespace, name: 'web' },
  spec: { source: { url }, serviceAccountName: 'deployer' },
});

const commit = 'a'.repeat(40);
const at = '2026-01-01T00:00:00Z';

async function started(prefix: string) {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace(prefix);
  const { cluster } = await open();
  const told: string[] = [];
  const apps = watchApps(cluster, {
    onChange: ({ kind, app, previous }) => {
      if (app.metadata.namespace === namespace)
        told.push(`${kind} ${previous?.metadata.resourceVersion ?? 'new'}`);
    },
  });
  await apps.ready(never);
  await shared.apply(app(namespace));
  const name = { namespace, name: 'web' };
  const made = (await eventually(() => apps.store.get(name) ?? false)) as App;
  return { shared, namespace, cluster, apps, told, name, made };
}

test('a read after a write sees it, and it is told once', async () => {
  const { apps, told, name, made } = await started('store');
  const written = await apps.store.writeStatus(made, { head: { commit, at } }, {}, never);
  expect(written.status).toEqual({ head: { commit, at } });
  expect(apps.store.get(name)?.status).toEqual({ head: { commit, at } });
  expect(apps.store.get(name)?.metadata.resourceVersion).toBe(written.metadata.resourceVersion);
  const again = await apps.store.writeStatus(written, { applied: { commit, at } }, {}, never);
  expect(again.status).toEqual({ applied: { commit, at } });
  expect(told).toHaveLength(3);
});

test('a spec that changes meanwhile is kept, whether or not the write expected it', async () => {
  const { shared, namespace, apps, name, made } = await started('spec');
  await shared.apply(app(namespace, 'https://git.example.com/b.git'));
  const expect_ = made.metadata.resourceVersion ?? '';
  const refused = apps.store.writeStatus(made, { head: { commit, at } }, { expect: expect_ }, never);
  await expect(refused).rejects.toMatchObject({ status: 409, code: 'ApiConflict' });
  const written = await apps.store.writeStatus(made, { head: { commit, at } }, {}, never);
  expect(written.spec.source.url).toBe('https://git.example.com/b.git');
  expect(apps.store.get(name)?.spec.source.url).toBe('https://git.example.com/b.git');
  const next = await apps.store.writeStatus(
    written,
    { applied: { commit, at } },
    { expect: written.metadata.resourceVersion ?? '' },
    never,
  );
  expect(next.status).toEqual({ applied: { commit, at } });
});

test('many writers without expectations all come through', async () => {
  const { apps, made } = await started('many');
  const writes = Array.from({ length: 20 }, (_, n) =>
    apps.store.writeStatus(made, { lastHandledRequest: String(n) }, {}, never),
  );
  await Promise.all(writes);
});

test('of two writers with the same expectation one is refused', async () => {
  const { apps, made } = await started('two');
  const options = { expect: made.metadata.resourceVersion ?? '' };
  const outcomes = await Promise.allSettled(
    ['a', 'b'].map((lastHandledRequest) =>
      apps.store.writeStatus(made, { lastHandledRequest }, options, never),
    ),
  );
  expect(outcomes.map((each) => each.status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test('an App that was made anew does not get the status of the old one', async () => {
  const { shared, namespace, apps, name, made } = await started('anew');
  await shared.kubectl(['delete', 'app.pawl.dev', 'web', '-n', namespace]);
  await shared.apply(app(namespace));
  await eventually(() => apps.store.get(name)?.metadata.uid !== made.metadata.uid);
  await expect(apps.store.writeStatus(made, { head: { commit, at } }, {}, never)).rejects.toMatchObject({
    status: 409,
  });
  await expect(
    apps.store.patchMetadata(made, { finalizers: ['pawl.dev/prune'] }, never),
  ).rejects.toMatchObject({ status: 409 });
  expect((await shared.get('app.pawl.dev', 'web', namespace)).status).toBeUndefined();
});

test('an App that is gone is an error of its own', async () => {
  const { shared, namespace, apps, name, made } = await started('gone');
  await shared.kubectl(['delete', 'app.pawl.dev', 'web', '-n', namespace]);
  await eventually(() => apps.store.get(name) === undefined);
  await expect(apps.store.writeStatus(made, {}, {}, never)).rejects.toMatchObject({
    status: 404,
    code: 'ApiNotFound',
  });
});

test('metadata is patched, and what is null goes', async () => {
  const { apps, name, made } = await started('metadata');
  const marked = await apps.store.patchMetadata(
    made,
    { labels: { a: 'b' }, finalizers: ['pawl.dev/prune'] },
    never,
  );
  expect(marked.metadata).toMatchObject({ labels: { a: 'b' }, finalizers: ['pawl.dev/prune'] });
  await apps.store.patchMetadata(marked, { labels: { a: null }, finalizers: [] }, never);
  expect(apps.store.get(name)?.metadata.labels).toBeUndefined();
});

test('a status that is too large is made to fit, and the server takes it', async () => {
  const { apps, made } = await started('large');
  const outcomes = Array.from({ length: 100 }, (_, n) => ({
    object: `o${n}`,
    outcome: 'refused',
    reason: 'r'.repeat(5_000),
  }));
  const status: AppStatus = { head: { commit, at }, objects: { total: 100, ready: 0, outcomes } };
  const written = await apps.store.writeStatus(made, status, {}, never);
  expect(written.status?.head).toEqual({ commit, at });
  expect(written.status?.objects?.outcomes.length).toBeLessThan(100);
  // An App of thousands of objects, all of them unhealthy.
  const unhealthy = Object.fromEntries(
    Array.from({ length: 7_000 }, (_, n) => [`shop/Deployment.apps/web-${n}`, 'r'.repeat(60)]),
  );
  const baseline = { at, unhealthy, stalledSince: {} };
  const large = await apps.store.writeStatus(written, { ...status, baseline }, {}, never);
  expect(Buffer.byteLength(JSON.stringify(large.status))).toBeGreaterThan(230_000);
  expect(Object.keys(large.status?.baseline?.unhealthy ?? {})).toHaveLength(7_000);
});
