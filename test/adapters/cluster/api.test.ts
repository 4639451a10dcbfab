import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as dial } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect } from '../../../src/adapters/cluster/connect.ts';
import { makeCluster } from '../../../src/adapters/cluster/cluster.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import { auditMark } from '../../support/audit.ts';
import { testCluster } from '../../support/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryFolder } from '../../support/git-server.ts';
import { realClock } from './clock.ts';
import {
  CONFIG_MAP,
  SECRET,
  adminBinding,
  atEnd,
  kubeconfigWithToken,
  configMap,
  editedKubeconfig,
  never,
  open,
  proxied,
  endAfterEach,
} from './setup.ts';

endAfterEach();

const ref = (namespace: string, name: string, gvk = CONFIG_MAP) => ({ gvk, namespace, name });

function crd(group: string, schema: Record<string, unknown>): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}

test('no field is lost on the way, whatever it is called', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('fields');
  const { cluster } = await open();
  const api = cluster.as(undefined);
  const group = `${namespace}.example.com`;
  const spec = {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    properties: {
      default: { type: 'string', default: 'd', enum: ['d', 'e'] },
      ports: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['port'],
        items: { type: 'object', required: ['port'], properties: { port: { type: 'integer' } } },
      },
    },
  };
  const definition = crd(group, { type: 'object', properties: { spec } });
  await api.apply(definition, { dryRun: false }, never);
  const kept = await shared.get('crd', `things.${group}`);
  expect(kept.spec.versions[0].schema.openAPIV3Schema.properties.spec).toEqual(spec);

  const thing = {
    apiVersion: `${group}/v1`,
    kind: 'Thing',
    metadata: { namespace, name: 'a' },
    spec: { unknown: { $ref: 1, _from: [2], Null: 'x' }, default: 'e', ports: [{ port: 1 }] },
  };
  cluster.refreshResources();
  const applied = await eventually(() => {
    cluster.refreshResources();
    return api.apply(thing, { dryRun: false }, never);
  });
  expect(applied['spec']).toEqual(thing.spec);

  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace, name: 'np' },
    spec: {
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: { matchLabels: { a: 'b' } } }] }],
    },
  };
  await api.apply(policy, { dryRun: false }, never);
  expect((await shared.get('networkpolicy', 'np', namespace)).spec).toEqual(policy.spec);
  await shared.kubectl(['delete', 'crd', `things.${group}`, '--wait=false']);
});

test('a service account writes as itself, and the audit log says so', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('as');
  await shared.serviceAccountToken(namespace, 'deployer');
  await shared.apply(adminBinding(namespace, 'deployer'));
  const { cluster, asked } = await open();
  const mark = await auditMark();
  const applied = await cluster
    .as({ namespace, name: 'deployer' })
    .apply(configMap(namespace, 'a', { x: '1' }), { dryRun: false }, never);
  expect(applied.metadata.managedFields).toMatchObject([{ manager: 'pawl', operation: 'Apply' }]);
  const events = (await asked(mark)).filter((event) => event.namespace === namespace);
  expect(events).toMatchObject([
    { verb: 'patch', name: 'a', impersonatedUser: `system:serviceaccount:${namespace}:deployer`, code: 201 },
  ]);
  expect(events[0]?.uri).toContain('force=true');
});

test('a right that comes by the group of service accounts counts', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('groups');
  const binding = adminBinding(namespace, 'any');
  binding['subjects'] = [
    { kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: `system:serviceaccounts:${namespace}` },
  ];
  await shared.apply(binding);
  const { cluster } = await open();
  const found = await cluster.as({ namespace, name: 'whoever' }).list({ gvk: CONFIG_MAP, namespace }, never);
  expect(found.map((each) => each.metadata.name)).toEqual(['kube-root-ca.crt']);
});

test('a refusal is an error that says who may not do what', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('forbidden');
  const { cluster } = await open();
  const api = cluster.as({ namespace, name: 'nobody' });
  for (const request of [
    () => api.get(ref(namespace, 'a'), never),
    () => api.list({ gvk: CONFIG_MAP, namespace }, never),
    () => api.apply(configMap(namespace, 'a'), { dryRun: true }, never),
    () => api.delete(ref(namespace, 'a'), {}, {}, never),
  ]) {
    const refused = request();
    await expect(refused).rejects.toMatchObject({ status: 403, code: 'ApiForbidden', retry: 'later' });
    await expect(refused).rejects.toThrow(`system:serviceaccount:${namespace}:nobody`);
  }
});

