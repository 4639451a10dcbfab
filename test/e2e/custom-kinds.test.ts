// Kinds of others: their controllers speak through the status, and the test plays the controllers.
import { expect, test } from 'vitest';
import type { Json } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { patch, put } from '../support/objects.ts';
import { image } from '../support/plays.ts';
import { inShop, type Shop, webYaml } from '../support/shop.ts';
import { imageOf, messageOf, revertsOf, statusWhere } from '../support/world.ts';

function definition(group: string, version: string, plural: string, kind: string): Json {
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
      scope: 'Namespaced',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: schema },
        },
      ],
    },
  };
}

const canaries = (shop: Shop) => `/apis/flagger.app/v1beta1/namespaces/${shop.namespace}/canaries/web`;
const widgets = (shop: Shop) => `/apis/example.com/v1/namespaces/${shop.namespace}/widgets/door`;

/** Defines both kinds, and lets the App's account have them. */
async function install(shop: Shop): Promise<void> {
  const { cluster, namespace } = shop;
  await put(
    cluster,
    definition('flagger.app', 'v1beta1', 'canaries', 'Canary'),
    definition('example.com', 'v1', 'widgets', 'Widget'),
  );
  const rbac = 'rbac.authorization.k8s.io';
  await put(
    cluster,
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata: { name: 'custom-kinds', namespace },
      rules: [
        { apiGroups: ['flagger.app', 'example.com'], resources: ['canaries', 'widgets'], verbs: ['*'] },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'custom-kinds', namespace },
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'custom-kinds' },
      subjects: [{ kind: 'ServiceAccount', name: 'shop-deployer', namespace }],
    },
  );
  for (const path of [canaries(shop), widgets(shop)])
    await eventually(async () => {
      const list = await cluster.request({ path: path.slice(0, path.lastIndexOf('/')) });
      expect(list.status).toBe(200);
    });
}

/** The object once it is there and as it was applied last. */
async function objectAt(
  shop: Shop,
  path: string,
  isSo: (object: Json) => boolean = () => true,
): Promise<Json> {
  return eventually(
    async () => {
      const { status, body } = await shop.cluster.request({ path });
      if (status === 200 && isSo(body)) return body;
      throw new Error(`${status}: ${JSON.stringify(body)}`);
    },
    { timeoutMs: 40_000, describe: path },
  );
}

const says = (shop: Shop, path: string, status: Json) => patch(shop.cluster, `${path}/status`, { status });

const canaryYaml = `apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: web }
spec:
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  service: { port: 80 }
  analysis: { interval: 1m, threshold: 5 }
`;

const widgetYaml = (colour: string) => `apiVersion: example.com/v1
kind: Widget
metadata: { name: door }
spec: { colour: ${colour} }
`;

const files = {
  'deploy/web.yaml': webYaml({ image: image('1.17') }).replace(/ {10}envFrom:\n.*\n/, ''),
  'deploy/canary.yaml': canaryYaml,
  'deploy/widget.yaml': widgetYaml('green'),
};

const kinds = [
  {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    current: 'status.phase == "Ready" && status.colour == spec.colour',
    // It says no generation: what stood before an apply must not count against it.
    failed: 'status.phase == "Broken"',
    message: 'the widget maker has not made it',
  },
];

test(
  'a canary that fails is reverted, and so is a kind that fails by a rule of the App; both are healthy at the revert',
  inShop({ files, spec: { health: { timeout: '60s', kinds } } }, async (shop) => {
    await install(shop);
    const agent = await shop.agent();
    await objectAt(shop, canaries(shop));
    await objectAt(shop, widgets(shop));
    const waits = (what: string) =>
      statusWhere(shop, `the release to wait for ${what}`, ({ release }) => release?.phase === 'Verifying');
    await waits('both');
    await says(shop, canaries(shop), {
      phase: 'Initialized',
      lastAppliedSpec: 'one',
      lastPromotedSpec: 'one',
    });
    await says(shop, widgets(shop), { phase: 'Ready', colour: 'green' });
    await shop.healthyAt(shop.first);

    // Flagger is slow to look; then its analysis fails, though every pod of the new version runs well.
    const bad = await shop.person.publish('web 1.18', {
      'deploy/web.yaml': files['deploy/web.yaml'].replace(image('1.17'), image('1.18')),
    });
    await eventually(
      async () => {
        const live = await shop.deployment();
        expect(imageOf(live)).toBe(image('1.18'));
        expect(live.status).toMatchObject({ updatedReplicas: 3, availableReplicas: 3, replicas: 3 });
      },
      { timeoutMs: 40_000 },
    );
    // Everything is ready but for Flagger's word, which is still about the former template.
    await agent.logged(
      ({ commit, message }) =>
        commit === bad && /^3 of 4 .*Flagger has not seen the change/.test(message ?? ''),
    );
    expect((await waits('the canary')).healthy?.commit).toBe(shop.first);
    await says(shop, canaries(shop), { phase: 'Progressing', lastAppliedSpec: 'two' });
    await says(shop, canaries(shop), { phase: 'Failed' });
    const revert = await shop.revertOf(bad);
    expect(await messageOf(shop, revert)).toMatch(/^\S+\/Deployment\/web: CanaryFailed$/m);
    // Given its former template back, Flagger leaves the phase as it is.
    await shop.healthyAt(revert);
    expect(imageOf(await shop.deployment())).toBe(image('1.17'));
    expect((await objectAt(shop, canaries(shop))).status).toMatchObject({
      phase: 'Failed',
      lastAppliedSpec: 'two',
    });

    await shop.person.pull();
    const red = await shop.person.publish('a red door', { 'deploy/widget.yaml': widgetYaml('red') });
    await objectAt(shop, widgets(shop), ({ spec }) => spec.colour === 'red');
    await says(shop, widgets(shop), { phase: 'Broken', colour: 'red' });
    const green = await shop.revertOf(red);
    expect(await messageOf(shop, green)).toMatch(/^\S+\/Widget\/door: Stalled$/m);
    await objectAt(shop, widgets(shop), ({ spec }) => spec.colour === 'green');
    // Still broken, from the red one: the revert waits for the widget maker.
    await agent.logged(
      ({ commit, message }) =>
        commit === green && /its status is as it was before the change/.test(message ?? ''),
    );
    await says(shop, widgets(shop), { phase: 'Ready', colour: 'green' });
    await shop.healthyAt(green);
    expect([...(await revertsOf(shop, bad)), ...(await revertsOf(shop, red))]).toEqual([revert, green]);
  }),
);
