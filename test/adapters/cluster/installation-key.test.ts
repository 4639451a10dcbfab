import { expect, test } from 'vitest';
import { INSTALLATION_SECRET, installationKey } from '../../../src/adapters/cluster/installation-key.ts';
import { testCluster } from '../../support/cluster.ts';
import { SECRET, endAfterEach, never, open } from './setup.ts';

endAfterEach();

test('several that make the key at once get the same one, and it stays', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('key');
  const { cluster } = await open();
  const api = cluster.as(undefined);
  const keys = await Promise.all(Array.from({ length: 8 }, () => installationKey(api, namespace, never)));
  expect(keys[0]).toHaveLength(32);
  expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(1);
  const { cluster: later } = await open();
  expect(await installationKey(later.as(undefined), namespace, never)).toEqual(keys[0]);
});

test('a key that is damaged is reported and not replaced', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('key-damaged');
  const data = { 'hmac-key': Buffer.from('too short').toString('base64') };
  await shared.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: INSTALLATION_SECRET },
    data,
  });
  const { cluster } = await open();
  const api = cluster.as(undefined);
  await expect(installationKey(api, namespace, never)).rejects.toMatchObject({
    code: 'InstallationKeyInvalid',
  });
  expect((await api.get({ gvk: SECRET, namespace, name: INSTALLATION_SECRET }, never))?.['data']).toEqual(
    data,
  );
});