test.each(['', 'a:b', 'a\r\nimpersonate-group: system:masters', 'A', '../x'])(
  '%j is no name of a service account',
  async (name) => {
    const { cluster } = await open();
    expect(() => cluster.as({ namespace: 'default', name })).toThrowError(
      expect.objectContaining({ code: 'AccountInvalid' }),
    );
  },
);

test('a list comes in pages, and is whole', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('pages');
  await shared.apply(
    ...['a', 'b', 'c', 'd', 'e'].map((name) => configMap(namespace, name, {}, { page: 'yes' })),
  );
  const { cluster, asked } = await open({ cluster: { pageSize: 2 } });
  const mark = await auditMark();
  const found = await cluster
    .as(undefined)
    .list({ gvk: CONFIG_MAP, namespace, labelSelector: 'page=yes' }, never);
  expect(found.map((each) => `${each.apiVersion} ${each.kind} ${each.metadata.name}`)).toEqual(
    ['a', 'b', 'c', 'd', 'e'].map((name) => `v1 ConfigMap ${name}`),
  );
  const lists = (await asked(mark)).filter((event) => event.verb === 'list');
  expect(lists).toHaveLength(3);
  expect(lists.every((event) => event.uri.includes('limit=2'))).toBe(true);
});

const web = {
  selector: { matchLabels: { a: 'b' } },
  template: {
    metadata: { labels: { a: 'b' } },
    spec: { containers: [{ name: 'c', image: 'i' }] as unknown[] },
  },
};

test.each([
  { name: 'an unknown field', spec: { ...web, bogus: 1 }, want: '.spec.bogus' },
  { name: 'a wrong type', spec: { ...web, replicas: 'x' }, want: '.spec.replicas' },
  {
    name: 'a quantity that is none',
    spec: {
      ...web,
      template: {
        ...web.template,
        spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: 'zz' } } }] },
      },
    },
    want: 'quantities',
  },
  {
    name: 'the same container twice',
    spec: { ...web, template: { ...web.template, spec: { containers: [{ name: 'c' }, { name: 'c' }] } } },
    want: 'duplicate entries',
  },
  { name: 'a missing field', spec: { ...web, selector: undefined }, want: 'spec.selector' },
])('$name is told as the fault of the object', async ({ spec, want }) => {
  const { cluster } = await open();
  const broken = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'default', name: 'web' },
    spec,
  };
  const refused = cluster.as(undefined).apply(broken, { dryRun: true }, never);
  await expect(refused).rejects.toMatchObject({ code: 'ApiInvalid', retry: 'never' });
  await expect(refused).rejects.toThrow(want);
});

test('what the server says about a Secret holds no value of it', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('secret');
  const { cluster } = await open();
  const value = 'not!base64!hunter2';
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: 's' },
    data: { password: value },
  };
  const error = await cluster
    .as(undefined)
    .apply(secret, { dryRun: true }, never)
    .then(
      () => undefined,
      (thrown: Error) => thrown,
    );
  expect(error).toMatchObject({ code: 'ApiInvalid' });
  expect(JSON.stringify([error, error?.message, error?.stack])).not.toContain('hunter2');
});

test('a dry-run changes nothing', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('dry');
  const { cluster } = await open();
  const api = cluster.as(undefined);
  await api.apply(configMap(namespace, 'a'), { dryRun: true }, never);
  expect(await api.get(ref(namespace, 'a'), never)).toBeUndefined();
  await api.apply(configMap(namespace, 'a', { x: '1' }), { dryRun: false }, never);
  await api.mergePatch(ref(namespace, 'a'), { data: { x: '2' } }, { dryRun: true }, never);
  await api.delete(ref(namespace, 'a'), {}, { dryRun: true }, never);
  expect((await api.get(ref(namespace, 'a'), never))?.['data']).toEqual({ x: '1' });
});

test('a deletion is of the object that was meant, and of none that is gone', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('delete');
  const { cluster } = await open();
  const api = cluster.as(undefined);
  const made = await api.create(configMap(namespace, 'a'), never);
  await expect(api.delete(ref(namespace, 'a'), { uid: 'another' }, {}, never)).rejects.toMatchObject({
    status: 409,
  });
  await expect(api.delete(ref(namespace, 'a'), { resourceVersion: '1' }, {}, never)).rejects.toMatchObject({
    status: 409,
  });
  await api.delete(ref(namespace, 'a'), { uid: made.metadata.uid ?? '' }, {}, never);
  await eventually(async () => (await api.get(ref(namespace, 'a'), never)) === undefined);
  await api.delete(ref(namespace, 'a'), { uid: made.metadata.uid ?? '' }, {}, never);
  await api.delete(ref(namespace, 'a', { group: 'no.such', version: 'v1', kind: 'Thing' }), {}, {}, never);
});

