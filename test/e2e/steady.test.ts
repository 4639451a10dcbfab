// Nothing to do costs nothing; what others applied before is taken over without a restart.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { auditMark, auditSince } from '../support/audit.ts';
import type { Json } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/git-server.ts';
import { live, liveList, put } from '../support/objects.ts';
import { image } from '../support/plays.ts';
import { appOf, configYaml, inShop, type Shop, shopFiles, webYaml } from '../support/shop.ts';
import { looks, readyOf } from '../support/world.ts';

/** All that was asked of the API server by Pawl, and by anybody in its name, but watches and its lease. */
async function asked(shop: Shop, mark: number): Promise<string[]> {
  const pawl = `system:serviceaccount:${shop.namespace}:pawl`;
  return (await auditSince(mark))
    .filter(({ user, verb, resource }) => user === pawl && verb !== 'watch' && resource !== 'leases')
    .map(({ verb, uri, impersonatedUser }) => `${verb} ${uri} as ${impersonatedUser ?? 'itself'}`);
}

test.concurrent(
  'nothing changed: a tick of the schedule is one look of two requests at git, and none at the API server',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    // What the first release still says (Events are written a moment later) is over after three looks.
    await looks(shop, 3);
    const mark = await auditMark();
    const first = shop.git.mark();
    await looks(shop, 5);
    expect(await asked(shop, mark)).toEqual([]);
    const requests = shop.git.since(first).map(({ operation }) => operation);
    // A look may be half done at either end.
    const whole = requests.slice(
      requests.indexOf('upload-pack refs'),
      requests.lastIndexOf('upload-pack refs'),
    );
    expect(whole.length).toBeGreaterThanOrEqual(8);
    expect(whole).toEqual(whole.map((_, index) => (index % 2 === 0 ? 'upload-pack refs' : 'upload-pack')));
    const bytes = shop.git.since(first).map(({ responseBytes }) => responseBytes);
    expect(Math.max(...bytes)).toBeLessThan(1_000);
  }),
);

