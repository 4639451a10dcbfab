import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openShop, webYaml } from '../support/shop.ts';

test('a bad image is noticed, reverted in git, and the cluster is healthy at the revert (S7)', async () => {
  const shop = await openShop();
  await shop.agent();
  await shop.healthyAt(shop.first);
  const bad = await shop.person.publish('web 1.18', {
    'deploy/web.yaml': webYaml({ image: 'registry.example.com/shop/web:1.18-notfound' }),
  });
  const revert = await shop.revertOf(bad);
  await shop.healthyAt(revert);
  await eventually(async () => {
    const { spec } = await shop.deployment();
    expect(spec.template.spec.containers[0].image).toBe('registry.example.com/shop/web:1.17');
  });
});