test('what is there already, and what changed meanwhile, are conflicts', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('conflict');
  const { cluster } = await open();
  const api = cluster.as(undefined);
  const made = await api.create(configMap(namespace, 'a'), never);
  await expect(api.create(configMap(namespace, 'a'), never)).rejects.toMatchObject({
    code: 'ApiAlreadyExists',
  });
  await api.mergePatch(ref(namespace, 'a'), { data: { x: '1' } }, {}, never);
  const stale = [{ op: 'replace', path: '/metadata/resourceVersion', value: made.metadata.resourceVersion }];
  await expect(api.jsonPatch(ref(namespace, 'a'), stale, never)).rejects.toMatchObject({
    code: 'ApiConflict',
  });
});

test('an object of a namespaced kind without a namespace is refused before it is sent', async () => {
  const { cluster } = await open();
  for (const [namespace, name] of [
    ['', 'a'],
    ['..', 'a'],
    ['default', ''],
    ['default', '..'],
  ] as const) {
    await expect(cluster.as(undefined).get(ref(namespace, name), never)).rejects.toMatchObject({
      code: 'NamespaceMissing',
    });
  }
});

test('what has no name of its own can be created: a review, and a name of the server’s choice', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('unnamed');
  const { cluster } = await open();
  const api = cluster.as(undefined);
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: { name: '' },
    spec: { resourceAttributes: { verb: 'get', resource: 'pods', namespace } },
  };
  expect((await api.create(review, never)).status).toMatchObject({ allowed: true });
  const named = { ...configMap(namespace, ''), metadata: { name: '', namespace, generateName: 'made-' } };
  expect((await api.create(named, never)).metadata.name).toMatch(/^made-/);
  const nowhere = { ...configMap('', 'a'), metadata: { name: 'a' } };
  await expect(api.create(nowhere, never)).rejects.toMatchObject({ code: 'NamespaceMissing' });
});

test('names are escaped, so that none leads elsewhere', async () => {
  const { cluster, asked } = await open();
  const mark = await auditMark();
  expect(await cluster.as(undefined).get(ref('default', '../../secrets/x?y=1#z'), never)).toBeUndefined();
  const events = (await asked(mark)).filter((event) => event.verb === 'get' && event.resource !== '');
  expect(events.every((event) => event.resource === 'configmaps')).toBe(true);
});

test('a kind that the server does not know is an error that names it', async () => {
  const { cluster } = await open();
  const unknown = { apiVersion: 'no.such/v1', kind: 'Thing', metadata: { name: 'a', namespace: 'default' } };
  await expect(cluster.as(undefined).apply(unknown, { dryRun: true }, never)).rejects.toMatchObject({
    code: 'ApiKindUnknown',
    status: 404,
  });
});

test('an aborted call throws the reason of the abort', async () => {
  const { cluster } = await open();
  await cluster.resource(CONFIG_MAP, never);
  const controller = new AbortController();
  const reason = new Error('stop');
  const call = cluster.as(undefined).list({ gvk: CONFIG_MAP }, controller.signal);
  controller.abort(reason);
  await expect(call).rejects.toBe(reason);
  await expect(cluster.as(undefined).list({ gvk: CONFIG_MAP }, controller.signal)).rejects.toBe(reason);
});

test('a request that gets no answer ends at its deadline', async () => {
  const { proxy, kubeconfig } = await proxied();
  const { cluster } = await open({
    connect: { kubeconfig },
    cluster: { requestTimeoutMs: 300, retryForMs: 0 },
  });
  await cluster.resource(CONFIG_MAP, never);
  proxy.stall({ newToo: true });
  await expect(cluster.as(undefined).list({ gvk: CONFIG_MAP }, never)).rejects.toMatchObject({
    code: 'ApiTimeout',
    status: 0,
  });
});

test('a request is tried again while the server is away', async () => {
  const { proxy, kubeconfig } = await proxied();
  const { cluster } = await open({ connect: { kubeconfig } });
  await cluster.resource(CONFIG_MAP, never);
  proxy.refuse(true);
  proxy.cut();
  const list = cluster.as(undefined).list({ gvk: CONFIG_MAP, namespace: 'default' }, never);
  const made = proxy.made();
  setTimeout(() => proxy.refuse(false), 500);
  expect(await list).toBeInstanceOf(Array);
  expect(proxy.made()).toBeGreaterThan(made);
});

