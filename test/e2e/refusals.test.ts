// Commits that never get as far as a pod: what is wrong as written is reverted without a write; what somebody or
// something else does not allow is not the commit's fault, and is released once the cause is gone.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { deadWebhook, policy } from '../support/admission.ts';
import { auditMark, auditSince, writes } from '../support/audit.ts';
import { eventually } from '../support/eventually.ts';
import { live, patch, pathOf } from '../support/objects.ts';
import { commitsSince, expectImage, image, web } from '../support/plays.ts';
import { appOf, configYaml, inShop, type Shop, shopFiles, webYaml } from '../support/shop.ts';
import { endedAs, git, looks, messageOf, readyOf, statusWhere } from '../support/world.ts';

vi.setConfig({ testTimeout: 180_000 });

/** Writes to objects of the shop since then, by whomever but the controllers. */
async function writesTo(shop: Shop, mark: number) {
  const kinds = ['configmaps', 'deployments', 'services', 'limitranges'];
  return writes(await auditSince(mark)).filter(
    ({ namespace, resource, impersonatedUser }) =>
      namespace === shop.namespace && kinds.includes(resource) && impersonatedUser !== undefined,
  );
}

test.concurrent(
  'what the server refuses as invalid is reverted without one write to the objects',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const mark = await auditMark();
    const bad = await shop.person.publish('fewer than none', {
      'deploy/config.yaml': configYaml({ banner: 'Open' }),
      'deploy/web.yaml': webYaml({ replicas: -1 }),
    });
    const revert = await shop.revertOf(bad);
    const { history = [] } = await shop.healthyAt(revert);
    expect(await writesTo(shop, mark)).toEqual([]);
    expect(history[1]).toMatchObject({ commit: bad, outcome: 'Reverted', revertedBy: revert });
    expect(history[1]?.reason).toMatch(/^Invalid: .*Deployment\/web.*spec\.replicas/);
    // Words of the server are not for the branch.
    expect(await messageOf(shop, revert)).toContain('Deployment/web: Invalid');
    expect(await messageOf(shop, revert)).not.toContain('greater than or equal');
    expect((await live(shop.cluster, 'configmaps', shop.namespace, 'web')).data.banner).toBe(
      'Welcome to the shop',
    );
  }),
);

/** Released, found to be nobody's fault, not reverted; and healthy once the cause is gone. */
async function waitsFor(
  shop: Shop,
  commit: string,
  reason: string,
  removeCause: () => Promise<unknown>,
): Promise<void> {
  await endedAs(shop, commit, 'Unknown');
  await looks(shop, 2);
  const ready = readyOf(await shop.status());
  expect([ready?.status, ready?.reason]).toEqual(['False', reason]);
  expect(await shop.head()).toBe(commit);
  expect((await shop.status()).healthy?.commit).toBe(shop.first);
  await removeCause();
  const { history } = await shop.healthyAt(commit);
  expect(history?.map(({ outcome }) => outcome)).toEqual(['Healthy', 'Healthy']);
  expect(await shop.head()).toBe(commit);
}

const more = (name: string) => ({ 'deploy/more.yaml': configYaml().replace('name: web', `name: ${name}`) });

test.concurrent(
  'a commit that a quota stops is not reverted',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const { cluster, namespace } = shop;
    // Beside the shop's own there is the one that every namespace has.
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'small', namespace },
      spec: { hard: { 'count/configmaps': '2' } },
    });
    await eventually(
      async () => expect((await cluster.get('resourcequota', 'small', namespace)).status?.used).toBeDefined(),
      { timeoutMs: 60_000 },
    );
    const commit = await shop.person.publish('more configuration', more('more'));
    await waitsFor(shop, commit, 'Quota', () =>
      cluster.kubectl(['delete', 'resourcequota', 'small', '-n', namespace]),
    );
  }),
);

test.concurrent(
  'a commit that the service account has no right to apply is not reverted',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const { cluster, namespace } = shop;
    const limits = `apiVersion: v1\nkind: LimitRange\nmetadata: { name: limits }\nspec: { limits: [] }\n`;
    const commit = await shop.person.publish('limits', { 'deploy/limits.yaml': limits });
    await waitsFor(shop, commit, 'Forbidden', () =>
      cluster.kubectl([
        'create',
        'rolebinding',
        'all',
        '--clusterrole=cluster-admin',
        `--serviceaccount=${namespace}:shop-deployer`,
        '-n',
        namespace,
      ]),
    );
  }),
);

