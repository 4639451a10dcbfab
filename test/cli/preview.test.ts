// `pawl diff` and `pawl undo --dry-run` with the loop's own previews: a real repository, a real cluster, and what an
// agent has released there.
import { beforeAll, describe, expect, test } from 'vitest';
import { preview } from '../../src/main/preview.ts';
import { openShop, configYaml, shopFiles, type Shop, webYaml } from '../support/shop.ts';
import { auditMark, auditSince } from '../support/audit.ts';
import { type CommandLine, commandLine, userWith } from './command-line.ts';

const secretYaml = (password: string) => `# the password is ${password}
apiVersion: v1
kind: Secret
metadata: { name: db }
stringData: { password: ${password}, user: shop }
`;

let shop: Shop;
let pawl: CommandLine;
let first: string;
let second: string;

beforeAll(async () => {
  const files = { ...shopFiles(), 'deploy/db.yaml': secretYaml('hunter2-hunter2') };
  shop = await openShop({ files });
  first = shop.first;
  const agent = await shop.agent();
  await shop.healthyAt(first);
  second = await shop.person.publish('new banner, new password', {
    'deploy/config.yaml': configYaml({ banner: 'Summer sale' }),
    'deploy/db.yaml': secretYaml('swordfish-swordfish'),
    'deploy/more.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: more }\n',
  });
  await shop.healthyAt(second);
  await agent.stop();
  const { namespace } = shop;
  pawl = commandLine({ kubeconfig: shop.cluster.kubeconfig, namespace, environment: { preview } });
}, 60_000);

const noValue = /hunter2|swordfish|aHVudGVy|c3dvcmRmaXNo/;

describe('diff', () => {
  test('of what was just released has exit code 0', async () => {
    expect(await pawl.run('diff', 'shop')).toMatchObject({
      code: 0,
      stdout: `${shop.namespace}/shop at ${second.slice(0, 7)}: 5 unchanged\n`,
    });
  });

  test('shows what others changed, and of a Secret only that it changed', async () => {
    const { cluster, namespace } = shop;
    await cluster.kubectl(['scale', 'deployment/web', '-n', namespace, '--replicas=2']);
    const patch = JSON.stringify({ stringData: { password: 'changed-by-hand' } });
    await cluster.kubectl(['patch', 'secret/db', '-n', namespace, '-p', patch]);
    const { code, stdout } = await pawl.run('diff', 'shop');
    expect(code).toBe(1);
    expect(stdout).toContain(': 2 to change, 3 unchanged\n');
    expect(stdout).toContain('-  replicas: 2\n+  replicas: 3\n');
    expect(stdout).toMatch(/-  password: \(hidden 1\)\n\+  password: \(hidden 3\)\n   user: \(hidden 2\)/);
    expect(stdout).not.toMatch(noValue);
    expect(stdout).not.toMatch(/changed-by-hand|Y2hhbmdlZC1ie/);
    await cluster.kubectl(['scale', 'deployment/web', '-n', namespace, '--replicas=3']);
    await cluster.kubectl([
      'patch',
      'secret/db',
      '-n',
      namespace,
      '-p',
      JSON.stringify({ stringData: { password: 'swordfish-swordfish' } }),
    ]);
  });

  test('is made with the rights of the user, who need not be able to act as the account', async () => {
    const { cluster, namespace } = shop;
    const kubeconfig = await userWith(cluster, namespace, 'editor', [
      { apiGroups: ['pawl.dev'], resources: ['apps'], verbs: ['get', 'list', 'watch'] },
      {
        apiGroups: ['', 'apps'],
        resources: ['deployments', 'services', 'configmaps', 'secrets'],
        verbs: ['*'],
      },
    ]);
    const line = commandLine({ kubeconfig, namespace, environment: { preview } });
    expect(await line.run('diff', 'shop')).toMatchObject({ code: 0, stderr: '' });
    const stranger = await userWith(cluster, namespace, 'looker', [
      { apiGroups: ['pawl.dev'], resources: ['apps'], verbs: ['get'] },
    ]);
    const refused = await commandLine({ kubeconfig: stranger, namespace, environment: { preview } }).run(
      'diff',
      'shop',
    );
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('403') });
  });
});

describe('undo --dry-run', () => {
  test('shows the commit, the files and what the server says, and changes nothing', async () => {
    const mark = await auditMark();
    const head = await shop.head();
    const { code, stdout, stderr } = await pawl.run('undo', 'shop', '--dry-run');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(
      `going back to ${first.slice(0, 7)} would make this commit on ${second.slice(0, 7)}:`,
    );
    expect(stdout).toContain(`    This reverts commit ${second}.`);
    expect(stdout).toContain('-  banner: "Summer sale"\n+  banner: "Welcome to the shop"\n');
    expect(stdout).toContain('--- a/deploy/more.yaml\n+++ /dev/null\n');
    expect(stdout).toContain(
      'deploy/db.yaml: it holds a Secret: shown without comments, its values hidden\n',
    );
    expect(stdout).toContain('-  password: (hidden 1)\n+  password: (hidden 3)\n');
    expect(stdout).toMatch(/asked by a dry-run: 3 to change, 1 to delete, 1 unchanged/);
    expect(stdout).toContain(`${shop.namespace}/ConfigMap/web: would be changed`);
    expect(stdout).toContain(`${shop.namespace}/ConfigMap/more: would be deleted`);
    expect(stdout).not.toMatch(noValue);
    expect(await shop.head()).toBe(head);
    const events = (await auditSince(mark)).filter((event) => event.namespace === shop.namespace);
    const written = events.filter((event) => !['get', 'list', 'watch'].includes(event.verb));
    expect(written.length).toBeGreaterThan(0);
    expect(written.filter((event) => !event.dryRun)).toEqual([]);
  });

  test('of what runs already is refused', async () => {
    const { code, stdout } = await pawl.run('undo', 'shop', '--dry-run', '--to', second);
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringContaining('would be refused: no commit since'),
    });
  });

  test('says in JSON what it says in words, and no value either', async () => {
    const { data, stdout } = await pawl.json('undo', 'shop', '--dry-run', '--to', first.slice(0, 8));
    expect(data).toMatchObject({ to: first, parent: second, commits: [second] });
    expect(data.files.map((file: { path: string }) => file.path)).toEqual([
      'deploy/config.yaml',
      'deploy/db.yaml',
      'deploy/more.yaml',
    ]);
    expect(stdout).not.toMatch(noValue);
  });

  test('a manifest that the server would refuse is told with its object', async () => {
    const broken = await shop.person.publish('broken', {
      'deploy/web.yaml': webYaml().replace('containerPort: 8080', 'containerPort: 99999999'),
    });
    await shop.person.publish('mended', { 'deploy/web.yaml': webYaml() });
    const { code, stdout } = await pawl.run('undo', 'shop', '--dry-run', '--to', broken);
    expect(code).toBe(1);
    expect(stdout).toMatch(/would be refused: .*Deployment\/web/);
  });
});
