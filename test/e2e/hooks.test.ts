// Hooks: Jobs that run at a place of their own in a release, once per content.
import { expect, test, vi } from 'vitest';
import { auditMark, auditSince, writes } from '../support/audit.ts';
import { eventually } from '../support/eventually.ts';
import { appOf, inShop, type Shop, shopFiles, webYaml } from '../support/shop.ts';
import { put } from '../support/objects.ts';
import { verifying } from '../support/plays.ts';
import { endedAs, imageOf, looks, messageOf, revertsOf, statusWhere } from '../support/world.ts';

vi.setConfig({ testTimeout: 300_000 });

interface Of {
  name: string;
  hook: string;
  tag?: string;
  readyAfter?: string;
  /** Its pod is ready and at work, and does not end. */
  hangs?: boolean;
  ttl?: number;
}

function jobYaml({ name, hook, tag = '1', readyAfter, hangs = false, ttl }: Of): string {
  const play = hangs ? '-crashlate' : readyAfter === undefined ? '' : '-slow';
  return `apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}
  annotations: { pawl.dev/hook: "${hook}" }
spec:
  backoffLimit: 0${ttl === undefined ? '' : `\n  ttlSecondsAfterFinished: ${ttl}`}
  template:
    metadata:
      annotations: { sandbox.pawl.dev/ready-after: "${readyAfter ?? '1s'}"${hangs ? ', sandbox.pawl.dev/time-scale: "400"' : ''} }
    spec:
      restartPolicy: Never
      containers:
        - name: job
          image: registry.example.com/shop/job:${tag}${play}
`;
}

const web = (tag: string) => webYaml({ image: `registry.example.com/shop/web:${tag}` });

const migrate = (tag: string, more: Partial<Of> = {}) => ({
  'deploy/migrate.yaml': jobYaml({ name: 'migrate', hook: 'pre', tag, ...more }),
});
const verify = (tag: string, hook = 'verify') => ({
  'deploy/verify.yaml': jobYaml({ name: 'verify', hook, tag }),
});
const notify = (tag: string) => ({ 'deploy/notify.yaml': jobYaml({ name: 'notify', hook: 'post', tag }) });

/** What was done to Jobs and Deployments since, by Pawl, oldest first. */
async function done(shop: Shop, mark: number): Promise<string[]> {
  return writes(await auditSince(mark))
    .filter(
      ({ namespace, resource, subresource, impersonatedUser, code }) =>
        namespace === shop.namespace &&
        ['jobs', 'deployments'].includes(resource) &&
        subresource === '' &&
        impersonatedUser !== undefined &&
        code < 300,
    )
    .map(({ verb, name, code }) => `${verb === 'patch' ? (code === 201 ? 'make' : 'change') : verb} ${name}`);
}

const find = (shop: Shop, name: string) => shop.cluster.find('job', name, shop.namespace);

const spec = { health: { timeout: '60s' } };