test.concurrent(
  'a commit that an admission webhook does not answer is not reverted',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const remove = await deadWebhook(shop.namespace);
    const commit = await shop.person.publish('new banner', {
      'deploy/config.yaml': configYaml({ banner: 'Open' }),
    });
    await waitsFor(shop, commit, 'Webhook', remove);
  }),
);

test.concurrent(
  'a policy that denies only the new form: the commit is reverted',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const never = `!object.spec.template.spec.containers.exists(c, c.image == '${image('1.18')}')`;
    await policy(shop.namespace, never);
    const mark = await auditMark();
    const bad = await shop.person.publish('web 1.18', web('1.18'));
    const revert = await shop.revertOf(bad);
    await shop.healthyAt(revert);
    expect(await writesTo(shop, mark)).toEqual([]);
    expect(await messageOf(shop, revert)).toContain('Deployment/web: Denied');
    await expectImage(shop, '1.17');
  }),
);

test.concurrent(
  'a policy that denies the healthy form, too: the commit is not reverted',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const remove = await policy(shop.namespace, 'false');
    const commit = await shop.person.publish('web 1.18', web('1.18'));
    await waitsFor(shop, commit, 'Denied', remove);
  }),
);

const broken = [
  {
    given: 'bad YAML',
    files: { 'deploy/config.yaml': `${configYaml()}  more: "unclosed\n` },
    code: 'InvalidYaml',
    place: /deploy\/config\.yaml:\d+/,
  },
  {
    given: 'an object without a kind',
    files: { 'deploy/config.yaml': `${configYaml()}---\napiVersion: v1\nmetadata: { name: nameless }\n` },
    code: 'InvalidObject',
    place: /deploy\/config\.yaml:\d+ \(document 2\)/,
  },
  {
    given: 'generateName',
    files: { 'deploy/config.yaml': configYaml().replace('name: web', 'generateName: web-') },
    code: 'InvalidObject',
    place: /deploy\/config\.yaml:\d+/,
  },
  {
    given: 'the same object twice',
    files: { 'deploy/config.yaml': `${configYaml()}---\n${configYaml()}` },
    code: 'DuplicateObject',
    place: /deploy\/config\.yaml:\d+ \(document 2\)/,
  },
];

test.concurrent(
  'files that cannot be rendered: one error that names file, document and line, and the commit is reverted',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const mark = await auditMark();
    for (const { given, files, code, place } of broken) {
      await shop.patchSpec({ rollback: { limit: { reverts: 100 } } });
      const bad = await shop.person.publish(given, files);
      const revert = await shop.revertOf(bad);
      const { history = [] } = await shop.healthyAt(revert);
      expect(history[1], given).toMatchObject({ commit: bad, outcome: 'Reverted' });
      expect(history[1]?.reason, given).toMatch(new RegExp(`^${code}: `));
      expect(history[1]?.reason, given).toMatch(place);
      expect(await messageOf(shop, revert), given).toMatch(/deploy\/config\.yaml:\d+/);
      expect(await commitsSince(shop, bad)).toEqual([revert]);
      await shop.person.pull();
    }
    expect(await writesTo(shop, mark)).toEqual([]);
  }),
);

test.concurrent(
  'a first commit that cannot be rendered: the status says where and why, nothing is applied, and the next one is',
  inShop(
    { files: { ...shopFiles(), 'deploy/config.yaml': `${configYaml()}---\nkind: ConfigMap\n` } },
    async (shop) => {
      await shop.agent();
      const entry = await endedAs(shop, shop.first, 'Held');
      expect(entry.reason).toMatch(
        /^NoHealthyRevision: deploy\/config\.yaml:\d+ \(document 2\): .*apiVersion/,
      );
      expect(readyOf(await shop.status())?.message).toContain('deploy/config.yaml:');
      expect(await shop.cluster.find('deployment', 'web', shop.namespace)).toBeUndefined();
      const next = await shop.person.publish('repaired', { 'deploy/config.yaml': configYaml() });
      await shop.healthyAt(next);
    },
  ),
);

