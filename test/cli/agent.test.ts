// The commands together with a real agent: what a person does on a day that goes wrong.
import { expect, test } from 'vitest';
import { preview } from '../../src/main/preview.ts';
import { eventually } from '../support/eventually.ts';
import { openShop, webYaml } from '../support/shop.ts';
import { commandLine } from './command-line.ts';

const image = (tag: string) => ({
  'deploy/web.yaml': webYaml({ image: `registry.example.com/shop/web:${tag}` }),
});

test('wait, status, history, undo and release tell what the agent does', async () => {
  const shop = await openShop();
  const agent = await shop.agent();
  const { namespace, first, person } = shop;
  const pawl = commandLine({ kubeconfig: shop.cluster.kubeconfig, namespace, environment: { preview } });
  const short = (commit: string) => commit.slice(0, 7);

  expect(await pawl.run('wait', 'shop', '--commit', first)).toMatchObject({ code: 0 });
  expect((await pawl.run('status')).stdout).toMatch(
    new RegExp(`^shop +Healthy +${short(first)} +${short(first)}`, 'm'),
  );

  // CI waits for a good commit, then for a bad one.
  const good = await person.publish('web 1.18', image('1.18'));
  expect(await pawl.run('wait', 'shop', '--commit', short(good))).toMatchObject({ code: 0 });
  const bad = await person.publish('web 1.19', image('1.19-crash'));
  const waiting = pawl.start('wait', 'shop', '--commit', bad);
  await eventually(async () => {
    const { stdout } = await pawl.run('status', 'shop');
    expect(stdout).toContain('shop: Releasing');
    expect(stdout).toMatch(/Deployment\/web: \d of 3 updated/);
    expect(stdout).toMatch(/ web-\w+-\w+ +new +0\/1/);
    expect(stdout).toMatch(/ web-\w+-\w+ +old +1\/1/);
  });
  const failed = await waiting.ended;
  expect(failed.code).toBe(1);
  expect(failed.stdout).toMatch(/is reverted by \w{7}: CrashLoopBackOff/);
  const revert = await shop.revertOf(bad);
  await shop.healthyAt(revert);
  const history = (await pawl.run('history', 'shop')).stdout;
  expect(history).toMatch(new RegExp(`^\\* +${short(revert)} +Healthy`, 'm'));
  expect(history).toMatch(
    new RegExp(`^ +${short(bad)} +Reverted .* web 1\\.19 +${short(revert)} +CrashLoopBackOff`, 'm'),
  );

  // What runs has the content of the good commit, so the revision before that is the first one.
  expect((await pawl.run('undo', 'shop', '--dry-run')).stdout).toContain(
    `going back to ${short(first)} would make`,
  );
  const undone = await pawl.json('undo', 'shop', '--wait');
  expect(undone).toMatchObject({ code: 0, data: { to: first, by: 'sandbox:admin', outcome: 'Healthy' } });
  expect(undone.data.commit).toBe(await shop.head());
  expect((await shop.deployment()).spec.template.spec.containers[0].image).toContain(':1.17');
  expect(await pawl.run('wait', 'shop', '--commit', good)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(`undone by ${short(undone.data.commit)}`),
  });

  expect(await pawl.run('release', 'shop', '--wait')).toMatchObject({ code: 0 });
  expect(await pawl.run('undo', 'shop', '--to', 'f'.repeat(40))).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('was refused'),
  });
  await pawl.run('suspend', 'shop');
  await eventually(async () => expect((await pawl.run('status', 'shop')).stdout).toContain('(Suspended)'));
  await agent.stop();
}, 90_000);
