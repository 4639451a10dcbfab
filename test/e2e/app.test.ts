// The App resource as people use it: what its fields do, and how soon.
import { expect, test } from 'vitest';
import { auditMark, auditSince, writes } from '../support/audit.ts';
import type { Json } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { live, liveList, patch, pathOf, put } from '../support/objects.ts';
import { expectImage, image, web } from '../support/plays.ts';
import { appOf, configYaml, inShop, type Shop, shopFiles, webYaml } from '../support/shop.ts';
import { endedAs, git, looks, readyOf, statusWhere } from '../support/world.ts';

/** Once an hour: whatever happens sooner was not the schedule. */
const HOURLY = '0 0 * * * *';

const patient = { timeoutMs: 60_000 };

function readyIs(shop: Shop, reason: string) {
  return statusWhere(shop, `Ready to say ${reason}`, (status) => readyOf(status)?.reason === reason);
}

const configMap = (shop: Shop, name: string): Promise<Json> =>
  live(shop.cluster, 'configmaps', shop.namespace, name);

async function deleteApp(shop: Shop): Promise<void> {
  const path = pathOf('apps', shop.namespace, 'shop');
  const { status } = await shop.cluster.request({ method: 'DELETE', path });
  expect(status).toBe(200);
}

const appIsGone = (shop: Shop) =>
  eventually(
    async () => expect(await live(shop.cluster, 'apps', shop.namespace, 'shop')).toBeUndefined(),
    patient,
  );

/** One more object of the shop. */
const more = (name: string, annotations = '') => ({
  [`deploy/${name}.yaml`]: configYaml().replace('name: web', `name: ${name}${annotations}`),
});

test.concurrent(
  'an App that is made, changed or asked for a release is seen to at once, whatever its schedule',
  inShop(
    {
      withoutApp: true,
      files: { ...shopFiles(), 'other/config.yaml': configYaml().replace('name: web', 'name: other') },
    },
    async (shop) => {
      await shop.agent();
      await put(shop.cluster, appOf(shop.namespace, shop.url, { schedule: HOURLY }));
      await shop.healthyAt(shop.first);

      const second = await shop.person.publish('web 1.18', web('1.18'));
      await shop.annotate({ 'pawl.dev/requested-at': '1' });
      const status = await shop.healthyAt(second);
      expect(status.lastHandledRequest).toBe('1');

      await shop.annotate({ 'pawl.dev/confirm-prune': `main@sha1:${second}` });
      await shop.patchSpec({ source: { path: 'other' } });
      await eventually(async () => {
        expect((await configMap(shop, 'other'))?.metadata.name).toBe('other');
        expect(await shop.cluster.find('deployment', 'web', shop.namespace)).toBeUndefined();
      }, patient);
    },
  ),
);

const unsupported: { field: string; spec: Json }[] = [
  { field: 'spec.source.verify', spec: { source: { verify: { keys: ['a'] } } } },
  { field: 'spec.rollback.mode PullRequest', spec: { rollback: { mode: 'PullRequest' } } },
  { field: 'spec.rollback.scope Commit', spec: { rollback: { scope: 'Commit' } } },
  { field: 'spec.rollback.signingKeyRef', spec: { rollback: { signingKeyRef: { name: 'key' } } } },
];

test.concurrent(
  'a field that this version does not act on is refused by its name, and nothing is applied',
  inShop({ withoutApp: true }, async (shop) => {
    await shop.agent();
    for (const [index, { spec }] of unsupported.entries()) {
      const app = appOf(shop.namespace, shop.url, spec);
      await put(shop.cluster, { ...app, metadata: { name: `app-${index}`, namespace: shop.namespace } });
    }
    for (const [index, { field }] of unsupported.entries()) {
      await eventually(async () => {
        const { status = {} } = await live(shop.cluster, 'apps', shop.namespace, `app-${index}`);
        const ready = readyOf(status);
        expect([ready?.status, ready?.reason], field).toEqual(['False', 'NotSupported']);
        expect(ready?.message).toContain(field);
      }, patient);
    }
    expect(await shop.cluster.find('deployment', 'web', shop.namespace)).toBeUndefined();
    expect(await configMap(shop, 'web')).toBeUndefined();
  }),
);

test.concurrent(
  'deleting an App leaves its objects, by default',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const { uid } = (await shop.deployment()).metadata;
    await deleteApp(shop);
    await appIsGone(shop);
    await put(shop.cluster, appOf(shop.namespace, shop.url));
    await shop.healthyAt(shop.first);
    expect((await shop.deployment()).metadata).toMatchObject({ uid });
    expect((await shop.deployment()).metadata.deletionTimestamp).toBeUndefined();
  }),
);

