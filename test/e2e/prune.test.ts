// What a release deletes, when, and what it leaves.
import { randomInt } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { everyRight } from '../support/extras.ts';
import { live, patch, pathOf } from '../support/objects.ts';
import { configYaml, inShop, type Shop } from '../support/shop.ts';
import { endedAs, readyOf, statusWhere } from '../support/world.ts';

vi.setConfig({ testTimeout: 240_000 });

function service(name: string, nodePort: number): string {
  const spec = { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, nodePort }] };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec });
}

const config = (name: string, note = '') =>
  configYaml().replace('name: web', `name: ${name}${note === '' ? '' : `\n  annotations: { ${note} }`}`);

async function outcomeOf(shop: Shop, object: string) {
  return (await shop.status()).objects?.outcomes.find((one) => one.object.endsWith(`/${object}`));
}

test.concurrent(
  'what stands in the way of a release goes first, be it a node port or what says so; all else goes after it is healthy; what has become free is written with care for what is others’',
  inShop({ spec: { health: { timeout: '10s' } } }, async (shop) => {
    const { cluster, namespace } = shop;
    const [port, other] = [randomInt(30_000, 31_300), randomInt(31_400, 32_700)];
    await shop.agent();
    await shop.healthyAt(shop.first);
    const one = await shop.person.publish('ports', {
      'deploy/old.yaml': service('old', port),
      'deploy/mover.yaml': service('mover', other),
      'deploy/early.yaml': config('early', 'pawl.dev/prune: Before'),
    });
    await shop.healthyAt(one);
    // Its finalizer is somebody else's: what has to be out of the way is not.
    const early = pathOf('configmaps', namespace, 'early');
    await patch(cluster, early, { metadata: { finalizers: ['example.com/hold'] } });
    // Somebody else's, so far: it cannot be dry-run before the port is free.
    const taker = pathOf('services', namespace, 'a-taker');
    const theirs = JSON.parse(service('a-taker', 0));
    await cluster.apply({
      ...theirs,
      metadata: {
        name: 'a-taker',
        namespace,
        labels: { former: 'tool', 'applyset.kubernetes.io/part-of': 'applyset-theirs-v1' },
      },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }], sessionAffinity: 'None' },
    });
    const ours = JSON.parse(service('a-taker', other));
    ours.metadata.annotations = { 'pawl.dev/ignore-fields': 'spec.sessionAffinity' };
    ours.spec.sessionAffinity = 'ClientIP';
    const two = await shop.person.publish('other services have the ports', {
      'deploy/old.yaml': null,
      'deploy/early.yaml': null,
      'deploy/new.yaml': service('a-new', port),
      'deploy/takes.yaml': JSON.stringify(ours),
      'deploy/mover.yaml': service('mover', other + 1),
    });
    await endedAs(shop, two, 'Unknown', 60_000);
    const ready = readyOf(await shop.status());
    expect([ready?.status, ready?.reason]).toEqual(['False', 'Deleting']);
    expect(ready?.message).toContain('example.com/hold');
    expect(await live(cluster, 'services', namespace, 'a-new')).toBeUndefined();
    await patch(cluster, early, { metadata: { finalizers: null } });
    await statusWhere(shop, 'the release to leave to them what is theirs', (status) => {
      const { reason } = readyOf(status) ?? {};
      return reason === 'Owned';
    });
    expect((await live(cluster, 'services', namespace, 'a-taker')).spec.type).toBe('ClusterIP');
    await patch(cluster, taker, { metadata: { labels: { 'applyset.kubernetes.io/part-of': null } } });
    await shop.healthyAt(two, 90_000);
    const taken = await live(cluster, 'services', namespace, 'a-taker');
    expect(taken.spec.sessionAffinity).toBe('None');
    expect(taken.metadata.labels.former).toBeUndefined();
    expect((await live(cluster, 'services', namespace, 'a-new')).spec.ports[0].nodePort).toBe(port);
    expect((await live(cluster, 'services', namespace, 'a-taker')).spec.ports[0].nodePort).toBe(other);
    expect(await live(cluster, 'services', namespace, 'old')).toBeUndefined();
  }),
);

test.concurrent(
  'claims and namespaces go only with their own consent, a namespace never while it is in use; a finalizer is named and holds up nothing',
  inShop({}, async (shop) => {
    const { cluster, namespace } = shop;
    await everyRight(shop);
    await shop.agent();
    await shop.healthyAt(shop.first);
    const claim = (name: string, annotations: Record<string, string>) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name, annotations },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      });
    const place = (name: string) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: `${namespace}-${name}`, annotations: { 'pawl.dev/prune': 'Always' } },
      });
    const inside = (name: string) =>
      config('inside').replace('name: inside', `name: inside\n  namespace: ${namespace}-${name}`);
    const full = await shop.person.publish('claims and places', {
      'deploy/claims.yaml': `${claim('kept', {})}\n---\n${claim('gone', { 'pawl.dev/prune': 'Always' })}`,
      'deploy/places.yaml': [place('empty'), place('full'), inside('empty'), inside('full')].join('\n---\n'),
      'deploy/held.yaml': config('held'),
    });
    await shop.healthyAt(full);
    const held = pathOf('configmaps', namespace, 'held');
    await patch(cluster, held, { metadata: { finalizers: ['example.com/hold'] } });
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'somebody-elses', namespace: `${namespace}-full` },
    });
    const none = await shop.person.publish('none of them', {
      'deploy/claims.yaml': null,
      'deploy/places.yaml': null,
      'deploy/held.yaml': null,
    });
    // More than half of what there is: that has to be confirmed.
    await endedAs(shop, none, 'Held');
    await shop.annotate({ 'pawl.dev/confirm-prune': none });
    await shop.healthyAt(none);
    await statusWhere(shop, 'the finalizer to be named', (status) =>
      status.objects?.outcomes.some(
        ({ object, reason }) => object.endsWith('/held') && reason?.includes('example.com/hold'),
      ),
    );
    await eventually(
      async () => {
        expect(await cluster.find('persistentvolumeclaim', 'gone', namespace)).toBeUndefined();
      },
      { timeoutMs: 60_000 },
    );
    expect(await cluster.find('persistentvolumeclaim', 'kept', namespace)).toBeDefined();
    expect((await outcomeOf(shop, `${namespace}-full`))?.reason).toMatch(/in use/);
    // The App does its other work meanwhile.
    const next = await shop.person.publish('another banner', {
      'deploy/config.yaml': configYaml({ banner: 'Open' }),
    });
    await shop.healthyAt(next);
    await eventually(
      async () => {
        const events = await cluster.list('events', namespace);
        expect(events.map(({ reason }) => reason)).toContain('DeletionHangs');
      },
      { timeoutMs: 60_000 },
    );
    await patch(cluster, held, { metadata: { finalizers: null } });
    // What was in it is gone, too: then the empty namespace may go.
    await eventually(
      async () => {
        const found = await cluster.find('namespace', `${namespace}-empty`);
        expect(found?.metadata.deletionTimestamp ?? 'gone').toBeDefined();
        expect(found === undefined || found.metadata.deletionTimestamp !== undefined).toBe(true);
      },
      { timeoutMs: 60_000 },
    );
    expect((await cluster.get('namespace', `${namespace}-full`)).metadata.deletionTimestamp).toBeUndefined();
    await cluster.tryKubectl(['delete', 'namespace', `${namespace}-full`, '--wait=false']);
  }),
);