test.concurrent(
  'hooks run before, beside and after a release, each once per content',
  inShop(
    { spec, files: { ...shopFiles(), ...migrate('1'), ...verify('1'), ...notify('1') } },
    async (shop) => {
      const mark = await auditMark();
      await shop.agent();
      await shop.healthyAt(shop.first, 120_000);
      await eventually(async () => expect((await find(shop, 'notify'))?.status?.succeeded).toBe(1), {
        timeoutMs: 30_000,
      });
      expect(await done(shop, mark)).toEqual(['make migrate', 'make web', 'make verify', 'make notify']);

      // Gone, by a time to live or by hand: it has run.
      await shop.cluster.kubectl(['delete', 'job', 'migrate', 'verify', 'notify', '-n', shop.namespace]);
      await looks(shop);
      const other = await shop.person.publish('web 1.18', { 'deploy/web.yaml': web('1.18') });
      await shop.healthyAt(other, 90_000);
      for (const name of ['migrate', 'verify', 'notify']) expect(await find(shop, name)).toBeUndefined();

      // Other content under the same name: made anew, without being asked for it.
      for (const tag of ['2', '3']) {
        const next = await shop.person.publish(`migration ${tag}`, migrate(tag));
        await shop.healthyAt(next, 90_000);
        expect(imageOf(await find(shop, 'migrate'))).toMatch(new RegExp(`:${tag}$`));
      }

      // Its failure fails the release before anything later is touched.
      const broken = await auditMark();
      const bad = await shop.person.publish('migration 4', {
        ...migrate('4-fail'),
        'deploy/web.yaml': web('1.19'),
      });
      const revert = await shop.revertOf(bad, 90_000);
      expect(await messageOf(shop, revert)).toMatch(
        /shop-[^/]*\/Job\/migrate: JobFailed, BackoffLimitExceeded/,
      );
      await shop.healthyAt(revert, 90_000);
      // The way back runs no migration again.
      expect(await done(shop, broken)).toEqual(['delete migrate', 'make migrate']);
      await shop.person.pull();

      // The same content under another commit is tried once more.
      const again = await shop.person.publish('migration 4 again', migrate('4-fail'));
      await shop.revertOf(again, 90_000);
      await shop.healthyAt(await shop.head(), 90_000);
      await shop.person.pull();

      // A check: what was applied is reverted.
      const wrong = await shop.person.publish('web 1.20', {
        ...verify('2-fail'),
        'deploy/web.yaml': web('1.20'),
      });
      const undone = await shop.revertOf(wrong, 90_000);
      expect(await messageOf(shop, undone)).toContain('/Job/verify: JobFailed, BackoffLimitExceeded');
      await shop.healthyAt(undone, 90_000);
      expect(imageOf(await shop.deployment())).toMatch(/:1\.18$/);
      await shop.person.pull();

      // After the verdict: told, and nothing is reverted.
      const late = await shop.person.publish('tell everybody', notify('2-fail'));
      await shop.healthyAt(late, 90_000);
      const status = await statusWhere(shop, 'the failure to be told', ({ objects }) =>
        objects?.outcomes.some(({ object, outcome }) => object.endsWith('/notify') && outcome === 'failed'),
      );
      expect(status.healthy?.commit).toBe(late);
      await looks(shop);
      expect(await revertsOf(shop, late)).toEqual([]);
      const events = await shop.cluster.list('events', shop.namespace);
      expect(events.filter(({ reason }) => reason === 'HookFailed')).toHaveLength(1);
    },
  ),
);

