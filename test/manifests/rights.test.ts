// What Pawl may do in a cluster, asked with tokens of its own service account: `kubectl apply -k manifests` and
// the example, and nothing beside them.

import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Json, type TestCluster, testCluster } from '../support/cluster.ts';
import { install } from './install.ts';

let cluster: TestCluster;
let namespace: string;
let token: string;
const EXAMPLE = readFileSync(new URL('../../manifests/example/app.yaml', import.meta.url), 'utf8');

beforeAll(async () => {
  cluster = await testCluster();
  await install(cluster);
  namespace = await cluster.freshNamespace('rights');
  // The example, in a namespace of this run.
  const own = EXAMPLE.replaceAll('namespace: shop', `namespace: ${namespace}`).replace(
    'name: shop\n---',
    `name: ${namespace}\n---`,
  );
  await cluster.kubectl(['apply', '-f-'], own);
  await cluster.kubectl(['create', 'serviceaccount', 'other', '-n', namespace]);
  token = await cluster.serviceAccountToken('pawl-system', 'pawl');
});

/** As Pawl, with only the name of the account: the server sets its groups. */
const impersonating = (account: string) => ({ 'impersonate-user': `system:serviceaccount:${account}` });

async function whoAmI(headers: Record<string, string>): Promise<{ status: number; body: Json }> {
  return await cluster.request({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    token,
    headers,
  });
}

async function may(
  verb: string,
  resource: string,
  where: { group?: string; name?: string; namespace?: string; subresource?: string } = {},
): Promise<boolean> {
  const { body } = await cluster.request({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb, resource, ...where } },
    },
    token,
  });
  return body.status.allowed;
}

