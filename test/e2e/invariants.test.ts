// The invariants of the design that are about git and the cluster's objects: I1 to I5 and I7. (Those about processes
// are in invariants-processes.test.ts.)
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AppStatus } from '../../src/model/app.ts';
import { auditMark, auditSince, writes } from '../support/audit.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/git-server.ts';
import { patch, pathOf } from '../support/objects.ts';
import { configYaml, inShop, type Shop, type ShopOptions, shopFiles, webYaml } from '../support/shop.ts';
import { breakPods, endedAs, git, looks, readyOf, revertsOf, statusWhere } from '../support/world.ts';

const image = (tag: string) => `registry.example.com/shop/web:${tag}`;
const web = (tag: string) => ({ 'deploy/web.yaml': webYaml({ image: image(tag) }) });
const partOf = 'applyset.kubernetes.io/part-of';

/** All updates of refs that the server took, as its post-receive hook saw them. */
function recordUpdates(shop: Shop): () => { old: string; new: string; ref: string }[] {
  const path = join(temporaryFolder('updates'), 'log');
  shop.git.setHook('shop', 'post-receive', `#!/bin/sh\ncat >> '${path}'\n`);
  return () =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [old = '', to = '', ref = ''] = line.split(' ');
        return { old, new: to, ref };
      });
}

test(
  'I1: the branch moves only forward, and from the head that was decided on',
  inShop({}, async (shop) => {
    const updates = recordUpdates(shop);
    await shop.agent();
    await shop.healthyAt(shop.first);
    // Somebody pushes after Pawl has read where the branch is, and when it tries anew, somebody before it has. The
    // server would take a forced push.
    const meanwhile: string[] = [];
    const publish = async (text: string) => {
      meanwhile.push(await shop.person.publish(text, { 'README.md': `${text}\n` }));
    };
    shop.git.setFault({
      kind: 'beforeReceive',
      times: 1,
      async run() {
        await publish('Closed on Sundays.');
        const on = ['receive-pack refs' as const];
        shop.git.setFault({ kind: 'beforeReceive', on, times: 1, run: () => publish('Open on Sundays.') });
      },
    });
    const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
    const revert = await shop.revertOf(bad);
    await shop.healthyAt(revert);

    const [one = '', other = ''] = meanwhile;
    const ref = 'refs/heads/main';
    expect(updates()).toEqual([
      { old: shop.first, new: bad, ref },
      { old: bad, new: one, ref },
      { old: one, new: other, ref },
      { old: other, new: revert, ref },
    ]);
    expect(await git(shop, 'rev-parse', `${revert}^@`)).toBe(other);
    expect(await git(shop, 'for-each-ref', '--format=%(refname)')).toBe(ref);
    expect(await revertsOf(shop, bad)).toEqual([revert]);
    expect(await git(shop, 'show', 'main:README.md')).toBe('Open on Sundays.');
  }),
);

test(
  'I2: the intent stands in the status, with the exact bytes of the commit, before the branch moves',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const arrived: { status: AppStatus; head: string }[] = [];
    shop.git.setFault({
      kind: 'beforeReceive',
      times: 1,
      run: async () => {
        arrived.push({ status: await shop.status(), head: await shop.head() });
      },
    });
    const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
    const revert = await shop.revertOf(bad);

    const [{ status, head } = { status: {} as AppStatus, head: '' }] = arrived;
    expect(head).toBe(bad);
    expect(status.release).toMatchObject({ commit: bad, phase: 'Reverting' });
    expect(status.revert).toMatchObject({ commits: [bad], restores: shop.first, onto: bad, commit: revert });
    const stored = Buffer.from(status.revert?.bytes ?? '', 'base64').toString('utf8');
    // `git` takes off the last line break.
    expect(stored.replace(/\n$/, '')).toBe(await git(shop, 'cat-file', 'commit', revert));
    await shop.healthyAt(revert);
  }),
);

const workerYaml = `apiVersion: apps/v1
kind: Deployment
metadata: { name: worker }
spec:
  selector: { matchLabels: { app: worker } }
  template:
    metadata: { labels: { app: worker } }
    spec:
      containers: [{ name: worker, image: registry.example.com/shop/worker:1.0 }]
`;

