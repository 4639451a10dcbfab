import { describe, expect, test } from 'vitest';
import type { Connection } from '../../../src/adapters/cluster/connect.ts';
import type { MirrorChange } from '../../../src/ports.ts';
import { auditMark } from '../../support/audit.ts';
import { testCluster } from '../../support/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { CONFIG_MAP, adminBinding, atEnd, configMap, endAfterEach, never, open, proxied } from './setup.ts';

endAfterEach();

/** What a mirror told, in short, without what every namespace has. */
function listener() {
  const told: string[] = [];
  const onChange = ({ kind, object }: MirrorChange) => {
    if (object.metadata.name !== 'kube-root-ca.crt') told.push(`${kind} ${object.metadata.name}`);
  };
  return { told, onChange };
}

/** A custom kind that goes when the test ends. */
async function newKind(group: string) {
  const shared = await testCluster();
  const gvk = { group: `${group}.example.com`, version: 'v1', kind: 'Thing' };
  const name = `things.${gvk.group}`;
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  await shared.apply({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group: gvk.group,
      scope: 'Namespaced',
      names: { plural: 'things', kind: gvk.kind },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  });
  atEnd(async () => {
    await shared.kubectl(['delete', 'crd', name, '--wait=false']);
  });
  await shared.kubectl(['wait', '--for=condition=Established', `crd/${name}`, '--timeout=30s']);
  return gvk;
}

test('a mirror tells what is there, what comes, what changes and what goes', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('mirror');
  const { cluster } = await open({ cluster: { pageSize: 2 } });
  const api = cluster.as(undefined);
  for (const name of ['a', 'b', 'c']) await api.create(configMap(namespace, name), never);
  const { told, onChange } = listener();
  const mirror = cluster.follow({ gvk: CONFIG_MAP, namespace, onChange });
  await mirror.ready(never);
  expect(told).toEqual(['set a', 'set b', 'set c']);
  await shared.apply(configMap(namespace, 'd'), configMap(namespace, 'a', { x: '1' }));
  await shared.kubectl(['delete', 'configmap', 'b', '-n', namespace]);
  await eventually(() => expect(told.slice(3).toSorted()).toEqual(['gone b', 'set a', 'set d']));
  expect(mirror.get(namespace, 'a')).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { x: '1' } });
  expect(mirror.get(namespace, 'a')?.metadata.managedFields).toBeUndefined();
  expect(mirror.get(namespace, 'b')).toBeUndefined();
});

test('an own answer is in the mirror at once, and told once', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('observe');
  const { cluster } = await open();
  const { told, onChange } = listener();
  const mirror = cluster.follow({ gvk: CONFIG_MAP, namespace, onChange });
  await mirror.ready(never);
  const api = cluster.as(undefined);
  const first = await api.apply(configMap(namespace, 'a', { x: '1' }), { dryRun: false }, never);
  const second = await api.apply(configMap(namespace, 'a', { x: '2' }), { dryRun: false }, never);
  mirror.observe(second);
  mirror.observe(first);
  expect(mirror.get(namespace, 'a')?.['data']).toEqual({ x: '2' });
  await api.create(configMap(namespace, 'end'), never);
  await eventually(() => expect(told).toContain('set end'));
  expect(told.filter((each) => each === 'set a').length).toBeLessThanOrEqual(2);
  expect(mirror.get(namespace, 'a')?.['data']).toEqual({ x: '2' });
});

test('a connection that is killed costs nothing but a new watch', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('killed');
  const { proxy, kubeconfig } = await proxied();
  const { cluster, asked } = await open({ connect: { kubeconfig } });
  await shared.apply(configMap(namespace, 'kept'), configMap(namespace, 'removed'));
  const { told, onChange } = listener();
  const mirror = cluster.follow({ gvk: CONFIG_MAP, namespace, onChange });
  await mirror.ready(never);
  told.length = 0;
  const mark = await auditMark();
  proxy.refuse(true);
  proxy.cut();
  await shared.apply(configMap(namespace, 'new'));
  await shared.kubectl(['delete', 'configmap', 'removed', '-n', namespace]);
  proxy.refuse(false);
  await eventually(() => expect(told.toSorted()).toEqual(['gone removed', 'set new']));
  expect((await asked(mark)).filter((event) => event.verb === 'list')).toEqual([]);
  expect(
    mirror
      .all()
      .map((each) => each.metadata.name)
      .toSorted(),
  ).toEqual(['kept', 'kube-root-ca.crt', 'new']);
});

test('a version that the server no longer has is listed again, and the differences are told', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('gone');
  const { proxy, kubeconfig } = await proxied();
  let stale = false;
  const around = (connection: Connection): Connection => ({
    ...connection,
    stream: async (ask, timeoutMs, signal) => {
      if (!stale) return await connection.stream(ask, timeoutMs, signal);
      const path = ask.path.replace(/resourceVersion=\d+/, 'resourceVersion=1');
      const stream = await connection.stream({ ...ask, path }, timeoutMs, signal);
      stale = false;
      return stream;
    },
  });
  const { cluster, asked } = await open({ connect: { kubeconfig }, around });
  // What the server keeps of a new kind begins with the kind: there is no version 1.
  const gvk = await newKind(namespace);
  const thing = (name: string, x = 1) => ({
    apiVersion: `${gvk.group}/v1`,
    kind: 'Thing',
    metadata: { namespace, name },
    spec: { x },
  });
  await shared.apply(thing('kept'), thing('changed'), thing('removed'));
  const { told, onChange } = listener();
  const mirror = cluster.follow({ gvk, namespace, onChange });
  await mirror.ready(never);
  told.length = 0;
  const mark = await auditMark();
  stale = true;
  proxy.refuse(true);
  proxy.cut();
  await shared.apply(thing('changed', 2), thing('new'));
  await shared.kubectl(['delete', `things.${gvk.group}`, 'removed', '-n', namespace]);
  proxy.refuse(false);
  await eventually(() => expect(told.toSorted()).toEqual(['gone removed', 'set changed', 'set new']));
  // The refusal came as an event of the first watch; the second one begins after the list has told everything.
  await eventually(async () =>
    expect((await asked(mark)).map((event) => `${event.verb} ${event.code}`)).toEqual([
      'watch 200',
      'list 200',
      'watch 200',
    ]),
  );
  await shared.apply(thing('later'));
  await eventually(() => expect(told).toContain('set later'));
});