test.concurrent(
  'nothing changed since the former process: a new one writes nothing and tries nothing; a list of each kind tells it',
  inShop({}, async (shop) => {
    const agent = await shop.agent();
    await shop.healthyAt(shop.first);
    await looks(shop, 3);
    await agent.stop();
    const before = (await shop.app()).metadata.resourceVersion;
    const mark = await auditMark();
    await shop.agent();
    await looks(shop, 4);
    const all = await asked(shop, mark);
    expect(all.filter((request) => !/^(get|list) /.test(request))).toEqual([]);
    expect(all.filter((request) => /^get .*\/(deployments|services|configmaps)\//.test(request))).toEqual([]);
    expect((await shop.app()).metadata.resourceVersion).toBe(before);
  }),
);

test.concurrent(
  'what was changed while no process ran is set back by the next one, which asks about nothing else',
  inShop({}, async (shop) => {
    const { cluster, namespace } = shop;
    const agent = await shop.agent();
    await shop.healthyAt(shop.first);
    await looks(shop, 3);
    await agent.stop();
    const replicas = (await shop.deployment()).spec.replicas;
    await cluster.kubectl(['scale', 'deployment', 'web', `--replicas=${replicas + 1}`, '-n', namespace]);
    const mark = await auditMark();
    const second = await shop.agent();
    await eventually(async () => expect((await shop.deployment()).spec.replicas).toBe(replicas));
    const drift = await second.logged((line) => line.msg === 'drift');
    expect(drift.fields).toMatchObject([{ path: 'spec.replicas' }]);
    await looks(shop, 2);
    const patched = (await asked(shop, mark)).filter((request) =>
      /^patch .*(deployments|services|configmaps)/.test(request),
    );
    expect(patched.length).toBeGreaterThan(0);
    expect(patched.filter((request) => !request.includes('/deployments/web'))).toEqual([]);
  }),
);

const COUNT = 4;
const ownFiles = (index: number, banner: string) => ({
  [`apps/${index}/config.yaml`]: configYaml({ banner }).replace('name: web', `name: config-${index}`),
});

test.concurrent(
  'several Apps of one repository share a clone, and a commit is fetched once for all',
  inShop(
    {
      withoutApp: true,
      files: Object.assign({}, ...Array.from({ length: COUNT }, (_, index) => ownFiles(index, 'one'))),
    },
    async (shop) => {
      const { cluster, namespace } = shop;
      const names = Array.from({ length: COUNT }, (_, index) => `app-${index}`);
      for (const [index, name] of names.entries()) {
        const app = appOf(namespace, shop.url, { source: { path: `apps/${index}` } });
        await put(cluster, { ...app, metadata: { name, namespace } });
      }
      const cacheDir = temporaryFolder('cache');
      await shop.agent({ cacheDir });
      const allAt = (commit: string) =>
        eventually(
          async () => {
            for (const name of names) {
              const { status } = await live(cluster, 'apps', namespace, name);
              expect([status?.healthy?.commit, readyOf(status ?? {})?.status]).toEqual([commit, 'True']);
            }
          },
          { timeoutMs: 60_000 },
        );
      await allAt(shop.first);
      expect(clonesIn(cacheDir)).toHaveLength(1);
      await looks(shop, 2 * COUNT);

      const mark = shop.git.mark();
      const files = Object.assign({}, ...names.map((_, index) => ownFiles(index, 'x'.repeat(3_000))));
      const next = await shop.person.publish('two', files);
      await allAt(next);
      const packs = shop.git
        .since(mark)
        .filter(({ operation, requestBytes }) => operation === 'upload-pack' && requestBytes > 0)
        .filter(({ responseBytes }) => responseBytes > 400);
      expect(packs).toHaveLength(1);
    },
  ),
);

function clonesIn(dir: string): string[] {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.name === 'HEAD' && entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const podUids = async (shop: Shop): Promise<string[]> =>
  (await liveList(shop.cluster, 'pods', shop.namespace)).items
    .filter(({ metadata }: Json) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }: Json) => metadata.uid)
    .toSorted();

const threePods = (shop: Shop) =>
  eventually(
    async () => {
      expect((await shop.deployment()).status?.readyReplicas).toBe(3);
      expect(await podUids(shop)).toHaveLength(3);
    },
    { timeoutMs: 60_000 },
  );

const before = [
  {
    who: '`kubectl apply`',
    apply: (shop: Shop) =>
      shop.cluster.kubectl(
        ['apply', '-n', shop.namespace, '-f', '-'],
        [webYaml({ image: image('1.17') }), configYaml()].join('---\n'),
      ),
  },
  {
    who: 'Helm',
    // As Helm 3 does it: created, not applied, with its own marks.
    apply: async (shop: Shop) => {
      const marks = {
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
        annotations: {
          'meta.helm.sh/release-name': 'shop',
          'meta.helm.sh/release-namespace': shop.namespace,
        },
      };
      await shop.cluster.kubectl(
        ['create', '-n', shop.namespace, '--field-manager=helm', '-f', '-'],
        [webYaml({ image: image('1.17') }), configYaml()].join('---\n'),
      );
      for (const kind of ['deployment', 'service', 'configmap']) {
        await shop.cluster.kubectl([
          'patch',
          kind,
          'web',
          '-n',
          shop.namespace,
          '--field-manager=helm',
          '--type=merge',
          '-p',
          JSON.stringify({ metadata: marks }),
        ]);
      }
    },
  },
];

test.concurrent.for(before)(
  'what $who applied before is taken over without a restart, and rolls with the first change of its configuration',
  async ({ apply }) => {
    await inShop({ withoutApp: true, files: shopFiles() }, async (shop) => {
      await apply(shop);
      await threePods(shop);
      const pods = await podUids(shop);
      await put(shop.cluster, appOf(shop.namespace, shop.url));
      await shop.agent();
      await shop.healthyAt(shop.first);
      await looks(shop);
      expect(await podUids(shop)).toEqual(pods);

      // The first change of the configuration rolls them.
      const second = await shop.person.publish('new banner', {
        'deploy/config.yaml': configYaml({ banner: 'Open' }),
      });
      await shop.healthyAt(second);
      await threePods(shop);
      expect((await podUids(shop)).filter((uid) => pods.includes(uid))).toEqual([]);
    })();
  },
);