/** Each plays until the commit that is not to be reverted, which it returns. */
const notReverted: {
  name: string;
  options?: ShopOptions;
  play: (shop: Shop) => Promise<string>;
  outcome: 'Held' | 'Unknown';
  reason: RegExp;
}[] = [
  {
    name: 'without a healthy revision',
    options: { files: { ...shopFiles(), ...web('1.17-crash') } },
    play: async (shop) => shop.first,
    outcome: 'Held',
    reason: /^NoHealthyRevision: /,
  },
  {
    name: 'to a revision that is no ancestor of the head',
    async play(shop) {
      await shop.healthyAt(shop.first);
      shop.person.write(web('1.18-crash'));
      await shop.person.git('commit', '--quiet', '--all', '--amend', '--message', 'history rewritten');
      await shop.person.push('--force', 'origin', 'HEAD');
      return shop.person.head();
    },
    outcome: 'Held',
    reason: /^HealthyNotAncestor: /,
  },
  {
    name: 'to a revision of another source',
    options: { files: { ...shopFiles(), 'canary/web.yaml': webYaml({ image: image('2.0-crash') }) } },
    async play(shop) {
      await shop.healthyAt(shop.first);
      const commit = await shop.person.publish('canary', {
        'canary/config.yaml': configYaml({ banner: 'Canary' }),
      });
      await shop.patchSpec({ source: { path: 'canary' } });
      return commit;
    },
    outcome: 'Held',
    reason: /^SourceChanged: /,
  },
  {
    name: 'for an object that the commit did not change',
    options: {
      files: { ...shopFiles(), 'deploy/worker.yaml': workerYaml },
      spec: { health: { timeout: '8s' } },
    },
    async play(shop) {
      await shop.healthyAt(shop.first);
      // The new pods of web take a moment, in which the worker falls ill by itself.
      const commit = await shop.person.publish('web 1.18', {
        'deploy/web.yaml': webYaml({ image: image('1.18-slow'), replicas: 1 }).replace(
          'labels: { app: web }\n    spec',
          'labels: { app: web }\n      annotations: { sandbox.pawl.dev/ready-after: "2s" }\n    spec',
        ),
      });
      await statusWhere(shop, 'the release to be verified', isVerifying(commit));
      await breakPods(shop, 'worker');
      return commit;
    },
    outcome: 'Unknown',
    reason: /\/Deployment\/worker is not ready in time, and .* this release did not change it/,
  },
];

for (const { name, options, play, outcome, reason } of notReverted) {
  test(
    `I3: nothing is reverted ${name}`,
    inShop(options ?? {}, async (shop) => {
      await shop.agent();
      const commit = await play(shop);
      const entry = await endedAs(shop, commit, outcome);
      expect(entry.reason).toMatch(reason);
      const mark = shop.git.mark();
      await looks(shop);
      expect(await shop.head()).toBe(commit);
      expect(shop.git.since(mark).filter(({ operation }) => operation.startsWith('receive-pack'))).toEqual(
        [],
      );
      expect((await shop.status()).revert).toBeUndefined();
    }),
  );
}

test(
  'a first release that fails is held, said loudly, and healed by a later commit',
  inShop({ files: { ...shopFiles(), ...web('1.17-crash') } }, async (shop) => {
    await shop.agent();
    await endedAs(shop, shop.first, 'Held');
    const status = await shop.status();
    expect(readyOf(status)).toMatchObject({ status: 'False', reason: 'Held' });
    expect(status.conditions?.find(({ type }) => type === 'Stalled')?.status).toBe('True');
    expect(status.healthy).toBeUndefined();
    expect(await shop.head()).toBe(shop.first);
    const fix = await shop.person.publish('web 1.18', web('1.18'));
    await shop.healthyAt(fix);
  }),
);

test(
  'I4: neither a render that failed nor one that came out empty deletes anything',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const uids = await uidsOf(shop);
    const mark = await auditMark();

    const broken = await shop.person.publish('broken', { 'deploy/web.yaml': 'kind: [Deployment\n' });
    const revert = await shop.revertOf(broken);
    await shop.healthyAt(revert);
    await shop.person.pull();
    const empty = await shop.person.publish('empty', {
      'deploy/web.yaml': null,
      'deploy/config.yaml': '# nothing is left\n',
    });
    // Nothing at all is far more often a moved folder than a wish: a person is asked.
    await statusWhere(shop, 'the empty commit to be held', ({ history }) =>
      history?.some(({ commit, outcome, reason }) => {
        return commit === empty && outcome === 'Held' && reason.startsWith('NothingRendered');
      }),
    );
    await looks(shop);
    expect(await shop.head()).toBe(empty);

    expect(await uidsOf(shop)).toEqual(uids);
    const deletions = writes(await auditSince(mark))
      .filter(({ verb, namespace }) => verb.startsWith('delete') && namespace === shop.namespace)
      .filter(({ impersonatedUser }) => impersonatedUser !== undefined);
    expect(deletions).toEqual([]);
  }),
);

