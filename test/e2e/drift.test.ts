// Changes by other hands, by each of the ways that people and programs have.
import { expect, test } from 'vitest';
import type { Json } from '../support/cluster.ts';
import { policy } from '../support/admission.ts';
import { eventually } from '../support/eventually.ts';
import { live, patch, pathOf, type Plural } from '../support/objects.ts';
import { configYaml, inShop, type Shop, shopFiles } from '../support/shop.ts';
import { endedAs, readyOf, statusWhere } from '../support/world.ts';

const patient = { timeoutMs: 40_000 };

const EXTRA = `apiVersion: v1
kind: ConfigMap
metadata:
  name: extra
  labels: { team: shop }
  annotations: { note: ours }
data: { a: "1" }
---
apiVersion: v1
kind: Secret
metadata: { name: sealed }
stringData: { password: open-sesame }
`;

async function eventsOn(shop: Shop, reason: string): Promise<string[]> {
  const items = await shop.cluster.list('events', shop.namespace);
  return items
    .filter((event: Json) => event.involvedObject.kind === 'App' && event.reason === reason)
    .map(({ message }: Json) => message);
}

interface Hand {
  name: string;
  kind: Plural;
  object: string;
  change: (shop: Shop) => Promise<unknown>;
  /** What is to be as it was. */
  read: (object: Json) => unknown;
  /** Of the Event, after `namespace/`. */
  told: string;
}

const as = (manager: string) => `?fieldManager=${manager}`;
const kubectl =
  (...args: string[]) =>
  (shop: Shop) =>
    shop.cluster.kubectl([...args, '--namespace', shop.namespace]);

const HANDS: Hand[] = [
  {
    name: 'kubectl scale',
    kind: 'deployments',
    object: 'web',
    change: kubectl('scale', 'deployment/web', '--replicas=1'),
    read: ({ spec }) => spec.replicas,
    told: 'Deployment/web: spec.replicas from 3 to 1',
  },
  {
    name: 'kubectl label',
    kind: 'configmaps',
    object: 'extra',
    change: kubectl('label', 'configmap/extra', 'team=other', '--overwrite'),
    read: ({ metadata }) => metadata.labels.team,
    told: 'ConfigMap/extra: metadata.labels.team from "shop" to "other"',
  },
  {
    name: 'kubectl annotate',
    kind: 'configmaps',
    object: 'extra',
    change: kubectl('annotate', 'configmap/extra', 'note-'),
    read: ({ metadata }) => metadata.annotations.note,
    told: 'ConfigMap/extra: metadata.annotations.note from "ours" to nothing',
  },
  {
    name: 'kubectl edit',
    kind: 'configmaps',
    object: 'web',
    change: (shop) =>
      patch(shop.cluster, `${pathOf('configmaps', shop.namespace, 'web')}${as('kubectl-edit')}`, {
        data: { banner: 'two\nlines\u202e' },
      }),
    read: ({ data }) => data.banner,
    told: 'ConfigMap/web: data.banner from "Welcome to the shop" to "two\\nlines ',
  },
  {
    name: 'a program that patches an entry of a list',
    kind: 'services',
    object: 'web',
    change: (shop) =>
      patch(
        shop.cluster,
        `${pathOf('services', shop.namespace, 'web')}${as('mesh')}`,
        { spec: { ports: [{ port: 80, protocol: 'TCP', targetPort: 9999 }] } },
        'strategic-merge-patch',
      ),
    read: ({ spec }) => spec.ports.map(({ targetPort }: Json) => targetPort),
    told: 'Service/web: spec.ports[port=80,protocol=TCP].targetPort from "http" to 9999',
  },
  {
    name: 'a program that takes an entry out of a list',
    kind: 'deployments',
    object: 'web',
    change: (shop) =>
      patch(
        shop.cluster,
        `${pathOf('deployments', shop.namespace, 'web')}${as('cleaner')}`,
        { spec: { template: { spec: { containers: [{ name: 'web', envFrom: null }] } } } },
        'strategic-merge-patch',
      ),
    read: ({ spec }) => spec.template.spec.containers[0].envFrom,
    told: 'Deployment/web: spec.template.spec.containers[name=web].envFrom from [{"configMapRef":{"name":"web"}}] to nothing',
  },
  {
    name: 'server-side apply by force',
    kind: 'deployments',
    object: 'web',
    change: async (shop) => {
      const { status } = await shop.cluster.request({
        method: 'PATCH',
        path: `${pathOf('deployments', shop.namespace, 'web')}?fieldManager=other-tool&force=true`,
        contentType: 'application/apply-patch+yaml',
        body: {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'web', namespace: shop.namespace },
          spec: { replicas: 7 },
        },
      });
      expect(status).toBe(200);
    },
    read: ({ spec }) => spec.replicas,
    told: 'Deployment/web: spec.replicas from 3 to 7',
  },
  {
    name: 'a change of a Secret',
    kind: 'secrets',
    object: 'sealed',
    change: (shop) =>
      patch(shop.cluster, `${pathOf('secrets', shop.namespace, 'sealed')}${as('kubectl-patch')}`, {
        stringData: { password: 'close-sesame' },
      }),
    read: ({ data }) => Buffer.from(data.password, 'base64').toString(),
    told: 'Secret/sealed: data.password (set back)',
  },
];