test('what is not idempotent is not sent twice', async () => {
  const { proxy, kubeconfig } = await proxied();
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('once');
  const { cluster } = await open({ connect: { kubeconfig }, cluster: { requestTimeoutMs: 1_000 } });
  await cluster.resource(CONFIG_MAP, never);
  proxy.stall({ newToo: true });
  const create = cluster.as(undefined).create(configMap(namespace, 'a'), never);
  await expect(create).rejects.toMatchObject({ status: 0 });
});

test('connections are kept and bounded', async () => {
  const { proxy, kubeconfig } = await proxied();
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('connections');
  const { cluster } = await open({ connect: { kubeconfig, maxConnections: 4 } });
  const api = cluster.as(undefined);
  for (let n = 0; n < 20; n++) await api.get(ref(namespace, 'a'), never);
  await Promise.all(Array.from({ length: 60 }, () => api.get(ref(namespace, 'a'), never)));
  expect(proxy.made()).toBeLessThanOrEqual(4);
});

test('watches do not use up the connections of requests', async () => {
  const { kubeconfig } = await proxied();
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('starve');
  const { cluster } = await open({ connect: { kubeconfig, maxConnections: 1 } });
  const mirrors = ['a', 'b', 'c'].map((label) =>
    cluster.follow({ gvk: CONFIG_MAP, namespace, labelSelector: label }),
  );
  await Promise.all(mirrors.map((mirror) => mirror.ready(never)));
  expect(await cluster.as(undefined).get(ref(namespace, 'a'), never)).toBeUndefined();
});

test('no write is sent once Pawl no longer leads, but dry-runs and the lease itself are', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('lead');
  const { cluster } = await open({
    cluster: {
      mayWrite: () => {
        throw new Error('not the leader');
      },
    },
  });
  const api = cluster.as(undefined);
  await expect(api.apply(configMap(namespace, 'a'), { dryRun: false }, never)).rejects.toThrow(
    'not the leader',
  );
  await expect(api.delete(ref(namespace, 'a'), {}, {}, never)).rejects.toThrow('not the leader');
  await api.apply(configMap(namespace, 'a'), { dryRun: true }, never);
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace, name: 'l' },
    spec: {},
  };
  await api.create(lease, never);
});

test('a token that was renewed in its file is taken in at the first refusal', async () => {
  const shared = await testCluster();
  const folder = temporaryFolder('token');
  const tokenFile = join(folder, 'token');
  const good = JSON.parse(readFileSync(shared.kubeconfig, 'utf8')).users[0].user.token;
  writeFileSync(tokenFile, 'expired');
  const kubeconfig = editedKubeconfig(shared.kubeconfig, (config) => {
    // As in a pod.
    config.users[0].user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } };
  });
  let time = 0;
  const { cluster } = await open({ connect: { kubeconfig, monotonic: () => time } });
  const list = () => cluster.as(undefined).list({ gvk: CONFIG_MAP, namespace: 'default' }, never);
  await expect(list()).rejects.toMatchObject({ status: 401, code: 'ApiUnauthorized' });
  writeFileSync(tokenFile, good);
  time += 5_000;
  await list();
});

test('a new token in the kubeconfig itself is taken in too', async () => {
  const shared = await testCluster();
  const good = readFileSync(shared.kubeconfig, 'utf8');
  const kubeconfig = await kubeconfigWithToken('expired');
  let time = 0;
  const { cluster } = await open({ connect: { kubeconfig, monotonic: () => time } });
  const list = () => cluster.as(undefined).list({ gvk: CONFIG_MAP, namespace: 'default' }, never);
  await expect(list()).rejects.toMatchObject({ status: 401 });
  writeFileSync(kubeconfig, good);
  time += 5_000;
  await list();
});

test('refused credentials are not asked for in a loop', async () => {
  const shared = await testCluster();
  const runs = join(temporaryFolder('plugin'), 'runs');
  const credential = {
    kind: 'ExecCredential',
    apiVersion: 'client.authentication.k8s.io/v1',
    status: { token: 'bad' },
  };
  const kubeconfig = editedKubeconfig(shared.kubeconfig, (config) => {
    const args = ['-c', `echo run >> ${runs}; echo '${JSON.stringify(credential)}'`];
    config.users[0].user = { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args } };
  });
  const { cluster } = await open({ connect: { kubeconfig } });
  for (let n = 0; n < 10; n++)
    await expect(cluster.resource(CONFIG_MAP, never)).rejects.toMatchObject({ status: 401 });
  expect(readFileSync(runs, 'utf8').trim().split('\n')).toHaveLength(1);
});

