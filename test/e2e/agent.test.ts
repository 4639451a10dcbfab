// The agent as a process: what it answers, how it ends, how two share the work, and what it says where it cannot start.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { loadAll } from 'js-yaml';
import { expect, test } from 'vitest';
import { connectApi } from '../../src/sandbox/api.ts';
import { startControlPlane } from '../../src/sandbox/controlplane.ts';
import { type Agent, startAgent } from '../support/agent.ts';
import { type Json, testCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { live, put } from '../support/objects.ts';
import { commitsSince, web } from '../support/plays.ts';
import { appOf, inShop, type Shop } from '../support/shop.ts';
import { looks, readyOf } from '../support/world.ts';

const root = new URL('../../', import.meta.url).pathname;
const patient = { timeoutMs: 60_000 };

async function ask(agent: Agent, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${await agent.url()}${path}`);
  return { status: response.status, text: await response.text() };
}

/** The value of a metric with these labels, as a scraper would read it. */
async function metric(agent: Agent, name: string, ...labels: string[]): Promise<number | undefined> {
  const { text } = await ask(agent, '/metrics');
  const line = text
    .split('\n')
    .find((one) => one.startsWith(`${name}{`) && labels.every((label) => one.includes(label)));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

/** The identity of the agent that leads; empty where none does. */
async function holder(shop: Shop): Promise<string> {
  const { status, body } = await shop.cluster.request({
    path: `/apis/coordination.k8s.io/v1/namespaces/${shop.namespace}/leases/pawl`,
  });
  return status === 200 ? (body.spec.holderIdentity ?? '') : '';
}

async function identityOf(agent: Agent): Promise<string> {
  return (await agent.logged((line) => line.msg === 'pawl starts')).identity;
}

async function leads(shop: Shop, agent: Agent): Promise<void> {
  const identity = await identityOf(agent);
  await eventually(async () => expect(await holder(shop)).toBe(identity), patient);
}

test.concurrent(
  'it answers /healthz, /readyz and /metrics, and counts what it does',
  inShop({}, async (shop) => {
    const agent = await shop.agent();
    await shop.healthyAt(shop.first);
    for (const path of ['/healthz', '/readyz'])
      expect(await ask(agent, path)).toEqual({ status: 200, text: 'ok\n' });
    expect((await ask(agent, '/other')).status).toBe(404);
    const { text } = await ask(agent, '/metrics');
    expect(text).toContain('# TYPE pawl_releases_total counter');
    const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
    await shop.healthyAt(await shop.revertOf(bad));
    await eventually(async () => {
      expect(await metric(agent, 'pawl_releases_total', 'Healthy')).toBe(2);
      expect(await metric(agent, 'pawl_releases_total', 'Reverted')).toBe(1);
      expect(await metric(agent, 'pawl_reverts_total')).toBe(1);
      expect(await metric(agent, 'pawl_app_healthy')).toBe(1);
    }, patient);
  }),
);

test.concurrent(
  'SIGTERM ends it with exit code 0 and gives the lease back, so that another takes over long before it would run out',
  inShop({}, async (shop) => {
    const first = await shop.agent({ flags: ['--lease-duration=3600'] });
    await leads(shop, first);
    await shop.healthyAt(shop.first);
    const second = await shop.agent();
    await eventually(async () => expect((await ask(second, '/readyz')).status).toBe(200), patient);
    expect(await holder(shop)).toBe(await identityOf(first));
    expect(await first.stop()).toBe(0);
    await leads(shop, second);
    const next = await shop.person.publish('web 1.18', web('1.18'));
    await shop.healthyAt(next);
    expect(await second.stop()).toBe(0);
    expect(await holder(shop)).toBe('');
  }),
);

test.concurrent(
  'of two with one lease one leads, and the other takes over when it dies',
  inShop({}, async (shop) => {
    const one = await shop.agent();
    await leads(shop, one);
    const other = await shop.agent();
    await shop.healthyAt(shop.first);
    const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
    const revert = await shop.revertOf(bad);
    await shop.healthyAt(revert);
    await looks(shop);
    expect(await holder(shop)).toBe(await identityOf(one));
    expect(await metric(other, 'pawl_releases_total')).toBeUndefined();
    expect(await commitsSince(shop, bad)).toEqual([revert]);

    await one.kill();
    await leads(shop, other);
    await shop.person.pull();
    const next = await shop.person.publish('web 1.19', web('1.19'));
    await shop.healthyAt(next);
  }),
);

/** Runs it until it ends by itself. */
function runToEnd(...flags: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const args = [`${root}src/main.ts`, 'run', '--listen=127.0.0.1:0', ...flags];
    const env = { PATH: process.env.PATH };
    const child = execFile(process.execPath, args, { env }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, output: `${stdout}${stderr}` });
    });
  });
}

test('a kubeconfig that is not there, and an address that is taken, end it with an error that says what to do', async () => {
  const missing = await runToEnd('--kubeconfig=/nonexistent/kubeconfig');
  expect(missing.code).toBe(2);
  expect(missing.output).toContain('/nonexistent/kubeconfig');
  expect(missing.output).toMatch(/hint: \S/);
  expect(missing.output).not.toMatch(/^ +at /m);

  const { kubeconfig } = await testCluster();
  const taken = await takenPort();
  const busy = await runToEnd(`--kubeconfig=${kubeconfig}`, `--listen=127.0.0.1:${taken.port}`);
  await taken.close();
  expect(busy.code).toBe(2);
  expect(busy.output).toContain(`127.0.0.1:${taken.port}`);
  expect(busy.output).not.toMatch(/^ +at /m);

  const wrong = await runToEnd('--lease-duration=none');
  expect(wrong.code).toBe(2);
  expect(wrong.output).toContain('--lease-duration');
});

/** A port that somebody listens at. */
async function takenPort(): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

test('the definition of Apps that is installed after the agent is found without a restart', async () => {
  // A cluster of its own: the definition is there for all.
  const controlPlane = await startControlPlane({ signal: new AbortController().signal, timeScale: 0.05 });
  const api = connectApi(controlPlane);
  try {
    const agent = await startAgent({
      kubeconfig: controlPlane.kubeconfig,
      namespace: 'default',
      appNamespace: 'default',
    });
    const lease = { path: '/apis/coordination.k8s.io/v1/namespaces/default/leases/pawl' };
    await eventually(async () => expect((await api.request(lease)).status).toBe(200), patient);
    // It has asked for Apps, and was told that there is no such thing.
    await agent.logged((line) => line.kind === 'App' && line.level === 'warn');
    await put(api, ...(loadAll(readFileSync(`${root}manifests/crd.yaml`, 'utf8')) as Json[]));
    const app = appOf('default', 'http://127.0.0.1:1/shop.git', { rollback: { mode: 'PullRequest' } });
    await eventually(() => put(api, app), patient);
    await eventually(async () => {
      const found = await live(api, 'apps', 'default', 'shop');
      expect(readyOf(found.status ?? {})?.reason).toBe('NotSupported');
    }, patient);
    expect(await agent.stop()).toBe(0);
  } finally {
    api.close();
    await controlPlane.stop();
  }
});
