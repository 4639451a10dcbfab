// Story: why won't that deployment roll? A change of configuration must be a change of the workload's hash.

import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../src/model/manifest.ts';
import { configMap, deployment, manifests, rendered } from './files.ts';

const IGNORED = '{ pawl.dev/checksum: Ignore }';
const secret = (name: string, value: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: ${name} }\nstringData: { a: "${value}" }\n`;
const join = (...documents: string[]) => documents.join('---\n');

function workload(text: string, options = {}): Manifest {
  const found = manifests(text, options).find(({ id }) =>
    ['Deployment', 'StatefulSet', 'DaemonSet'].includes(id.kind),
  );
  if (found === undefined) throw new Error('no workload');
  return found;
}

describe('a change of configuration changes what uses it', () => {
  test.for([
    {
      name: 'in the environment, whole',
      pod: '{ containers: [{ name: a, envFrom: [{ configMapRef: { name: c } }] }] }',
    },
    {
      name: 'one variable',
      pod: '{ containers: [{ name: a, env: [{ name: X, valueFrom: { configMapKeyRef: { name: c, key: a, optional: true } } }] }] }',
    },
    {
      name: 'an init container',
      pod: '{ initContainers: [{ name: a, envFrom: [{ configMapRef: { name: c } }] }] }',
    },
    { name: 'a volume', pod: '{ volumes: [{ name: v, configMap: { name: c } }] }' },
    {
      name: 'a projected volume',
      pod: '{ volumes: [{ name: v, projected: { sources: [{ configMap: { name: c } }] } }] }',
    },
  ])('$name', ({ pod }) => {
    const before = workload(join(configMap('c', '{ a: "1" }'), deployment(pod)));
    const after = workload(join(configMap('c', '{ a: "2" }'), deployment(pod)));
    expect(before.checksum?.config).toMatch(/^[0-9a-f]{64}$/);
    expect(after.checksum?.config).not.toBe(before.checksum?.config);
    expect(after.hash).not.toBe(before.hash);
    expect(after.object).toEqual(before.object);
  });

  test.for([
    {
      name: 'in the environment, whole',
      pod: '{ containers: [{ name: a, envFrom: [{ secretRef: { name: c } }] }] }',
    },
    {
      name: 'one variable',
      pod: '{ containers: [{ name: a, env: [{ name: X, valueFrom: { secretKeyRef: { name: c, key: a } } }] }] }',
    },
    { name: 'a volume', pod: '{ volumes: [{ name: v, secret: { secretName: c } }] }' },
    {
      name: 'a projected volume',
      pod: '{ volumes: [{ name: v, projected: { sources: [{ secret: { name: c } }] } }] }',
    },
  ])('a Secret: $name', ({ pod }) => {
    const before = workload(join(secret('c', '1'), deployment(pod)));
    const after = workload(join(secret('c', '2'), deployment(pod)));
    expect(after.checksum?.config).not.toBe(before.checksum?.config);
    expect(after.hash).not.toBe(before.hash);
  });

  test('binary data', () => {
    const pod = '{ volumes: [{ name: v, configMap: { name: c } }] }';
    const binary = (data: string) =>
      workload(
        join(
          `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\nbinaryData: ${data}\n`,
          deployment(pod),
        ),
      );
    expect(binary('{ a: AA== }').checksum?.config).not.toBe(binary('{ a: AQ== }').checksum?.config);
  });

  test.for(['Deployment', 'StatefulSet', 'DaemonSet'])('of a %s', (kind) => {
    const text = deployment('{ volumes: [{ name: v, configMap: { name: c } }] }').replace('Deployment', kind);
    expect(workload(join(configMap('c', '{ a: "1" }'), text)).checksum).toBeDefined();
  });
});

describe('nothing restarts without need', () => {
  const pod = '{ volumes: [{ name: v, configMap: { name: c } }] }';
  const before = workload(join(configMap('c', '{ a: "1" }'), deployment(pod)));

  test.for([
    { name: "other keys' order", text: join(deployment(pod), configMap('c', '{ "a": "1" }')) },
    {
      name: 'a label or annotation of the configuration',
      text: join(configMap('c', '{ a: "1" }', '{ note: x }'), deployment(pod)),
    },
    {
      name: 'configuration that nobody uses',
      text: join(configMap('c', '{ a: "1" }'), configMap('d', '{}'), deployment(pod)),
    },
    {
      name: 'configuration of the same name elsewhere',
      text: join(
        configMap('c', '{ a: "1" }'),
        configMap('c, namespace: other', '{ a: "9" }'),
        deployment(pod),
      ),
    },
  ])('by $name', ({ text }) => {
    expect(workload(text).checksum?.config).toBe(before.checksum?.config);
    expect(workload(text).hash).toBe(before.hash);
  });

  test.for([
    {
      name: 'it uses none of the App',
      text: deployment('{ volumes: [{ name: v, configMap: { name: theirs } }] }'),
    },
    {
      name: 'it asks for that',
      text: join(configMap('c', '{}'), deployment(pod, `{ name: web, annotations: ${IGNORED} }`)),
    },
    { name: 'the configuration asks for that', text: join(configMap('c', '{}', IGNORED), deployment(pod)) },
    {
      name: 'only the image is pulled with it',
      text: join(secret('c', '1'), deployment('{ imagePullSecrets: [{ name: c }] }')),
    },
  ])('a workload has no checksum where $name', ({ text }) => {
    expect(workload(text).checksum).toBeUndefined();
  });

  test('the checksum of adoption covers the template as well', () => {
    const other = workload(join(configMap('c', '{ a: "1" }'), deployment(pod.replace('name: v', 'name: w'))));
    expect(other.checksum?.config).toBe(before.checksum?.config);
    expect(other.checksum?.adoption).not.toBe(before.checksum?.adoption);
  });
});

test.for([
  {
    name: 'Job',
    text: 'apiVersion: batch/v1\nkind: Job\nmetadata: { name: j }\nspec: { template: { spec: { volumes: [{ name: v, configMap: { name: c } }] } } }\n',
  },
  {
    name: 'CronJob',
    text: 'apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: j }\nspec: { jobTemplate: { spec: { template: { spec: { volumes: [{ name: v, configMap: { name: c } }] } } } } }\n',
  },
])('a $name has none: its pods are new each time', ({ text }) => {
  const found = rendered({ 'a.yaml': join(configMap('c', '{}'), text) }).manifests;
  expect(found.every(({ checksum }) => checksum === undefined)).toBe(true);
});

test('a Secret cannot be guessed from the checksum without the key of the installation', () => {
  const text = join(secret('c', '1'), deployment('{ volumes: [{ name: v, secret: { secretName: c } }] }'));
  const other = workload(text, { hmacKey: new Uint8Array(32).fill(8) });
  expect(other.checksum?.config).not.toBe(workload(text).checksum?.config);
});