test.concurrent(
  'deleting an App with deletion: Prune deletes its members and nothing else',
  inShop(
    {
      spec: { deletion: 'Prune' },
      files: { ...shopFiles(), ...more('kept', '\n  annotations: { pawl.dev/prune: Never }') },
    },
    async (shop) => {
      await put(shop.cluster, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'foreign', namespace: shop.namespace },
      });
      await shop.agent();
      await shop.healthyAt(shop.first);
      await deleteApp(shop);
      await appIsGone(shop);
      await eventually(async () => {
        const { items } = await liveList(shop.cluster, 'configmaps', shop.namespace);
        const names = items.map(({ metadata }: Json) => metadata.name).toSorted();
        expect(names).toEqual(['foreign', 'kept', 'kube-root-ca.crt']);
        expect(await shop.cluster.find('deployment', 'web', shop.namespace)).toBeUndefined();
      }, patient);
      expect(await shop.cluster.find('service', 'web', shop.namespace)).toBeUndefined();
      expect(await shop.cluster.find('secret', 'shop-git', shop.namespace)).toBeDefined();
    },
  ),
);

test.concurrent.for([
  {
    given: 'service account is gone',
    withdraw: (shop: Shop) => ['delete', 'serviceaccount', 'shop-deployer', '-n', shop.namespace],
  },
  {
    given: 'service account may not delete any more',
    withdraw: (shop: Shop) => ['delete', 'rolebinding', 'shop-deployer-edits', '-n', shop.namespace],
  },
  {
    given: 'right to act as the service account is gone',
    withdraw: (shop: Shop) => ['delete', 'rolebinding', 'pawl-acts-as-shop-deployer', '-n', shop.namespace],
  },
])('deleting an App with deletion: Prune does not hang where its $given', async ({ withdraw }) => {
  await inShop({ spec: { deletion: 'Prune' } }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    await shop.cluster.kubectl(withdraw(shop));
    await deleteApp(shop);
    await appIsGone(shop);
  })();
});

test.concurrent(
  'suspended: nothing is polled, applied, set back or reverted; resumed: all of it is',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    await shop.patchSpec({ suspend: true });
    await readyIs(shop, 'Suspended');
    // A second App of the same agent shows how time goes by. A look that was under way may end after its pass.
    const app = appOf(shop.namespace, `${shop.git.url}/other.git`);
    await shop.git.createRepository('other');
    await put(shop.cluster, { ...app, metadata: { name: 'other', namespace: shop.namespace } });
    await looks(shop, 1, 'other');
    const mark = shop.git.mark();
    const audit = await auditMark();
    const next = await shop.person.publish('web 1.18', web('1.18'));
    await patch(shop.cluster, pathOf('configmaps', shop.namespace, 'web'), { data: { banner: 'by hand' } });
    await looks(shop, 3, 'other');
    expect(shop.git.since(mark).filter(({ path }) => path.startsWith('/shop.git/'))).toEqual([]);
    expect(
      writes(await auditSince(audit)).filter(
        ({ namespace, impersonatedUser }) => namespace === shop.namespace && impersonatedUser !== undefined,
      ),
    ).toEqual([]);
    await shop.patchSpec({ suspend: false });
    await shop.healthyAt(next);
    await expectImage(shop, '1.18');
    await eventually(
      async () => expect((await configMap(shop, 'web')).data.banner).toBe('Welcome to the shop'),
      patient,
    );
  }),
);

test.concurrent(
  'drift: Report tells of a change by another hand and leaves it',
  inShop({ spec: { drift: 'Report' } }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    await patch(shop.cluster, pathOf('configmaps', shop.namespace, 'web'), { data: { banner: 'by hand' } });
    await eventually(async () => {
      const { items } = await liveList(shop.cluster, 'events', shop.namespace);
      expect(items.map(({ reason, message }: Json) => `${reason}: ${message}`)).toContainEqual(
        expect.stringMatching(/^Drift: .*ConfigMap\/web.*data\.banner/),
      );
    }, patient);
    await looks(shop, 3);
    expect((await configMap(shop, 'web')).data.banner).toBe('by hand');
    expect((await shop.status()).history).toHaveLength(1);
    // A release brings what the commit says.
    const next = await shop.person.publish('new banner', {
      'deploy/config.yaml': configYaml({ banner: 'Open' }),
    });
    await shop.healthyAt(next);
    expect((await configMap(shop, 'web')).data.banner).toBe('Open');
  }),
);

