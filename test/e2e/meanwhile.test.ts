// What comes while a release is under way, and what another source may take away: nothing is lost, nothing deleted
// that no healthy render has let go.
import { expect, test, vi } from 'vitest';
import { deadWebhook } from '../support/admission.ts';
import { eventually } from '../support/eventually.ts';
import { live, liveList } from '../support/objects.ts';
import { image, verifying, web } from '../support/plays.ts';
import { configYaml, inShop, shopFiles, webYaml } from '../support/shop.ts';
import { looks, readyOf, statusWhere } from '../support/world.ts';

vi.setConfig({ testTimeout: 180_000 });

const named = (name: string) => configYaml().replace('name: web', `name: ${name}`);
const dozen = Object.fromEntries(
  Array.from({ length: 12 }, (_, index) => [`deploy/more-${index}.yaml`, named(`more-${index}`)]),
);
const unhealthy = webYaml({ image: image('1.18-notfound') })
  .replaceAll('name: web', 'name: other')
  .replaceAll('app: web', 'app: other')
  .replace('configMapRef: { name: other }', 'configMapRef: { name: web, optional: true }');

test.concurrent(
  'a path that leads to something unhealthy takes nothing away of what was there',
  inShop({ files: { ...shopFiles(), 'other/other.yaml': unhealthy } }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    await shop.patchSpec({ source: { path: 'other' } });
    await statusWhere(shop, 'held', (status) => readyOf(status)?.reason === 'Held', 60_000);
    await looks(shop, 6);
    expect((await shop.deployment('web')).metadata.name).toBe('web');
    await shop.patchSpec({ source: { path: 'deploy' } });
    await shop.healthyAt(shop.first);
  }),
);

test.concurrent(
  'a path under which nearly everything is missing waits for a person',
  inShop({ files: { ...shopFiles(), ...dozen, 'other/one.yaml': named('one') } }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    await shop.patchSpec({ source: { path: 'other' } });
    await statusWhere(shop, 'held', (status) => readyOf(status)?.reason === 'Held', 60_000);
    await looks(shop, 6);
    const names = (await liveList(shop.cluster, 'configmaps', shop.namespace)).items.map(
      (one: { metadata: { name: string } }) => one.metadata.name,
    );
    expect(names.filter((name: string) => name.startsWith('more-'))).toHaveLength(12);
    expect(names).not.toContain('one');
  }),
);

test.concurrent(
  'a request that comes while a release is verified is answered after it',
  inShop({ spec: { health: { soak: '6s' } } }, async (shop) => {
    await shop.agent();
    await verifying(shop, shop.first);
    await shop.annotate({ 'pawl.dev/requested-at': 'now' });
    await statusWhere(shop, 'the answer', (status) => status.lastHandledRequest === 'now', 60_000);
  }),
);

test.concurrent(
  'a revert that takes many new objects away needs nobody',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const bad = await shop.person.publish('much', { ...web('1.18-notfound'), ...dozen });
    await shop.healthyAt(await shop.revertOf(bad), 60_000);
  }),
);

test.concurrent(
  'one object that cannot be set back keeps a process that has just started from nothing else',
  inShop({}, async (shop) => {
    const { cluster, namespace } = shop;
    const where = ['-n', namespace];
    const first = await shop.agent();
    await shop.healthyAt(shop.first);
    await first.kill();
    await cluster.kubectl([
      'patch',
      'configmap',
      'web',
      ...where,
      '--type=merge',
      '-p',
      '{"data":{"banner":"by hand"}}',
    ]);
    await cluster.kubectl([
      'patch',
      'service',
      'web',
      ...where,
      '--type=merge',
      '-p',
      '{"spec":{"selector":{"app":"other"}}}',
    ]);
    const remove = await deadWebhook(namespace);
    const second = await shop.agent();
    const config = () => live(cluster, 'configmaps', namespace, 'web');
    const service = () => cluster.get('service', 'web', namespace);
    await eventually(async () => expect((await service()).spec.selector).toEqual({ app: 'web' }), {
      timeoutMs: 60_000,
    });
    // Looked after from then on, too.
    await cluster.kubectl(['delete', 'deployment', 'web', ...where]);
    await eventually(async () => expect(await cluster.find('deployment', 'web', namespace)).toBeDefined(), {
      timeoutMs: 60_000,
    });
    expect((await config()).data.banner).toBe('by hand');
    const drift = second.log.filter(({ msg }) => msg === 'drift');
    expect(drift.some((line) => JSON.stringify(line).includes('ConfigMap') && line.corrected === true)).toBe(
      false,
    );
    await remove();
    await eventually(async () => expect((await config()).data.banner).toBe('Welcome to the shop'), {
      timeoutMs: 90_000,
    });
  }),
);
