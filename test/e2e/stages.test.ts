// The stages of a release: what a stage changed is ready before the next one is begun.
import { expect, test, vi } from 'vitest';
import { auditMark, auditSince, writes } from '../support/audit.ts';
import { eventually } from '../support/eventually.ts';
import { definitionYaml, everyRight, pumpYaml, workloadYaml } from '../support/extras.ts';
import { live, put } from '../support/objects.ts';
import { configYaml, inShop } from '../support/shop.ts';
import { endedAs, messageOf, statusWhere } from '../support/world.ts';
import { outcomes } from '../support/plays.ts';

vi.setConfig({ testTimeout: 240_000 });

const patient = { spec: { health: { timeout: '5m' } } };

test.concurrent(
  'a stage waits until the one before is ready, and a newer commit ends that wait, too',
  inShop(patient, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const slow = await shop.person.publish('a database that never comes', {
      'deploy/database.yaml': workloadYaml({ name: 'database', tag: '1-neverready', stage: -1 }),
      'deploy/config.yaml': configYaml({ banner: 'With a database' }),
    });
    await statusWhere(
      shop,
      'the stage to be waited for',
      ({ release, conditions }) =>
        release?.commit === slow &&
        release.phase === 'Applying' &&
        conditions?.some(({ message }) => message.includes('stage by stage') && message.includes('database')),
    );
    expect((await live(shop.cluster, 'configmaps', shop.namespace, 'web')).data.banner).toBe(
      'Welcome to the shop',
    );
    // What a later stage holds is kept as it was meanwhile, and not as it is going to be.
    await shop.cluster.kubectl([
      'patch',
      'configmap',
      'web',
      '-n',
      shop.namespace,
      '--type=merge',
      '-p',
      '{"data":{"banner":"by hand"}}',
    ]);
    await eventually(
      async () =>
        expect((await live(shop.cluster, 'configmaps', shop.namespace, 'web')).data.banner).toBe(
          'Welcome to the shop',
        ),
      { timeoutMs: 30_000 },
    );
    const good = await shop.person.publish('a database that comes', {
      'deploy/database.yaml': workloadYaml({ name: 'database', stage: -1 }),
    });
    await shop.healthyAt(good);
    expect(await outcomes(shop)).toEqual([
      [good, 'Healthy'],
      [slow, 'Superseded'],
      [shop.first, 'Healthy'],
    ]);
    expect((await live(shop.cluster, 'configmaps', shop.namespace, 'web')).data.banner).toBe(
      'With a database',
    );
  }),
);

test.concurrent(
  'a workload that fails in an early stage is judged as at the end: reverted, and nothing after it was applied',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const mark = await auditMark();
    const bad = await shop.person.publish('a migration that crashes', {
      'deploy/early.yaml': workloadYaml({ name: 'early', tag: '2-crash', stage: -5 }),
      'deploy/later.yaml': configYaml({ banner: 'later' }).replace('name: web', 'name: later'),
    });
    const revert = await shop.revertOf(bad);
    expect(await messageOf(shop, revert)).toMatch(/Deployment\/early: CrashLoopBackOff, exit code 1/);
    await shop.healthyAt(revert);
    expect((await endedAs(shop, bad, 'Reverted')).revertedBy).toBe(revert);
    const written = writes(await auditSince(mark))
      .filter(({ namespace }) => namespace === shop.namespace)
      .map(({ resource, name }) => `${resource}/${name}`);
    expect(written).toContain('deployments/early');
    expect(written).not.toContain('configmaps/later');
    await eventually(async () =>
      expect(await shop.cluster.find('deployment', 'early', shop.namespace)).toBeUndefined(),
    );
  }),
);

test.concurrent(
  'a workload that lacks what an operator makes of a kind that comes later is waited for as a courtesy, and gets it',
  inShop(
    { spec: { health: { timeout: '90s', thresholds: { FailedCreate: { after: '40s' } } } } },
    async (shop) => {
      const { cluster, namespace } = shop;
      await everyRight(shop);
      await put(cluster, JSON.parse(definitionYaml(namespace)));
      await shop.agent();
      await shop.healthyAt(shop.first);
      const web = JSON.parse(workloadYaml({ name: 'database' }));
      web.spec.template.spec.serviceAccountName = 'made-by-operator';
      const mark = await auditMark();
      const good = await shop.person.publish('a database by an operator', {
        'deploy/database.yaml': JSON.stringify(web),
        'deploy/pump.yaml': pumpYaml(namespace, 'main'),
      });
      // The operator: it makes the account once its object is there.
      await eventually(
        async () => {
          const path = `/apis/${namespace}.example.com/v1/namespaces/${namespace}/pumps/main`;
          expect((await cluster.request({ path })).status).toBe(200);
        },
        { timeoutMs: 60_000 },
      );
      await put(cluster, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'made-by-operator', namespace },
      });
      await shop.healthyAt(good, 90_000);
      expect(await outcomes(shop)).toEqual([
        [good, 'Healthy'],
        [shop.first, 'Healthy'],
      ]);
      const order = writes(await auditSince(mark))
        .filter((one) => one.namespace === namespace && ['database', 'main'].includes(one.name ?? ''))
        .map(({ resource }) => resource);
      expect(order.indexOf('deployments')).toBeLessThan(order.indexOf('pumps'));
      await cluster.tryKubectl(['delete', 'crd', `pumps.${namespace}.example.com`, '--wait=false']);
    },
  ),
);