test('a proxy that the kubeconfig names is used', async () => {
  const shared = await testCluster();
  const tunnels: string[] = [];
  const server = createServer();
  server.on('connect', (request, near: Socket) => {
    tunnels.push(request.url ?? '');
    const { hostname, port } = new URL(`http://${request.url}`);
    const far = dial(Number(port), hostname, () => {
      near.write('HTTP/1.1 200 OK\r\n\r\n');
      near.pipe(far).pipe(near);
    });
    far.on('error', () => near.destroy());
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => void server.close());
  const kubeconfig = editedKubeconfig(shared.kubeconfig, (config) => {
    config.clusters[0].cluster['proxy-url'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  const { cluster } = await open({ connect: { kubeconfig } });
  expect(await cluster.resource(CONFIG_MAP, never)).toBeDefined();
  expect(tunnels[0]).toBe(new URL(shared.server).host);
});

test('another CA means new connections', async () => {
  const shared = await testCluster();
  const good = readFileSync(shared.kubeconfig, 'utf8');
  const path = editedKubeconfig(shared.kubeconfig, (config) => {
    const pem =
      '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUW1NkwPAsPl0vXAo5tEtzZJZ7u7owCgYIKoZIzj0EAwIw\n-----END CERTIFICATE-----\n';
    config.clusters[0].cluster['certificate-authority-data'] = Buffer.from(pem).toString('base64');
  });
  let time = 0;
  const { cluster } = await open({
    connect: { kubeconfig: path, monotonic: () => time },
    cluster: { retryForMs: 0 },
  });
  const list = () => cluster.as(undefined).list({ gvk: CONFIG_MAP, namespace: 'default' }, never);
  await expect(list()).rejects.toMatchObject({ status: 0, code: 'ApiUnreachable' });
  writeFileSync(path, good);
  time += 5_000;
  // The handshake that fails is what tells.
  await expect(list()).rejects.toMatchObject({ status: 0 });
  await list();
});

test('the ambient KUBECONFIG is never used', async () => {
  const before = process.env['KUBECONFIG'];
  process.env['KUBECONFIG'] = (await testCluster()).kubeconfig;
  try {
    await expect(connect({ version: '0' })).rejects.toMatchObject({ code: 'ClusterUnnamed' });
  } finally {
    if (before === undefined) delete process.env['KUBECONFIG'];
    else process.env['KUBECONFIG'] = before;
  }
});

test.each([
  { name: 'a missing file', config: undefined, want: { code: 'ClusterConfig' } },
  { name: 'a file that is no YAML', config: '{', want: { code: 'ClusterConfig' } },
  { name: 'a file without contexts', config: '{}', want: { code: 'ClusterConfig' } },
])('$name is a clear error', async ({ config, want }) => {
  const path = editedKubeconfig((await testCluster()).kubeconfig, () => {});
  if (config !== undefined) writeFileSync(path, config);
  await expect(
    connect({ kubeconfig: config === undefined ? `${path}-none` : path, version: '0' }),
  ).rejects.toMatchObject(want);
});

test('a credential plugin that fails is told without what it printed', async () => {
  const shared = await testCluster();
  const token = 'A'.repeat(60);
  const path = editedKubeconfig(shared.kubeconfig, (config) => {
    const args = ['-c', `echo "no session ${token}" >&2; exit 1`];
    config.users[0].user = { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args } };
  });
  const failed = connect({ kubeconfig: path, version: '0' });
  await expect(failed).rejects.toMatchObject({ code: 'ClusterCredentials', retry: 'later' });
  await expect(failed).rejects.toThrow('no session ***');
});

test('a credential plugin gives the token', async () => {
  const shared = await testCluster();
  const token = JSON.parse(readFileSync(shared.kubeconfig, 'utf8')).users[0].user.token;
  const credential = {
    kind: 'ExecCredential',
    apiVersion: 'client.authentication.k8s.io/v1',
    status: { token },
  };
  const kubeconfig = editedKubeconfig(shared.kubeconfig, (config) => {
    const args = [JSON.stringify(credential)];
    config.users[0].user = { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'echo', args } };
  });
  const { cluster } = await open({ connect: { kubeconfig } });
  expect(await cluster.resource(CONFIG_MAP, never)).toMatchObject({ plural: 'configmaps' });
});

test('after the end nothing is sent', async () => {
  const { kubeconfig } = await testCluster();
  const connection = await connect({ kubeconfig, version: '0' });
  const cluster = makeCluster(connection, { clock: realClock, retryForMs: 0 });
  await cluster.resource(CONFIG_MAP, never);
  cluster.close();
  await connection.close();
  await expect(cluster.as(undefined).get(ref('default', 'a', SECRET), never)).rejects.toMatchObject({
    code: 'ClusterClosed',
  });
});
