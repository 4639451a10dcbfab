// Checks: requests to the App's own Services, asked once every object is ready and all through the soak.
import type { ServerResponse } from 'node:http';
import { expect, test, vi } from 'vitest';
import { inShop, type Shop, shopFiles, webYaml } from '../support/shop.ts';
import { listenAtService } from '../support/service-address.ts';
import { endedAs, imageOf, messageOf, readyOf, revertsOf, statusWhere } from '../support/world.ts';

vi.setConfig({ testTimeout: 300_000 });

const web = (tag: string) => webYaml({ image: `registry.example.com/shop/web:${tag}` });

const smoke = {
  name: 'smoke',
  http: {
    service: 'web',
    port: 'http',
    path: '/healthz?deep=1',
    headers: { 'X-Probe': 'pawl' },
    host: 'shop.example.com',
    body: 'all is well',
    times: 2,
    interval: '300ms',
    timeout: '2s',
  },
};
const fast = { CheckFailed: { after: '2500ms', count: 2 }, Confirmation: { after: '500ms' } };
const spec = { health: { timeout: '60s', checks: [smoke], thresholds: fast } };

/** What the shop's web answers, by what is deployed. */
type Answers = (tag: string) => { status: number; body: string };

async function answer(shop: Shop, answers: Answers, response: ServerResponse): Promise<void> {
  const { status, body } = answers(imageOf(await shop.deployment()).split(':')[1] ?? '');
  response.writeHead(status, { location: 'http://127.0.0.1:1/elsewhere' }).end(body);
}

const well = { status: 200, body: 'S3cret <p>all is well</p>' };
const ill = { status: 500, body: 'S3cret stack trace' };

test(
  'a commit whose Service answers with errors is reverted, one that was answered so before is not',
  inShop({ spec }, async (shop) => {
    let answers: Answers = () => well;
    await shop.agent();
    const listening = await listenAtService(shop, (_, response) => void answer(shop, answers, response));
    await shop.healthyAt(shop.first, 120_000);
    expect(listening.asked[0]).toMatchObject({
      method: 'GET',
      path: '/healthz?deep=1',
      headers: { host: 'shop.example.com', 'x-probe': 'pawl' },
    });
    expect(listening.asked.length).toBeGreaterThanOrEqual(2);

    // Ready pods, and a site that is down.
    answers = (tag) => (tag === '1.18' ? ill : well);
    const bad = await shop.person.publish('web 1.18', { 'deploy/web.yaml': web('1.18') });
    await statusWhere(shop, 'the status to tell of the check', (status) =>
      readyOf(status)?.message.includes('check smoke: status 500'),
    );
    const revert = await shop.revertOf(bad, 90_000);
    const message = await messageOf(shop, revert);
    expect(message).toMatch(/^check smoke: status 500 after \d+ ms, \d+ times in a row$/m);
    expect(message).not.toContain('S3cret');
    await shop.healthyAt(revert, 90_000);
    expect(imageOf(await shop.deployment())).toMatch(/:1\.17$/);
    expect(JSON.stringify(await shop.status())).not.toContain('S3cret');

    await shop.person.pull();
    // A redirect is an answer that was not wanted, and is not followed.
    answers = (tag) => (tag === '1.19' ? { status: 302, body: '' } : well);
    const moved = await shop.person.publish('web 1.19', { 'deploy/web.yaml': web('1.19') });
    expect(await messageOf(shop, await shop.revertOf(moved, 90_000))).toContain('check smoke: status 302');
    await shop.healthyAt(await shop.head(), 90_000);

    await shop.person.pull();
    // It fails before anything is applied: whatever comes next is not to blame.
    answers = () => ill;
    const innocent = await shop.person.publish('web 1.20', { 'deploy/web.yaml': web('1.20') });
    expect((await endedAs(shop, innocent, 'Unknown', 90_000)).reason).toContain('CheckFailedBefore');
    expect(await revertsOf(shop, innocent)).toEqual([]);
    answers = () => well;
    await shop.healthyAt(innocent, 90_000);

    // A Service that could lead anywhere is not asked, and nothing of the commit is applied.
    const elsewhere = await shop.person.publish('somewhere else', {
      'deploy/web.yaml': web('1.21').replace(
        /spec:\n {2}selector: \{ app: web \}\n {2}ports/,
        'spec:\n  type: ExternalName\n  externalName: metadata.internal\n  ports',
      ),
    });
    expect((await endedAs(shop, elsewhere, 'Unknown', 90_000)).reason).toMatch(/CheckRefused.*ExternalName/);
    expect(imageOf(await shop.deployment())).toMatch(/:1\.20$/);
    expect(await revertsOf(shop, elsewhere)).toEqual([]);

    // During the soak: well at first, ill a little later.
    const back = await shop.person.publish('web 1.20 again', { 'deploy/web.yaml': web('1.20') });
    await shop.healthyAt(back, 90_000);
    await shop.patchSpec({ health: { soak: '8s' } });
    let soaking = false;
    answers = (tag) => (tag === '1.22' && soaking ? ill : well);
    const late = await shop.person.publish('web 1.22', { 'deploy/web.yaml': web('1.22') });
    await statusWhere(
      shop,
      'the soak',
      (status) => readyOf(status)?.message.includes('has to stay so'),
      90_000,
    );
    soaking = true;
    expect(await messageOf(shop, await shop.revertOf(late, 90_000))).toContain('check smoke: status 500');

    // A check that the App is given in the middle, and that nothing can pass: not the commit's fault.
    await shop.person.pull();
    answers = () => well;
    await shop.healthyAt(await shop.head(), 90_000);
    const meanwhile = await shop.person.publish('web 1.23', { 'deploy/web.yaml': web('1.23') });
    await statusWhere(
      shop,
      'the soak of 1.23',
      ({ release }) => release?.commit === meanwhile && release.phase === 'Verifying',
      90_000,
    );
    const wrong = { name: 'wrong', http: { ...smoke.http, body: 'nobody says this' } };
    await shop.patchSpec({ health: { checks: [smoke, wrong] } });
    expect((await endedAs(shop, meanwhile, 'Unknown', 90_000)).reason).toContain('CheckNotAskedBefore');
    expect(await revertsOf(shop, meanwhile)).toEqual([]);
    await shop.patchSpec({ health: { checks: [smoke] } });
    await shop.healthyAt(meanwhile, 90_000);
  }),
);

test(
  'pods that are ready and die again and again during the soak fail the release',
  inShop(
    {
      files: shopFiles({ replicas: 1 }),
      spec: {
        health: { timeout: '60s', soak: '1s', thresholds: { ...fast, CrashLoopBackOff: { count: 2 } } },
      },
    },
    async (shop) => {
      await shop.agent();
      await shop.healthyAt(shop.first, 120_000);
      await shop.patchSpec({ health: { soak: '60s' } });
      const image = 'registry.example.com/shop/web:1.18-crashlate';
      const bad = await shop.person.publish('web 1.18', {
        'deploy/web.yaml': webYaml({ image, replicas: 1 }),
      });
      const message = await messageOf(shop, await shop.revertOf(bad, 120_000));
      expect(message).toMatch(/Deployment\/web: Restarted, exit code 1, \d+ restarts during the soak/);
    },
  ),
);