/** A second App of the same repository, by the same account. */
async function second(shop: Shop): Promise<void> {
  const app = appOf(shop.namespace, shop.url, { source: { path: 'second' } });
  await shop.cluster.apply({ ...app, metadata: { name: 'second', namespace: shop.namespace } });
}

const secondYaml = (banner: string) => configYaml({ banner }).replace('name: web', 'name: second');

test.concurrent(
  'a symbolic link is a clear error for the App that would read it, and the other App goes on',
  inShop({ files: { ...shopFiles(), 'second/config.yaml': secondYaml('one') } }, async (shop) => {
    await second(shop);
    await shop.agent();
    await shop.healthyAt(shop.first);
    symlinkSync('/etc/passwd', join(shop.person.dir, 'deploy/secret.yaml'));
    const bad = await shop.person.publish('a link', { 'second/config.yaml': secondYaml('two') });
    const revert = await shop.revertOf(bad);
    const { history = [] } = await shop.healthyAt(revert);
    expect(history[1]?.reason).toMatch(/^NotSupported: deploy\/secret\.yaml: .*symbolic link/);
    await eventually(
      async () =>
        expect((await live(shop.cluster, 'configmaps', shop.namespace, 'second')).data.banner).toBe('two'),
      { timeoutMs: 60_000 },
    );
    // What the other App released stays in the branch.
    expect(await git(shop, 'show', 'main:second/config.yaml')).toContain('two');
    expect(await git(shop, 'ls-tree', '-r', '--name-only', 'main')).not.toContain('deploy/secret.yaml');
  }),
);

test.concurrent(
  'a path that leads out of the repository is a clear error, and the other App goes on',
  inShop({ files: { ...shopFiles(), 'second/config.yaml': secondYaml('one') } }, async (shop) => {
    await second(shop);
    await shop.agent();
    await shop.healthyAt(shop.first);
    const bad = await hostileCommit(shop);
    const status = await statusWhere(
      shop,
      'the commit to be refused',
      ({ history, conditions }) =>
        history?.some(({ commit }) => commit === bad) ||
        conditions?.some(({ type, status: is }) => type === 'Stalled' && is === 'True'),
    );
    const said = `${readyOf(status)?.message} ${status.history?.[0]?.reason}`;
    expect(said).toContain('..');
    const secondApp = async () => (await live(shop.cluster, 'apps', shop.namespace, 'second')).status;
    await patch(shop.cluster, pathOf('apps', shop.namespace, 'second'), {
      metadata: { annotations: { 'pawl.dev/requested-at': 'now' } },
    });
    await eventually(async () => expect((await secondApp()).lastHandledRequest).toBe('now'), {
      timeoutMs: 60_000,
    });
    expect(readyOf(await secondApp())?.status).toBe('True');
    await expectImage(shop, '1.17');
  }),
);

/** A commit that no git client makes: a folder `..` below the App's path. */
async function hostileCommit(shop: Shop): Promise<string> {
  const input = async (text: Buffer | string, ...args: string[]) => {
    shop.person.write({ '.git/input': text });
    return shop.person.git(
      '--git-dir',
      shop.git.repositoryDir('shop'),
      ...args,
      join(shop.person.dir, '.git/input'),
    );
  };
  const blob = await input(configYaml(), 'hash-object', '-w');
  const entry = (mode: string, name: string, id: string) =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]);
  const tree = (content: Buffer) => input(content, 'hash-object', '-w', '-t', 'tree', '--literally');
  const inner = await tree(entry('100644', 'evil.yaml', blob));
  const deploy = await tree(entry('40000', '..', inner));
  const other = await git(shop, 'rev-parse', 'main:second');
  const root = await tree(Buffer.concat([entry('40000', 'deploy', deploy), entry('40000', 'second', other)]));
  const commit = await git(shop, 'commit-tree', root, '-p', 'main', '-m', 'out of here');
  await git(shop, 'update-ref', 'refs/heads/main', commit);
  return commit;
}
