// What the server made of an apply is recognised as that apply, and whatever is not is not.
import { beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { isAsApplied } from '../../src/plan/as-applied.ts';
import { ownFields } from '../../src/plan/fields.ts';
import { type Json, type TestCluster, testCluster } from '../support/cluster.ts';

const MANAGER = 'fieldManager=pawl&force=true';

const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels: { app: 'web' }, annotations: { 'example.com/team': 'shop' } },
  spec: {
    replicas: 2,
    revisionHistoryLimit: 0,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'web',
            image: 'web:1.0',
            args: ['--port', '80'],
            env: [{ name: 'LEVEL', value: 'info' }],
            envFrom: [{ configMapRef: { name: 'web' } }],
            ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }],
            resources: { requests: { cpu: '10m', memory: '1Mi' } },
            volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          },
        ],
        volumes: [{ name: 'tmp', emptyDir: {} }],
      },
    },
  },
} satisfies Json;

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', finalizers: ['example.com/hold'] },
  spec: {
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 'http' }],
  },
};
const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web' }, data: { a: '1', b: '' } };

function isKnown(desired: KubeObject, live: KubeObject): boolean {
  const owned = ownFields(live);
  return owned !== undefined && isAsApplied(desired, live, owned);
}

let cluster: TestCluster;
let namespace: string;
beforeAll(async () => {
  cluster = await testCluster();
  namespace = await cluster.freshNamespace('as-applied');
});

function pathOf({ apiVersion, kind, metadata }: Json): string {
  const group = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  return `${group}/namespaces/${namespace}/${kind.toLowerCase()}s/${metadata.name}`;
}

async function apply(object: Json, query = MANAGER): Promise<KubeObject> {
  const contentType = 'application/apply-patch+yaml';
  const { status, body } = await cluster.request({
    method: 'PATCH',
    path: `${pathOf(object)}?${query}`,
    contentType,
    body: object,
  });
  expect(status, JSON.stringify(body)).toBeLessThan(300);
  return body;
}

async function patch(object: Json, body: Json): Promise<KubeObject> {
  const contentType = 'application/merge-patch+json';
  const answer = await cluster.request({
    method: 'PATCH',
    path: `${pathOf(object)}?fieldManager=somebody`,
    contentType,
    body,
  });
  expect(answer.status).toBe(200);
  return answer.body;
}

function named(object: Json, name: string): Json {
  return { ...object, metadata: { ...object.metadata, name, namespace } };
}

describe('what an apply left', () => {
  test.each([
    { name: 'deployment', object: web },
    { name: 'config', object: config },
  ])('is known again ($name)', async ({ name, object }) => {
    const given = named(object, `again-${name}`);
    expect(isKnown(given, await apply(given))).toBe(true);
  });

  test('is known again where the server filled in the protocol of a port, and not where it was another', async () => {
    const [{ protocol: _, ...port }] = service.spec.ports as [Json];
    const given = named({ ...service, metadata: {}, spec: { ...service.spec, ports: [port] } }, 'protocol');
    expect(isKnown(given, await apply(given))).toBe(true);
    const udp = { ...given, spec: { ...given.spec, ports: [{ ...port, protocol: 'UDP' }] } };
    expect(isKnown(given, await apply(udp))).toBe(false);
  });

  test('is known again beside what others own, a service with its address and finalizer', async () => {
    const given = named(service, 'known');
    await apply(given);
    const live = await patch(given, { metadata: { annotations: { other: 'x' } } });
    expect(isKnown(given, live)).toBe(true);
    await patch(given, { metadata: { finalizers: null } });
  });
});

describe('what is something else', () => {
  const changes: { name: string; object: Json; by: Json }[] = [
    { name: 'another value', object: config, by: { data: { a: '2' } } },
    { name: 'a value taken away', object: config, by: { data: { a: null } } },
    { name: 'another number', object: web, by: { spec: { replicas: 3 } } },
    { name: 'a label taken away', object: web, by: { metadata: { labels: null } } },
    {
      name: 'another entry of a list',
      object: web,
      by: { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:2.0' }] } } } },
    },
  ];
  test.each(changes)('$name, by another hand', async ({ name, object, by }) => {
    const given = named(object, `changed-${name.replaceAll(' ', '-')}`);
    await apply(given);
    expect(isKnown(given, await patch(given, by))).toBe(false);
  });

  test('a value that another manager has set by force and set back: it is no longer ours alone', async () => {
    const given = named(config, 'forced');
    await apply(given);
    await patch(given, { data: { a: '2' } });
    expect(isKnown(given, await patch(given, { data: { a: '1' } }))).toBe(false);
  });

  test('a manifest with a field less or more', async () => {
    const given = named(web, 'fields');
    const live = await apply(given);
    const { annotations: _, ...less } = given.metadata;
    expect(isKnown({ ...given, metadata: less }, live)).toBe(false);
    expect(isKnown({ ...given, spec: { ...given.spec, paused: true } }, live)).toBe(false);
    const [container] = given.spec.template.spec.containers;
    const withContainers = (containers: Json[]) => ({
      ...given,
      spec: {
        ...given.spec,
        template: { ...given.spec.template, spec: { ...given.spec.template.spec, containers } },
      },
    });
    expect(isKnown(withContainers([container]), live)).toBe(true);
    expect(isKnown(withContainers([container, { name: 'side', image: 'x' }]), live)).toBe(false);
    expect(isKnown(withContainers([{ ...container, args: ['--port', '81'] }]), live)).toBe(false);
  });

  test('what was never applied by Pawl, and what is without its record', async () => {
    const given = named(config, 'stranger');
    const live = await apply(given, 'fieldManager=somebody');
    expect(isKnown(given, live)).toBe(false);
    const { managedFields: _, ...metadata } = live.metadata;
    expect(isKnown(given, { ...live, metadata })).toBe(false);
  });

  test('what the server writes in another way is left to the server', async () => {
    const empty = named({ ...config, data: {} }, 'empty');
    expect(isKnown(empty, await apply(empty))).toBe(false);
    const given = named(web, 'quantity');
    const [container] = given.spec.template.spec.containers;
    container.resources = { requests: { cpu: '0.5' } };
    expect(isKnown(given, await apply(given))).toBe(false);
  });
});