describe('impersonation', () => {
  test('works for the named account, and the server sets its groups', async () => {
    const { status, body } = await whoAmI(impersonating(`${namespace}:shop-deployer`));
    expect(status).toBe(201);
    expect(body.status.userInfo).toEqual({
      username: `system:serviceaccount:${namespace}:shop-deployer`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    });
  });

  test('lets Pawl write what the account may, and nothing that it may not', async () => {
    const write = (path: string, body: Json) =>
      cluster.request({
        method: 'POST',
        path,
        body,
        token,
        headers: impersonating(`${namespace}:shop-deployer`),
      });
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } };
    expect((await write(`/api/v1/namespaces/${namespace}/configmaps`, configMap)).status).toBe(201);
    expect((await write('/api/v1/namespaces/default/configmaps', configMap)).status).toBe(403);
    const own = await cluster.request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/configmaps`,
      body: configMap,
      token,
    });
    expect(own.status).toBe(403);
  });

  test('reads the Secret that opens the repository', async () => {
    const path = `/api/v1/namespaces/${namespace}/secrets/shop-git`;
    const as = await cluster.request({ path, token, headers: impersonating(`${namespace}:shop-deployer`) });
    expect(as.status).toBe(200);
    expect((await cluster.request({ path, token })).status).toBe(403);
  });

  test.for([
    { name: 'another account of the same namespace', account: () => `${namespace}:other` },
    { name: 'an account of kube-system', account: () => 'kube-system:default' },
    { name: 'an account of the same name elsewhere', account: () => 'default:shop-deployer' },
    { name: "Pawl's neighbours", account: () => 'pawl-system:default' },
  ])('does not work for $name', async ({ account }) => {
    const { status, body } = await whoAmI(impersonating(account()));
    expect(status).toBe(403);
    expect(body.message).toContain('cannot impersonate resource "serviceaccounts"');
  });

  test.for([
    { name: 'a user', headers: { 'impersonate-user': 'admin' } },
    { name: 'the masters', headers: { 'impersonate-user': 'x', 'impersonate-group': 'system:masters' } },
  ])('does not work for $name', async ({ headers }) => {
    expect((await whoAmI(headers as Record<string, string>)).status).toBe(403);
  });

  test('adds no group to the named account', async () => {
    const headers = { ...impersonating(`${namespace}:shop-deployer`), 'impersonate-group': 'system:masters' };
    expect((await whoAmI(headers)).status).toBe(403);
  });
});

describe('Pawl itself', () => {
  test.for([
    { verb: 'watch', resource: 'apps', where: { group: 'pawl.dev' } },
    { verb: 'patch', resource: 'apps', where: { group: 'pawl.dev' } },
    { verb: 'patch', resource: 'apps', where: { group: 'pawl.dev', subresource: 'status' } },
    { verb: 'update', resource: 'apps', where: { group: 'pawl.dev', subresource: 'finalizers' } },
    { verb: 'create', resource: 'events', where: { namespace: 'default' } },
    { verb: 'patch', resource: 'leases', where: { group: 'coordination.k8s.io', namespace: 'pawl-system' } },
    { verb: 'create', resource: 'secrets', where: { namespace: 'pawl-system' } },
    { verb: 'get', resource: 'secrets', where: { namespace: 'pawl-system', name: 'pawl-installation' } },
    { verb: 'watch', resource: 'deployments', where: { group: 'apps' } },
    { verb: 'list', resource: 'replicasets', where: { group: 'apps' } },
    { verb: 'list', resource: 'controllerrevisions', where: { group: 'apps' } },
    { verb: 'list', resource: 'pods' },
    { verb: 'list', resource: 'events' },
    { verb: 'watch', resource: 'endpointslices', where: { group: 'discovery.k8s.io' } },
    { verb: 'list', resource: 'resourcequotas' },
    { verb: 'watch', resource: 'configmaps' },
    { verb: 'watch', resource: 'namespaces' },
    { verb: 'list', resource: 'nodes' },
    { verb: 'watch', resource: 'customresourcedefinitions', where: { group: 'apiextensions.k8s.io' } },
    { verb: 'watch', resource: 'clusterroles', where: { group: 'rbac.authorization.k8s.io' } },
    { verb: 'watch', resource: 'rolebindings', where: { group: 'rbac.authorization.k8s.io' } },
    { verb: 'watch', resource: 'storageclasses', where: { group: 'storage.k8s.io' } },
    { verb: 'list', resource: 'storageclasses', where: { group: 'storage.k8s.io' } },
    {
      verb: 'watch',
      resource: 'mutatingwebhookconfigurations',
      where: { group: 'admissionregistration.k8s.io' },
    },
  ])('may $verb $resource', async ({ verb, resource, where }) => {
    expect(await may(verb, resource, where)).toBe(true);
  });

  test.for([
    { verb: 'create', resource: 'apps', where: { group: 'pawl.dev' } },
    { verb: 'delete', resource: 'apps', where: { group: 'pawl.dev' } },
    { verb: 'impersonate', resource: 'serviceaccounts' },
    { verb: 'impersonate', resource: 'users' },
    { verb: 'impersonate', resource: 'groups' },
    { verb: 'get', resource: 'secrets' },
    { verb: 'list', resource: 'secrets', where: { namespace: 'pawl-system' } },
    { verb: 'get', resource: 'secrets', where: { namespace: 'pawl-system', name: 'other' } },
    { verb: 'delete', resource: 'secrets', where: { namespace: 'pawl-system', name: 'pawl-installation' } },
    { verb: 'create', resource: 'secrets', where: { namespace: 'default' } },
    { verb: 'patch', resource: 'leases', where: { group: 'coordination.k8s.io', namespace: 'kube-system' } },
    { verb: 'patch', resource: 'deployments', where: { group: 'apps' } },
    { verb: 'create', resource: 'pods' },
    { verb: 'create', resource: 'pods', where: { subresource: 'exec' } },
    { verb: 'create', resource: 'serviceaccounts', where: { subresource: 'token' } },
    { verb: 'create', resource: 'rolebindings', where: { group: 'rbac.authorization.k8s.io' } },
    { verb: 'escalate', resource: 'clusterroles', where: { group: 'rbac.authorization.k8s.io' } },
    { verb: 'get', resource: 'nodes', where: { subresource: 'proxy' } },
  ])('may not $verb $resource ($where)', async ({ verb, resource, where }) => {
    expect(await may(verb, resource, where)).toBe(false);
  });

  test('reads custom kinds once a role says so by its label', async () => {
    expect(await may('watch', 'gates', { group: 'rights.example.com' })).toBe(false);
    const name = `reads-gates-${namespace}`;
    await cluster.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name, labels: { 'pawl.dev/aggregate-to-reader': 'true' } },
      rules: [{ apiGroups: ['rights.example.com'], resources: ['gates'], verbs: ['get', 'list', 'watch'] }],
    });
    await expect
      .poll(() => may('watch', 'gates', { group: 'rights.example.com' }), { timeout: 20_000 })
      .toBe(true);
    await cluster.kubectl(['delete', 'clusterrole', name]);
  });
});
