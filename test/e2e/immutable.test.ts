// Fields that cannot be changed: a clear refusal, or an object that is made anew because it says so; and what is told of
// each object.
import { expect, test, vi } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { live, patch, pathOf } from '../support/objects.ts';
import { expectImage, image } from '../support/plays.ts';
import { inShop, type Shop, webYaml } from '../support/shop.ts';
import { endedAs, messageOf, readyOf, statusWhere } from '../support/world.ts';

vi.setConfig({ testTimeout: 240_000 });

/** The shop's Deployment with another selector, which a Deployment cannot change. */
function withSelector(tier: string, tag: string, annotations = ''): string {
  return webYaml({ image: image(tag) })
    .replace('metadata:\n  name: web\n', `metadata:\n  name: web\n${annotations}`)
    .replace('matchLabels: { app: web }', `matchLabels: { app: web, tier: ${tier} }`)
    .replace('labels: { app: web }\n    spec', `labels: { app: web, tier: ${tier} }\n    spec`);
}

const RECREATE = '  annotations: { pawl.dev/recreate: "true" }\n';

async function outcomesOf(shop: Shop): Promise<Record<string, [string, string | undefined]>> {
  const { objects } = await shop.status();
  return Object.fromEntries(
    (objects?.outcomes ?? []).map(({ object, outcome, reason }) => [
      object.replace(`${shop.namespace}/`, ''),
      [outcome, reason],
    ]),
  );
}

test.concurrent(
  'a field that cannot be changed: refused with its name and the way out; with the annotation the object is made anew, and a revert makes it anew again',
  inShop({ spec: { rollback: { mode: 'Hold' } } }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const uid = async () => (await shop.deployment()).metadata.uid;
    const former = await uid();
    const refused = await shop.person.publish('another selector', {
      'deploy/web.yaml': withSelector('front', '1.18'),
      'deploy/config.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { banner: new }\n',
    });
    const entry = await endedAs(shop, refused, 'Failed');
    expect(entry.reason).toContain('changes spec.selector, which cannot be changed');
    expect(entry.reason).toContain('pawl.dev/recreate: "true"');
    // Everything was asked before anything was touched, and everything is accounted for.
    expect(await uid()).toBe(former);
    const told = await outcomesOf(shop);
    expect(told['Deployment.apps/web']?.[0]).toBe('refused');
    expect(told['Deployment.apps/web']?.[1]).toContain('the API server answered 422');
    expect(told['ConfigMap/web']).toEqual([
      'skipped',
      `nothing is applied, as ${shop.namespace}/Deployment/web was refused`,
    ]);
    expect(readyOf(await shop.status())?.status).toBe('False');

    await shop.patchSpec({ rollback: { mode: 'Revert' } });
    // The way back leads to a form that has another selector, too, and says nothing of being made anew.
    const bad = await shop.person.publish('made anew, and broken', {
      'deploy/web.yaml': withSelector('back', '1.19-crash', RECREATE),
    });
    const revert = await shop.revertOf(bad);
    await shop.healthyAt(revert);
    expect(await messageOf(shop, revert)).toContain('Deployment/web: CrashLoopBackOff');
    await expectImage(shop, '1.17');
    expect((await shop.deployment()).spec.selector.matchLabels).toEqual({ app: 'web' });
    const second = await uid();
    expect(second).not.toBe(former);

    await shop.person.pull();
    const recreated = await shop.person.publish('made anew', {
      'deploy/web.yaml': withSelector('front', '1.18', RECREATE),
    });
    await shop.healthyAt(recreated);
    expect(await uid()).not.toBe(second);
    expect((await outcomesOf(shop))['Deployment.apps/web']?.[0]).toBe('recreated');
    await expectImage(shop, '1.18');
  }),
);

const settings = (value: string, more = '') => `apiVersion: v1
kind: ConfigMap
metadata: { name: fixed, annotations: { pawl.dev/recreate: "true" } }
immutable: true
data: { value: ${value} }
${more}`;

test.concurrent(
  'a former object that a finalizer keeps is named with it; once it is gone, the release goes on',
  inShop({ spec: { health: { timeout: '8s' } } }, async (shop) => {
    await shop.agent();
    const first = await shop.person.publish('fixed', { 'deploy/fixed.yaml': settings('one') });
    await shop.healthyAt(first);
    const path = pathOf('configmaps', shop.namespace, 'fixed');
    await patch(shop.cluster, path, { metadata: { finalizers: ['example.com/hold'] } });
    const next = await shop.person.publish('fixed anew', { 'deploy/fixed.yaml': settings('two') });
    await eventually(
      async () =>
        expect((await live(shop.cluster, 'configmaps', shop.namespace, 'fixed')).metadata).toHaveProperty(
          'deletionTimestamp',
        ),
      { timeoutMs: 60_000 },
    );
    const status = await statusWhere(
      shop,
      'the finalizer to be named',
      (now) => readyOf(now)?.message.includes('example.com/hold'),
      120_000,
    );
    expect(status.history?.[0]).toMatchObject({ commit: next, outcome: 'Unknown' });
    await patch(shop.cluster, path, { metadata: { finalizers: null } });
    await shop.healthyAt(next, 90_000);
    expect((await live(shop.cluster, 'configmaps', shop.namespace, 'fixed')).data.value).toBe('two');
  }),
);