const MANAGERS = new Map([
  ['kubectl scale', 'kubectl'],
  ['kubectl label', 'kubectl-label'],
  ['kubectl edit', 'kubectl-edit'],
  ['a program that patches an entry of a list', 'mesh'],
  ['server-side apply by force', 'other-tool'],
  ['a change of a Secret', 'kubectl-patch'],
]);

test(
  'whatever way a field is changed by hand, it is set back and told; what is deleted comes again',
  inShop({ files: { ...shopFiles(), 'deploy/extra.yaml': EXTRA } }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const { cluster, namespace } = shop;
    for (const { name, kind, object, change, read, told } of HANDS) {
      const before = read(await live(cluster, kind, namespace, object));
      await change(shop);
      await eventually(async () => {
        expect(read(await live(cluster, kind, namespace, object)), name).toEqual(before);
        const manager = MANAGERS.get(name);
        const want = `${manager === undefined ? '' : `${manager} changed `}${namespace}/${told}`;
        expect(await eventsOn(shop, 'DriftCorrected')).toContainEqual(expect.stringContaining(want));
      }, patient);
    }
    const all = await eventsOn(shop, 'DriftCorrected');
    expect(all.join('\n')).not.toMatch(/sesame|c2VzYW1l|\u202e/);
    for (const message of all) expect(message).not.toContain('\n');

    // A field of nobody's stays as people want it.
    await patch(cluster, pathOf('deployments', namespace, 'web'), { metadata: { labels: { mine: 'yes' } } });

    const { uid } = (await live(cluster, 'services', namespace, 'web')).metadata;
    await cluster.request({ method: 'DELETE', path: pathOf('services', namespace, 'web') });
    await cluster.kubectl([
      'label',
      'configmap/web',
      'applyset.kubernetes.io/part-of-',
      '--namespace',
      namespace,
    ]);
    await eventually(async () => {
      const service = await live(cluster, 'services', namespace, 'web');
      expect(service?.metadata.uid).toBeDefined();
      expect(service.metadata.uid).not.toBe(uid);
      const { labels } = (await live(cluster, 'configmaps', namespace, 'web')).metadata;
      expect(labels?.['applyset.kubernetes.io/part-of']).toMatch(/^applyset-/);
      const told = await eventsOn(shop, 'DriftCorrected');
      for (const object of ['Service/web', 'ConfigMap/web'])
        expect(told).toContain(`${namespace}/${object} was deleted or lost its membership label (set back)`);
    }, patient);
    expect((await shop.deployment()).metadata.labels).toMatchObject({ mine: 'yes' });
    expect((await shop.status()).history).toHaveLength(1);

    // A kind that the App uses no more is no longer looked for.
    const last = await shop.person.publish('no secrets', {
      'deploy/extra.yaml': EXTRA.slice(0, EXTRA.indexOf('---')),
    });
    await shop.healthyAt(last);
    await eventually(async () => {
      expect(await live(cluster, 'secrets', namespace, 'sealed')).toBeUndefined();
      const { annotations } = (await shop.app()).metadata;
      expect(annotations['applyset.kubernetes.io/contains-group-kinds']).toBe(
        'ConfigMap,Deployment.apps,Service',
      );
    }, patient);
  }),
);

