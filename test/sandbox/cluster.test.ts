import { beforeEach, describe, expect, test } from 'vitest';
import { userCluster } from '../../src/sandbox/user-cluster.ts';
import { auditMark, auditSince, writes } from '../support/audit.ts';
import { testCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

const cluster = await testCluster();
const namespace = await cluster.freshNamespace('cluster');

const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } });
const path = `/api/v1/namespaces/${namespace}/configmaps`;

describe('the audit log', () => {
  beforeEach(({ skip }) => skip(cluster.auditLog === undefined, 'this cluster’s is not ours to read'));

  test('names who asked for what, as soon as the answer is there', async () => {
    const headers = { 'user-agent': 'pawl-test/1' };
    const mark = await auditMark();
    for (let i = 0; i < 50; i++) {
      await cluster.request({ method: 'POST', path: `${path}?dryRun=All`, body: configMap('dry'), headers });
    }
    await cluster.request({ method: 'POST', path, body: configMap('wet'), headers });
    const own = (await auditSince(mark)).filter(({ userAgent }) => userAgent === 'pawl-test/1');
    expect(own).toHaveLength(51);
    expect(own.filter(({ dryRun }) => dryRun)).toHaveLength(50);
    expect(writes(own)).toEqual([
      {
        user: 'sandbox:admin',
        impersonatedUser: undefined,
        verb: 'create',
        resource: 'configmaps',
        subresource: '',
        namespace,
        name: 'wet',
        userAgent: 'pawl-test/1',
        code: 201,
        uri: path,
        dryRun: false,
        at: expect.stringMatching(/^\d{4}-/),
      },
    ]);
  });

  test('tells who is impersonated, and what was forbidden', async () => {
    const account = `system:serviceaccount:${namespace}:deployer`;
    const mark = await auditMark();
    await cluster.request({
      method: 'POST',
      path,
      body: configMap('as'),
      headers: { 'impersonate-user': account },
    });
    expect(
      (await auditSince(mark)).find(({ impersonatedUser }) => impersonatedUser === account),
    ).toMatchObject({
      user: 'sandbox:admin',
      verb: 'create',
      code: 403,
    });
  });

  test('leaves out the cluster’s own components', async () => {
    const mark = await auditMark();
    await cluster.kubectl(['create', 'deployment', 'web', '--image=web:1', `--namespace=${namespace}`]);
    await cluster.kubectl([
      'rollout',
      'status',
      'deployment/web',
      '--timeout=20s',
      `--namespace=${namespace}`,
    ]);
    const users = new Set(
      (await auditSince(mark)).filter((one) => one.namespace === namespace).map(({ user }) => user),
    );
    expect([...users]).toEqual(['sandbox:admin']);
  });
});

test('a cluster of the user’s choice is reached by its kubeconfig', async () => {
  const chosen = userCluster(cluster.kubeconfig);
  expect(chosen.server).toBe(cluster.server);
  expect(await chosen.request({ path })).toMatchObject({ status: 200, body: { kind: 'ConfigMapList' } });
  await chosen.stop();
});

test('a service account’s token is the account: it may do nothing until a role says so', async () => {
  const token = await cluster.serviceAccountToken(namespace, 'deployer');
  const ask = async () => (await cluster.request({ path, token })).status;
  expect(await ask()).toBe(403);
  await cluster.kubectl([
    'create',
    'rolebinding',
    'deployer',
    `--namespace=${namespace}`,
    '--clusterrole=view',
    `--serviceaccount=${namespace}:deployer`,
  ]);
  await eventually(async () => expect(await ask()).toBe(200));
  expect((await cluster.request({ path, token: 'made-up' })).status).toBe(401);
});

test('a Service leads to the pods behind it', async () => {
  await cluster.kubectl([
    'create',
    'deployment',
    'api',
    '--image=api:1',
    '--replicas=2',
    `--namespace=${namespace}`,
  ]);
  await cluster.kubectl(['expose', 'deployment', 'api', '--port=80', `--namespace=${namespace}`]);
  await eventually(async () => {
    const [slice] = await cluster.list('endpointslices', namespace, 'kubernetes.io/service-name=api');
    expect(slice.endpoints).toHaveLength(2);
  });
});

test('find and get tell a missing object from a present one', async () => {
  await cluster.apply(configMap('there'));
  expect(await cluster.find('configmap', 'not-there', namespace)).toBeUndefined();
  expect(await cluster.find('configmap', 'there', namespace)).toMatchObject(configMap('there'));
  await expect(cluster.get('configmap', 'not-there', namespace)).rejects.toThrow(/NotFound/);
});