test('silence is noticed and ended by a new watch', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('silent');
  const { proxy, kubeconfig } = await proxied();
  const { cluster, problems } = await open({ connect: { kubeconfig }, cluster: { silenceMs: 1_000 } });
  const { told, onChange } = listener();
  const mirror = cluster.follow({ gvk: CONFIG_MAP, namespace, onChange });
  await mirror.ready(never);
  await shared.apply(configMap(namespace, 'before'));
  await eventually(() => expect(told).toEqual(['set before']));
  proxy.stall();
  await shared.apply(configMap(namespace, 'meanwhile'));
  expect(told).toEqual(['set before']);
  await eventually(() => expect(told).toEqual(['set before', 'set meanwhile']));
  expect(problems[0]).toMatchObject({ code: 'ApiSilent' });
});

test('without changes nothing is asked but the renewal of the watch', async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('steady');
  const { cluster, asked } = await open({ cluster: { renewMs: 1_000 } });
  const mirror = cluster.follow({ gvk: CONFIG_MAP, namespace });
  await mirror.ready(never);
  const mark = await auditMark();
  const renewals = await eventually(async () => {
    const events = await asked(mark);
    expect(events.filter((event) => event.verb === 'watch').length).toBeGreaterThanOrEqual(2);
    return events;
  });
  expect(renewals.map((event) => event.verb).filter((verb) => verb !== 'watch')).toEqual([]);
  expect(renewals[0]?.uri).toMatch(/allowWatchBookmarks=true.*timeoutSeconds=[12]/);
});

test('a server that is away at the start is waited for', async () => {
  const { proxy, kubeconfig } = await proxied();
  proxy.refuse(true);
  const { cluster, problems } = await open({ connect: { kubeconfig }, cluster: { retryForMs: 100 } });
  const mirror = cluster.follow({ gvk: CONFIG_MAP, namespace: 'default' });
  await eventually(() => problems.length > 1);
  proxy.refuse(false);
  await mirror.ready(never);
  expect(problems[0]).toMatchObject({ code: 'ApiUnreachable', status: 0 });
});

describe('what only a person can heal', () => {
  test('is told to those who wait, and looked at again when somebody asks', async () => {
    const shared = await testCluster();
    const namespace = await shared.freshNamespace('rights');
    const { cluster } = await open();
    const mirror = cluster.follow({ gvk: CONFIG_MAP, namespace, account: { namespace, name: 'reader' } });
    await expect(mirror.ready(never)).rejects.toMatchObject({ status: 403 });
    await shared.apply(adminBinding(namespace, 'reader'));
    await eventually(() => mirror.ready(never));
    expect(mirror.all()).toHaveLength(1);
  });

  test('a kind that comes later is found', async () => {
    const shared = await testCluster();
    const namespace = await shared.freshNamespace('later');
    const { cluster } = await open();
    const group = `${namespace}.example.com`;
    const mirror = cluster.follow({ gvk: { group, version: 'v1', kind: 'Thing' } });
    await expect(mirror.ready(never)).rejects.toMatchObject({ status: 404, code: 'ApiKindUnknown' });
    await newKind(namespace);
    await eventually(() => {
      cluster.refreshResources();
      return mirror.ready(never);
    });
  });

  test('rights that are withdrawn are told too', async () => {
    const shared = await testCluster();
    const namespace = await shared.freshNamespace('withdrawn');
    await shared.apply(adminBinding(namespace, 'reader'));
    const { cluster } = await open({ cluster: { renewMs: 500 } });
    const account = { namespace, name: 'reader' };
    await eventually(() => cluster.as(account).list({ gvk: CONFIG_MAP, namespace }, never));
    const mirror = cluster.follow({ gvk: CONFIG_MAP, namespace, account });
    await mirror.ready(never);
    await shared.kubectl(['delete', 'rolebinding', '--all', '-n', namespace]);
    await eventually(async () => {
      await expect(mirror.ready(never)).rejects.toMatchObject({ status: 403 });
    });
  });
});

test('who waits for a mirror that is stopped is told so', async () => {
  const { proxy, kubeconfig } = await proxied();
  proxy.refuse(true);
  const { cluster } = await open({ connect: { kubeconfig } });
  const mirror = cluster.follow({ gvk: CONFIG_MAP });
  const waiting = mirror.ready(never);
  mirror.stop();
  await expect(waiting).rejects.toThrow('stopped');
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  await expect(cluster.follow({ gvk: CONFIG_MAP }).ready(controller.signal)).rejects.toThrow('enough');
});