test.concurrent(
  'what a commit removes is deleted after the release is healthy, but not what says pawl.dev/prune: Never',
  inShop(
    {
      files: {
        ...shopFiles(),
        ...more('gone'),
        ...more('kept', '\n  annotations: { pawl.dev/prune: Never }'),
      },
    },
    async (shop) => {
      await shop.agent();
      await shop.healthyAt(shop.first);
      const slow = web('1.18-slow')['deploy/web.yaml'].replace(
        'labels: { app: web }\n    spec:',
        'labels: { app: web }\n      annotations: { sandbox.pawl.dev/ready-after: 2s }\n    spec:',
      );
      const next = await shop.person.publish('less', {
        'deploy/gone.yaml': null,
        'deploy/kept.yaml': null,
        'deploy/web.yaml': slow,
      });
      const mark = await auditMark();
      await shop.healthyAt(next);
      await eventually(async () => expect(await configMap(shop, 'gone')).toBeUndefined(), patient);
      expect(await configMap(shop, 'kept')).toBeDefined();
      // The delete came after the status had said that the release is healthy.
      const events = (await auditSince(mark)).filter(({ namespace }) => namespace === shop.namespace);
      const deleted = events.findIndex(({ verb, name }) => verb === 'delete' && name === 'gone');
      const ready = (await shop.deployment()).status.conditions.find(
        ({ type }: Json) => type === 'Progressing',
      );
      expect(Date.parse(events[deleted]?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(ready.lastUpdateTime));
    },
  ),
);

test.concurrent(
  'a commit that would delete nearly everything is held until somebody confirms it',
  inShop(
    {
      files: Object.assign(
        { ...shopFiles() },
        ...Array.from({ length: 10 }, (_, index) => more(`more-${index}`)),
      ),
    },
    async (shop) => {
      await shop.agent();
      await shop.healthyAt(shop.first);
      const none = Object.fromEntries(
        Array.from({ length: 10 }, (_, index) => [`deploy/more-${index}.yaml`, null]),
      );
      const commit = await shop.person.publish('less', { ...none, 'deploy/web.yaml': null });
      const entry = await endedAs(shop, commit, 'Held');
      expect(entry.reason).toMatch(/^MassDeletion: /);
      const asked = /(pawl\.dev\/confirm-prune)=([^\s;`]+)/.exec(readyOf(await shop.status())?.message ?? '');
      expect(asked?.[2]).toBe(`main@sha1:${commit}`);
      await looks(shop);
      expect(await configMap(shop, 'more-0')).toBeDefined();
      expect(await shop.head()).toBe(commit);
      await shop.annotate({ [asked?.[1] ?? '']: asked?.[2] ?? '' });
      await shop.healthyAt(commit);
      await eventually(async () => expect(await configMap(shop, 'more-0')).toBeUndefined(), patient);
    },
  ),
);

const setSecret = (shop: Shop, password: string) =>
  put(shop.cluster, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'shop-git', namespace: shop.namespace },
    data: {
      username: Buffer.from('pawl').toString('base64'),
      password: Buffer.from(password).toString('base64'),
    },
  });

test.concurrent(
  'credentials that are missing, wrong, or changed while Pawl runs: said clearly, and taken up without a restart',
  inShop({}, async (shop) => {
    await shop.cluster.kubectl(['delete', 'secret', 'shop-git', '-n', shop.namespace]);
    await shop.agent();
    const missing = await readyIs(shop, 'SecretNotFound');
    expect(readyOf(missing)?.message).toContain('shop-git');

    await setSecret(shop, 'wrong-password');
    const wrong = await readyIs(shop, 'GitAuth');
    expect(readyOf(wrong)?.message).not.toContain('wrong-password');

    await setSecret(shop, 'pawl-secret');
    await shop.healthyAt(shop.first);

    // The password is changed at the host first, then in the Secret.
    shop.git.setUsers({ pawl: { password: 'another-secret', push: true } });
    await readyIs(shop, 'GitAuth');
    await setSecret(shop, 'another-secret');
    const next = await shop.person.publish('web 1.18', web('1.18'));
    await shop.healthyAt(next);
    const bad = await shop.person.publish('web 1.19', web('1.19-notfound'));
    await shop.healthyAt(await shop.revertOf(bad));
  }),
);

test.concurrent(
  'a git server that is down is said so, nothing is reverted for it, and its return is noticed',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    shop.git.setFault({ kind: 'down' });
    const status = await statusWhere(shop, 'Ready to be False', (now) => readyOf(now)?.status === 'False');
    expect(readyOf(status)?.reason).toMatch(/^Git/);
    expect(status.healthy?.commit).toBe(shop.first);
    expect(status.conditions?.find(({ type }) => type === 'Stalled')?.status).toBe('True');
    // What runs is looked after all the while.
    await patch(shop.cluster, pathOf('configmaps', shop.namespace, 'web'), { data: { banner: 'by hand' } });
    await eventually(
      async () => expect((await configMap(shop, 'web')).data.banner).toBe('Welcome to the shop'),
      patient,
    );
    const next = await shop.person.publish('web 1.18', web('1.18'));
    shop.git.setFault(undefined);
    await shop.healthyAt(next);
    expect(await shop.head()).toBe(next);
    expect((await shop.status()).history?.map(({ outcome }) => outcome)).toEqual(['Healthy', 'Healthy']);
  }),
);

const jobYaml = (tag: string) => `apiVersion: batch/v1
kind: Job
metadata: { name: migrate }
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: migrate, image: "${image(tag)}" }]
`;

test.concurrent(
  'a Job runs once per content, though it is deleted afterwards',
  inShop({ files: { ...shopFiles(), 'deploy/job.yaml': jobYaml('1') } }, async (shop) => {
    const agent = await shop.agent();
    await shop.healthyAt(shop.first);
    const mark = await auditMark();
    const created = async () =>
      writes(await auditSince(mark)).filter(
        ({ namespace, resource, name, verb, subresource, impersonatedUser }) =>
          namespace === shop.namespace &&
          resource === 'jobs' &&
          name === 'migrate' &&
          subresource === '' &&
          verb !== 'delete' &&
          impersonatedUser !== undefined,
      ).length;
    // As its ttlSecondsAfterFinished would.
    await shop.cluster.kubectl(['delete', 'job', 'migrate', '-n', shop.namespace]);
    await looks(shop, 2);
    const { conditions = [], objects } = await shop.status();
    expect(conditions.find(({ type }) => type === 'Ready')?.status).toBe('True');
    expect(objects?.ready).toBe(objects?.total);
    const second = await shop.person.publish('web 1.18', web('1.18'));
    await shop.healthyAt(second);
    await agent.stop();
    await shop.agent();
    const third = await shop.person.publish('web 1.19', web('1.19'));
    await shop.healthyAt(third);
    expect(await created()).toBe(0);
    expect(await shop.cluster.find('job', 'migrate', shop.namespace)).toBeUndefined();
    // New content runs.
    const fourth = await shop.person.publish('migrate again', { 'deploy/job.yaml': jobYaml('2') });
    await shop.healthyAt(fourth);
    expect((await shop.cluster.get('job', 'migrate', shop.namespace)).status.succeeded).toBe(1);
  }),
);

const SECRET = 'hunter2-the-secret-value';

const secretYaml = (value: string, extra = '') => `apiVersion: v1
kind: Secret
metadata: { name: web }
stringData: { password: ${value} }
${extra}`;

test.concurrent(
  'the value of a Secret is in no log, Event, status or commit message, whatever happens to it',
  inShop({ files: { ...shopFiles(), 'deploy/secret.yaml': secretYaml(SECRET) } }, async (shop) => {
    const agent = await shop.agent({ flags: ['--log-level=trace'] });
    await shop.healthyAt(shop.first);
    // Changed by hand, refused by the server, not rendered, and part of a release that is reverted.
    await patch(shop.cluster, pathOf('secrets', shop.namespace, 'web'), {
      data: { password: Buffer.from(`${SECRET}-by-hand`).toString('base64') },
    });
    await eventually(async () => {
      const { data } = await live(shop.cluster, 'secrets', shop.namespace, 'web');
      expect(Buffer.from(data.password, 'base64').toString()).toBe(SECRET);
    }, patient);
    const bad = [
      { 'deploy/secret.yaml': secretYaml(`${SECRET}-2`, `type: kubernetes.io/tls\n`) },
      { 'deploy/secret.yaml': secretYaml(`${SECRET}-3`, `data: { key: "${SECRET}-not-base64" }\n`) },
      { 'deploy/secret.yaml': secretYaml(`${SECRET}-4`, `: ${SECRET}\n`) },
      {
        'deploy/secret.yaml': secretYaml(`${SECRET}-5`),
        'deploy/web.yaml': webYaml({ image: image('1.18-crash') }),
      },
    ];
    await shop.patchSpec({ rollback: { limit: { reverts: 10 } } });
    for (const [index, files] of bad.entries()) {
      const commit = await shop.person.publish(`bad ${index}`, files);
      await shop.healthyAt(await shop.revertOf(commit));
      await shop.person.pull();
    }
    const { items } = await liveList(shop.cluster, 'events', shop.namespace);
    const told = {
      log: JSON.stringify(agent.log),
      events: JSON.stringify(items),
      app: JSON.stringify(await shop.app()),
      messages: await git(shop, 'log', '--format=%B'),
    };
    expect(Object.values(told).every((text) => text.length > 100)).toBe(true);
    for (const [where, text] of Object.entries(told)) {
      for (const value of [SECRET, Buffer.from(SECRET).toString('base64').slice(0, 20), 'pawl-secret']) {
        expect(text.includes(value), `${value} in ${where}`).toBe(false);
      }
    }
  }),
);