test.concurrent(
  'a hook is never run twice: not by a second process, not for a Job that was there, and again with each release only where it says so',
  inShop({ spec, withoutApp: true }, async (shop) => {
    // Somebody ran it before Pawl came.
    const yaml = jobYaml({ name: 'migrate', hook: 'pre' });
    await shop.cluster.kubectl(['create', '-n', shop.namespace, '-f-'], yaml);
    await eventually(async () => expect((await find(shop, 'migrate'))?.status?.succeeded).toBe(1), {
      timeoutMs: 30_000,
    });
    const before = await find(shop, 'migrate');
    const first = await shop.person.publish('hooks', {
      ...migrate('1'),
      ...verify('1', 'verify, always'),
    });
    await put(shop.cluster, appOf(shop.namespace, shop.url, spec));
    const killed = await shop.agent();
    await shop.healthyAt(first, 120_000);
    expect((await find(shop, 'migrate')).metadata.uid).toBe(before.metadata.uid);
    const verified = (await find(shop, 'verify')).metadata.uid;

    // Killed while it runs.
    const mark = await auditMark();
    const slow = await shop.person.publish('a long migration', migrate('2', { readyAfter: '12s' }));
    const job = await eventually(
      async () => {
        const found = await find(shop, 'migrate');
        expect(found?.spec.template.spec.containers[0].image).toContain(':2-slow');
        return found;
      },
      { timeoutMs: 60_000 },
    );
    expect(job.status.succeeded).toBeUndefined();
    await killed.kill();
    await shop.agent();
    await shop.healthyAt(slow, 120_000);
    expect((await done(shop, mark)).filter((one) => one === 'make migrate')).toHaveLength(1);
    // It says that it runs with every release.
    expect((await find(shop, 'verify')).metadata.uid).not.toBe(verified);

    // Its time to live ends with itself: it is seen to have completed all the same, before it is gone.
    const shortly = await auditMark();
    const brief = await shop.person.publish('a migration that leaves no trace', migrate('2b', { ttl: 0 }));
    await shop.healthyAt(brief, 120_000);
    await eventually(async () => expect(await find(shop, 'migrate')).toBeUndefined(), { timeoutMs: 60_000 });
    await looks(shop);
    expect((await done(shop, shortly)).filter((one) => one === 'make migrate')).toHaveLength(1);

    // Taken away while it runs: nobody's fault, and begun anew.
    const taken = await shop.person.publish('another long migration', migrate('3', { readyAfter: '15s' }));
    await eventually(async () => expect(imageOf(await find(shop, 'migrate'))).toContain(':3-slow'), {
      timeoutMs: 60_000,
    });
    await shop.cluster.kubectl(['delete', 'job', 'migrate', '-n', shop.namespace]);
    expect((await endedAs(shop, taken, 'Unknown', 60_000)).reason).toContain('HookGone');
    await shop.healthyAt(taken, 120_000);
    expect(await revertsOf(shop, taken)).toEqual([]);

    // A failure runs those that run always once more, on the way back.
    const ran = (await find(shop, 'verify')).metadata.uid;
    const bad = await shop.person.publish('web 1.9', { 'deploy/web.yaml': web('1.9-crash') });
    const revert = await shop.revertOf(bad, 90_000);
    await shop.healthyAt(revert, 90_000);
    expect((await find(shop, 'verify')).metadata.uid).not.toBe(ran);
  }),
);

test.concurrent(
  'what hangs holds up neither the way back nor a fix for ever, and what is refused for a moment runs later',
  inShop(
    {
      spec: { health: { timeout: '25s' } },
      files: { ...shopFiles(), ...migrate('1', { hook: 'pre,always' }) },
    },
    async (shop) => {
      await shop.agent();
      await shop.healthyAt(shop.first, 120_000);
      const bad = await shop.person.publish('a migration that hangs', {
        ...migrate('2', { hook: 'pre,always', hangs: true }),
        'deploy/web.yaml': web('1.18'),
      });
      await eventually(async () => expect((await find(shop, 'migrate'))?.status?.ready).toBe(1), {
        timeoutMs: 60_000,
      });
      const revert = await shop.revertOf(bad, 120_000);
      // Given its time, not killed at once.
      await statusWhere(shop, 'the former run to be waited for', ({ conditions }) =>
        conditions?.some(
          ({ reason, message }) => reason === 'HookRunning' && message.includes('it is ended'),
        ),
      );
      await shop.healthyAt(revert, 120_000);
      expect(imageOf(await find(shop, 'migrate'))).toMatch(/:1$/);
      await shop.person.pull();

      // Refused only when its time has come: what a dry-run refuses begins no release.
      await shop.patchSpec({ health: { soak: '12s' } });
      const late = await shop.person.publish('tell everybody', notify('1'));
      await verifying(shop, late);
      await put(shop.cluster, {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'no-jobs', namespace: shop.namespace },
        spec: { hard: { 'count/jobs.batch': '1' } },
      });
      await shop.healthyAt(late, 120_000);
      await statusWhere(shop, 'the refusal to be told', ({ objects }) =>
        objects?.outcomes.some(({ object, outcome }) => object.endsWith('/notify') && outcome === 'refused'),
      );
      await looks(shop);
      expect(await find(shop, 'notify')).toBeUndefined();
      await shop.cluster.kubectl(['delete', 'resourcequota', 'no-jobs', '-n', shop.namespace]);
      await eventually(async () => expect((await find(shop, 'notify'))?.status?.succeeded).toBe(1), {
        timeoutMs: 90_000,
      });
      await statusWhere(shop, 'nothing to be left', ({ objects }) =>
        objects?.outcomes.every(({ object }) => !object.endsWith('/notify')),
      );
    },
  ),
);