test.concurrent(
  'a definition with what it defines, a namespace with what is in it: one commit brings them, and a revert leaves neither',
  inShop({ spec: { health: { timeout: '60s' } } }, async (shop) => {
    const { cluster, namespace } = shop;
    await everyRight(shop);
    await shop.agent();
    await shop.healthyAt(shop.first);
    const more = `${namespace}-more`;
    const bad = await shop.person.publish('pumps and a new place, and a bad image', {
      'deploy/a-pump.yaml': pumpYaml(namespace, 'main', { namespace: more }),
      'deploy/definition.yaml': definitionYaml(namespace),
      'deploy/place.yaml': JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: more } }),
      'deploy/there.yaml': configYaml().replace('name: web', `name: there\n  namespace: ${more}`),
      'deploy/zz-last.yaml': workloadYaml({ name: 'last', tag: '1-crash', stage: 9 }),
    });
    const pump = () =>
      cluster.request({ path: `/apis/${namespace}.example.com/v1/namespaces/${more}/pumps/main` });
    await eventually(async () => expect((await pump()).status).toBe(200), { timeoutMs: 60_000 });
    const revert = await shop.revertOf(bad);
    await shop.healthyAt(revert);
    // The garbage collector, which ends a foreground deletion, learns of a new kind every 30 s only.
    await eventually(
      async () => {
        expect((await pump()).status).toBe(404);
        expect(await live(cluster, 'configmaps', more, 'there')).toBeUndefined();
      },
      { timeoutMs: 90_000 },
    );
    // What would take more with it than itself stays until a person says otherwise.
    expect(await cluster.find('crd', `pumps.${namespace}.example.com`)).toBeDefined();

    await shop.person.pull();
    const good = await shop.person.publish('the same again, and a good image', {
      'deploy/a-pump.yaml': pumpYaml(namespace, 'main', { namespace: more }),
      'deploy/definition.yaml': definitionYaml(namespace),
      'deploy/place.yaml': JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: more } }),
      'deploy/there.yaml': configYaml().replace('name: web', `name: there\n  namespace: ${more}`),
    });
    await shop.healthyAt(good);
    expect((await pump()).status).toBe(200);
    await cluster.tryKubectl(['delete', 'crd', `pumps.${namespace}.example.com`, '--wait=false']);
    await cluster.tryKubectl(['delete', 'namespace', more, '--wait=false']);
  }),
);

test.concurrent(
  'held in an early stage: what comes after it is not applied by a restart either; the next commit is released whole',
  inShop({ spec: { rollback: { mode: 'Hold' } } }, async (shop) => {
    const first = await shop.agent();
    await shop.healthyAt(shop.first);
    const bad = await shop.person.publish('an early crash', {
      'deploy/early.yaml': workloadYaml({ name: 'early', tag: '2-crash', stage: -5 }),
      'deploy/later.yaml': configYaml({ banner: 'later' }).replace('name: web', 'name: later'),
    });
    await endedAs(shop, bad, 'Failed');
    const told = (await shop.status()).objects?.outcomes ?? [];
    expect(told.find(({ object }) => object.endsWith('/later'))).toMatchObject({ outcome: 'skipped' });
    await first.kill();
    const second = await shop.agent();
    const where = ['-n', shop.namespace];
    // What was reached is looked after, so the process has taken up what is applied.
    await second.logged(({ msg }) => msg === 'settled');
    await shop.cluster.kubectl(['delete', 'deployment', 'early', ...where]);
    await eventually(
      async () => expect(await shop.cluster.find('deployment', 'early', shop.namespace)).toBeDefined(),
      { timeoutMs: 60_000 },
    );
    expect(await live(shop.cluster, 'configmaps', shop.namespace, 'later')).toBeUndefined();
    const good = await shop.person.publish('no crash', {
      'deploy/early.yaml': workloadYaml({ name: 'early', tag: '2', stage: -5 }),
    });
    await shop.healthyAt(good);
    expect(await live(shop.cluster, 'configmaps', shop.namespace, 'later')).toBeDefined();
  }),
);

test.concurrent(
  'a claim that binds at once is waited for; one that binds with its first pod, or was there before, is not',
  inShop({ spec: { health: { timeout: '90s' } } }, async (shop) => {
    const { cluster, namespace } = shop;
    await everyRight(shop);
    const storageClass = (name: string, volumeBindingMode: string) => ({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: `${name}-${namespace}` },
      provisioner: 'none.example.com',
      volumeBindingMode,
    });
    const claim = (name: string, of: string) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name },
      spec: {
        storageClassName: `${of}-${namespace}`,
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Mi' } },
      },
    });
    for (const one of [storageClass('atonce', 'Immediate'), storageClass('later', 'WaitForFirstConsumer')])
      await cluster.kubectl(['create', '-f-'], JSON.stringify(one));
    const agent = await shop.agent();
    await shop.healthyAt(shop.first);
    const claims = await shop.person.publish('claims', {
      'deploy/data.yaml': JSON.stringify(claim('data', 'atonce')),
      'deploy/unused.yaml': JSON.stringify(claim('unused', 'later')),
    });
    const waiting = await agent.logged(
      ({ msg, message }) => msg === 'waiting' && String(message).includes('PersistentVolumeClaim/data'),
    );
    expect(waiting.message).not.toContain('unused');
    expect((await shop.status()).healthy?.commit).toBe(shop.first);
    await cluster.kubectl(
      ['create', '-f-'],
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: `data-${namespace}` },
        spec: {
          ...claim('data', 'atonce').spec,
          resources: undefined,
          capacity: { storage: '1Mi' },
          claimRef: { namespace, name: 'data' },
          hostPath: { path: '/nowhere' },
        },
      }),
    );
    await shop.healthyAt(claims, 90_000);
    await cluster.tryKubectl(['delete', 'pv', `data-${namespace}`, '--wait=false']);
    await cluster.tryKubectl(['delete', 'storageclass', `atonce-${namespace}`, `later-${namespace}`]);
  }),
);
