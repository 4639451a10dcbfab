// Checks that ask the installation's Prometheus, and what becomes of them where there is none.
import { expect, test, vi } from 'vitest';
import { testPrometheus } from '../support/prometheus.ts';
import { inShop, webYaml } from '../support/shop.ts';
import { endedAs, imageOf, messageOf, readyOf, revertsOf, statusWhere } from '../support/world.ts';

vi.setConfig({ testTimeout: 300_000 });

const web = (tag: string) => ({
  'deploy/web.yaml': webYaml({ image: `registry.example.com/shop/web:${tag}` }),
});

const errors = {
  name: 'errors',
  prometheus: { query: 'shop_errors{secret!="x"}', max: 0.05, interval: '5s', for: '1s' },
};
const fast = { CheckFailed: { after: '600ms', count: 2 }, Confirmation: { after: '500ms' } };
const spec = { health: { timeout: '60s', soak: '7s', checks: [errors], thresholds: fast } };

test(
  'a value beyond its bounds during the soak is reverted; no data, and no Prometheus, blame no commit',
  inShop({ spec }, async (shop) => {
    const prometheus = await testPrometheus();

    // None is named: said, and nothing is applied.
    const without = await shop.agent();
    const refused = await endedAs(shop, shop.first, 'Unknown', 90_000);
    expect(refused.reason).toContain('NotConfigured');
    expect(await shop.cluster.find('deployment', 'web', shop.namespace)).toBeUndefined();
    await without.stop();

    const flags = [`--prometheus-url=${prometheus.url}`];
    const agent = await shop.agent({ flags });
    // Nothing is scraped that the query finds.
    await statusWhere(shop, 'no data', (status) => readyOf(status)?.reason === 'NoData', 120_000);
    expect(await revertsOf(shop, shop.first)).toEqual([]);
    prometheus.expose('shop_errors{pod="S3cret-label"} 0.01', 'shop_errors{pod="other"} 0.02');
    await shop.healthyAt(shop.first, 120_000);

    // Well when it becomes ready, beyond its bounds a little later: one of its series is enough.
    const bad = await shop.person.publish('web 1.18', web('1.18'));
    await statusWhere(
      shop,
      'the soak',
      (status) => readyOf(status)?.message.includes('has to stay so'),
      90_000,
    );
    prometheus.expose('shop_errors{pod="S3cret-label"} 0.4', 'shop_errors{pod="other"} 0.02');
    const revert = await shop.revertOf(bad, 90_000);
    const message = await messageOf(shop, revert);
    expect(message).toMatch(/^check errors: 0\.4 is above 0\.05, \d+ times in a row$/m);
    expect(message).not.toMatch(/S3cret|shop_errors/);
    prometheus.expose('shop_errors 0.01');
    await shop.healthyAt(revert, 120_000);
    expect(imageOf(await shop.deployment())).toMatch(/:1\.17$/);

    // NaN is no number, and so no data.
    await shop.person.pull();
    prometheus.expose('shop_errors NaN');
    const odd = await shop.person.publish('web 1.19', web('1.19'));
    expect((await endedAs(shop, odd, 'Unknown', 90_000)).reason).toContain('NoData');
    prometheus.expose('shop_errors 0');
    await shop.healthyAt(odd, 120_000);

    // A query that is none is the App's fault, not the commit's.
    await shop.patchSpec({
      health: { checks: [{ name: 'errors', prometheus: { query: 'sum(', max: 1, interval: '5s' } }] },
    });
    const unasked = await shop.person.publish('web 1.20', web('1.20'));
    expect((await endedAs(shop, unasked, 'Unknown', 90_000)).reason).toContain('CheckRefused');
    expect(await revertsOf(shop, unasked)).toEqual([]);
    expect(agent.log.some((line) => JSON.stringify(line).includes('S3cret-label'))).toBe(false);
  }),
);