test(
  'I5: only members are pruned: not what lost the label, not what is of another App, not what was made anew',
  inShop({}, async (shop) => {
    const names = ['member', 'released', 'taken', 'anew'];
    const extra = names.map((name) => configYaml().replace('name: web', `name: ${name}`)).join('---\n');
    const second = await shop.person.publish('four more', { 'deploy/extra.yaml': extra });
    const agent = await shop.agent();
    await shop.healthyAt(second);
    await agent.stop();

    const { cluster, namespace } = shop;
    const pathTo = (name: string) => pathOf('configmaps', namespace, name);
    await patch(cluster, pathTo('released'), { metadata: { labels: { [partOf]: null } } });
    await patch(cluster, pathTo('taken'), { metadata: { labels: { [partOf]: 'applyset-of-another-v1' } } });
    await cluster.request({ method: 'DELETE', path: pathTo('anew') });
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'anew' } };
    await cluster.request({ method: 'POST', path: pathOf('configmaps', namespace), body });
    const mark = await auditMark();
    const third = await shop.person.publish('three less', { 'deploy/extra.yaml': null });
    await shop.agent();
    await shop.healthyAt(third);
    // The record of the kinds to look through is brought up to date after the last deletion.
    await statusWhere(shop, 'the outcomes to be recorded', ({ objects }) =>
      objects?.outcomes.some(({ object, outcome }) => object.includes('member') && outcome === 'pruned'),
    );

    await eventually(async () => {
      const found = await Promise.all(names.map((name) => cluster.find('configmaps', name, namespace)));
      expect(found.map((object) => object?.metadata.name)).toEqual([undefined, 'released', 'taken', 'anew']);
    });
    const deleted = writes(await auditSince(mark)).filter(
      (event) =>
        event.verb.startsWith('delete') && event.resource === 'configmaps' && event.namespace === namespace,
    );
    expect(deleted.map(({ name, code }) => `${name} ${code}`)).toEqual(['member 200']);
  }),
);

test(
  "I7: an App's objects are written as its service account alone, and git by a revert alone",
  inShop({}, async (shop) => {
    const { namespace } = shop;
    const mark = await auditMark();
    await shop.agent();
    await shop.healthyAt(shop.first);
    const second = await shop.person.publish('web 1.18, and one more', {
      ...web('1.18'),
      'deploy/extra.yaml': configYaml().replace('name: web', 'name: extra'),
    });
    await shop.healthyAt(second);
    await patch(shop.cluster, pathOf('configmaps', namespace, 'web'), { data: { banner: 'Hacked' } });
    const third = await shop.person.publish('one less', { 'deploy/extra.yaml': null });
    await shop.healthyAt(third);
    // No push was even prepared, so far.
    expect(shop.git.requests.filter(({ operation }) => operation.startsWith('receive-pack'))).toEqual([]);
    const bad = await shop.person.publish('web 1.19', web('1.19-crash'));
    await shop.healthyAt(await shop.revertOf(bad));
    const pushes = shop.git.requests.filter(({ operation }) => operation === 'receive-pack');
    expect(pushes.map(({ user, status }) => `${user} ${status}`)).toEqual(['pawl 200']);

    const events = writes(await auditSince(mark)).filter((event) => event.namespace === namespace);
    const account = (name: string) => `system:serviceaccount:${namespace}:${name}`;
    const pawls = events.filter(({ user }) => user === account('pawl'));
    const own = pawls.filter(({ impersonatedUser }) => impersonatedUser === undefined);
    const impersonated = pawls.filter((event) => !own.includes(event));
    expect([...new Set(impersonated.map(({ impersonatedUser }) => impersonatedUser))]).toEqual([
      account('shop-deployer'),
    ]);
    const kinds = (list: typeof events) =>
      [
        ...new Set(list.map((event) => [event.resource, event.subresource].filter(Boolean).join('/'))),
      ].toSorted();
    expect(kinds(impersonated)).toEqual(['configmaps', 'deployments', 'services']);
    // The one Secret is the installation's key, which is made once.
    expect(kinds(own)).toEqual(['apps', 'apps/status', 'events', 'leases', 'secrets']);
    expect(own.filter(({ resource }) => resource === 'secrets').map(({ verb }) => verb)).toEqual(['create']);
    // Dry-runs of objects too: nothing is judged by other rights than those it is applied with.
    const dryRuns = (await auditSince(mark)).filter((event) => event.namespace === namespace && event.dryRun);
    expect(dryRuns.filter(({ impersonatedUser }) => impersonatedUser !== account('shop-deployer'))).toEqual(
      [],
    );
    // And nobody writes as the account but Pawl.
    expect(events.filter(({ user }) => user === account('shop-deployer'))).toEqual([]);
  }),
);

function isVerifying(commit: string): (status: AppStatus) => boolean {
  return ({ release }) => release?.commit === commit && release.phase === 'Verifying';
}

async function uidsOf(shop: Shop): Promise<Record<string, string>> {
  const uids: Record<string, string> = {};
  for (const kind of ['deployments', 'services', 'configmaps'] as const) {
    const items = await shop.cluster.list(kind, shop.namespace);
    for (const { metadata } of items) uids[`${kind}/${metadata.name}`] = metadata.uid;
  }
  return uids;
}