test(
  'who changes it again each time it is set back is not fought: the App says who, and what, and no commit is blamed for it',
  inShop({ spec: { health: { soak: '10s', timeout: '90s' } } }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const { cluster, namespace } = shop;
    const path = `${pathOf('deployments', namespace, 'web')}${as('stubborn')}`;
    const replicas = async () => (await shop.deployment()).spec.replicas;
    // Six times within a minute: the last one stays.
    for (let times = 1; times <= 6; times += 1) {
      await patch(cluster, path, { spec: { replicas: 3 + times } });
      if (times < 6) await eventually(async () => expect(await replicas()).toBe(3), patient);
    }
    const status = await statusWhere(
      shop,
      'Ready to say DriftContested',
      (now) => readyOf(now)?.reason === 'DriftContested',
    );
    expect(readyOf(status)?.status).toBe('False');
    expect(readyOf(status)?.message).toContain(
      `${namespace}/Deployment/web spec.replicas, which is changed again each time it is set back, by stubborn`,
    );
    await eventually(async () =>
      expect(await eventsOn(shop, 'DriftContested')).toEqual([
        expect.stringContaining(
          `stubborn changed ${namespace}/Deployment/web: spec.replicas from 3 to 9 (contested`,
        ),
      ]),
    );
    // Something else is set back all the same, and this is still as it is wanted.
    await patch(cluster, pathOf('configmaps', namespace, 'web'), { data: { banner: 'closed' } });
    await eventually(async () =>
      expect((await live(cluster, 'configmaps', namespace, 'web')).data.banner).toBe('Welcome to the shop'),
    );
    expect(await replicas()).toBe(9);
    expect((await eventsOn(shop, 'DriftCorrected')).filter((told) => told.includes('replicas')).length).toBe(
      5,
    );
    // A release sets it back, and is not judged by what they make of it meanwhile.
    const innocent = await shop.person.publish('another banner', {
      'deploy/config.yaml': configYaml({ banner: 'Open' }),
    });
    await eventually(async () => expect(await replicas()).toBe(3), patient);
    const image = (tag: string) => {
      const containers = [{ name: 'web', image: `registry.example.com/shop/web:${tag}` }];
      return patch(cluster, path, { spec: { template: { spec: { containers } } } }, 'strategic-merge-patch');
    };
    await image('1.17-crash');
    const { reason } = await endedAs(shop, innocent, 'Unknown', 60_000);
    expect(reason).toMatch(/^DriftContested: .*Deployment\/web .*image, which is changed by stubborn again/);
    // They give in: nothing is contested any more.
    await image('1.17');
    await shop.healthyAt(innocent, 60_000);
    expect((await shop.status()).history?.map(({ outcome }) => outcome)).not.toContain('Reverted');
    // What the server refuses to have set back is tried again, also while a release waits.
    const labels = { app: 'other' };
    const containers = [{ name: 'other', image: 'registry.example.com/shop/other:1-neverready' }];
    const template = { metadata: { labels }, spec: { containers } };
    const other = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'other' },
      spec: { replicas: 1, selector: { matchLabels: labels }, template },
    };
    await shop.person.publish('another one', { 'deploy/other.yaml': JSON.stringify(other) });
    const others = async () => (await live(cluster, 'deployments', namespace, 'other'))?.spec.replicas;
    await eventually(async () => expect(await others()).toBe(1), patient);
    const allow = await policy(
      namespace,
      `!request.userInfo.username.startsWith("system:serviceaccount:${namespace}:")`,
    );
    await patch(cluster, pathOf('deployments', namespace, 'other'), { spec: { replicas: 2 } });
    await eventually(async () => expect(await eventsOn(shop, 'DriftDenied')).toHaveLength(1), patient);
    expect(await others()).toBe(2);
    await allow();
    await eventually(async () => expect(await others()).toBe(1), patient);
    expect(readyOf(await shop.status())?.reason).toBe('Progressing');
  }),
);
