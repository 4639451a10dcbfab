import { expect, test } from 'vitest';
import { auditMark, auditSince, writes } from '../support/audit.ts';
import { eventually } from '../support/eventually.ts';
import { appOf, configYaml, openShop } from '../support/shop.ts';

test('an object of another App is not taken, and is once the other has let it go', async () => {
  const shop = await openShop();
  const { cluster, namespace, person, url } = shop;
  await shop.agent();
  await shop.healthyAt(shop.first);
  const before = await cluster.get('configmap', 'web', namespace);

  await person.publish('the same banner for a second App', {
    'other/config.yaml': configYaml({ banner: 'Of the other App' }),
  });
  const mark = await auditMark();
  const other = appOf(namespace, url, { source: { path: 'other' } });
  await cluster.apply({ ...other, metadata: { ...other.metadata, name: 'other' } });
  await eventually(async () => {
    const { status } = await cluster.get('apps.pawl.dev', 'other', namespace);
    expect(status.history[0]).toMatchObject({ outcome: 'Unknown' });
    expect(status.conditions[0]).toMatchObject({ status: 'False', reason: 'Owned' });
    expect(status.conditions[0].message).toContain('ConfigMap/web');
  });
  expect(
    writes(await auditSince(mark)).filter(
      (event) => event.resource === 'configmaps' && event.namespace === namespace,
    ),
  ).toEqual([]);
  const after = await cluster.get('configmap', 'web', namespace);
  expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);

  // The first App lets go of it (its pods no longer use it), and the second one takes it over.
  const web = person.read('deploy/web.yaml').replace(/ {10}envFrom:\n.*\n/, '');
  const head = await person.publish('move the banner', {
    'deploy/web.yaml': web,
    'deploy/config.yaml': null,
  });
  await shop.healthyAt(head);
  await eventually(
    async () => {
      const config = await cluster.get('configmap', 'web', namespace);
      expect(config.data.banner).toBe('Of the other App');
    },
    { timeoutMs: 40_000 },
  );
});
