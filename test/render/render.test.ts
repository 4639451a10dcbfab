import { describe, expect, test } from 'vitest';
import { kindsOf, parse } from '../../src/render/render.ts';
import { APPLY_SET, configMap, deployment, file, manifests, problems, rendered } from './files.ts';

const CRD = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: gates.example.com }
spec: { group: example.com, scope: Cluster, names: { kind: Gate, plural: gates } }
`;

describe('namespaces', () => {
  const given = 'apiVersion: example.com/v1\nkind: Gate\nmetadata: { name: g, namespace: other }\n';
  const keys = (text: string, options = {}) => manifests(text, options).map(({ key }) => key);

  test('an object without one gets the default one', () => {
    expect(keys(configMap('c', '{}'))).toEqual(['shop/ConfigMap/c']);
    expect(manifests(configMap('c', '{}'))[0]?.object.metadata.namespace).toBe('shop');
  });

  test('an object with one keeps it', () => {
    expect(keys(given, { scopeOf: () => 'Namespaced' })).toEqual(['other/Gate.example.com/g']);
  });

  test('an object of a kind without namespaces loses it', () => {
    const [gate] = manifests(given, { scopeOf: () => 'Cluster' });
    expect(gate?.key).toBe('/Gate.example.com/g');
    expect(gate?.object.metadata).not.toHaveProperty('namespace');
  });

  test('a definition of the same commit tells the scope of a kind that the server does not know', () => {
    const scopeOf = ({ group }: { group: string }) =>
      group === 'example.com' ? undefined : ('Cluster' as const);
    expect(keys(`${given}---\n${CRD}`, { scopeOf })).toEqual([
      '/CustomResourceDefinition.apiextensions.k8s.io/gates.example.com',
      '/Gate.example.com/g',
    ]);
  });

  test('the kinds to ask the server about are each named once', () => {
    const parsed = parse([file('a.yaml', `${configMap('a', '{}')}---\n${configMap('b', '{}')}---\n${CRD}`)]);
    expect(kindsOf(parsed).map(({ kind }) => kind)).toEqual(['ConfigMap', 'CustomResourceDefinition']);
  });
});

describe('what servers write is taken away', () => {
  test('from metadata and status', () => {
    const [manifest] = manifests(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  uid: 1-2
  resourceVersion: "7"
  generation: 3
  creationTimestamp: "2020-01-01T00:00:00Z"
  selfLink: /x
  managedFields: [{ manager: kubectl }]
  labels:
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: "{}"
    deployment.kubernetes.io/revision: "4"
    pawl.dev/adopted: x
    kubernetes.io/change-cause: someone
    kept: "yes"
spec:
  template: { metadata: { creationTimestamp: null, labels: { a: b } }, spec: {} }
status: { replicas: 3 }
`);
    expect(manifest?.object).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'web',
        namespace: 'shop',
        labels: { 'applyset.kubernetes.io/part-of': APPLY_SET },
        annotations: { kept: 'yes' },
      },
      spec: { revisionHistoryLimit: 0, template: { metadata: { labels: { a: 'b' } }, spec: {} } },
    });
  });

  test('from the templates of CronJobs and of claims', () => {
    const meta = '{ creationTimestamp: null }';
    const [claims] = manifests(
      `apiVersion: apps/v1\nkind: StatefulSet\nmetadata: { name: a }\nspec: { volumeClaimTemplates: [{ metadata: ${meta} }] }\n`,
    );
    expect(claims?.object.spec).toEqual({
      revisionHistoryLimit: 0,
      volumeClaimTemplates: [{ metadata: {} }],
    });
    const [cron] = manifests(
      `apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: a }\nspec: { jobTemplate: { metadata: ${meta}, spec: { template: { metadata: ${meta} } } } }\n`,
    );
    expect(cron?.object.spec).toEqual({
      jobTemplate: { metadata: {}, spec: { template: { metadata: {} } } },
    });
  });

  test('and the files are not changed by it', () => {
    const text = 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { a: b }\n';
    const shared = `apiVersion: v1\nkind: List\nitems:\n- &x ${JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } })}\n`;
    expect(rendered({ 'a.yaml': text, 'b.yaml': shared })).toEqual(
      rendered({ 'a.yaml': text, 'b.yaml': shared }),
    );
  });
});

test('stringData becomes data, and wins over it, as on the server', () => {
  const [secret] = manifests(
    'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\ndata: { a: b2xk, b: a2VwdA== }\nstringData: { a: "né", c: }\n',
  );
  expect(secret?.object).not.toHaveProperty('stringData');
  expect(secret?.object.data).toEqual({ a: 'bsOp', b: 'a2VwdA==', c: '' });
});

describe('no revisions are kept, whatever the manifest says', () => {
  test.for([
    { name: 'Deployment', apiVersion: 'apps/v1', want: 0 },
    { name: 'StatefulSet', apiVersion: 'apps/v1', want: 0 },
    { name: 'DaemonSet', apiVersion: 'apps/v1', want: 0 },
    { name: 'Rollout', apiVersion: 'argoproj.io/v1alpha1', want: 5 },
  ])('$name', ({ name, apiVersion, want }) => {
    const [manifest] = manifests(
      `apiVersion: ${apiVersion}\nkind: ${name}\nmetadata: { name: a }\nspec: { revisionHistoryLimit: 5 }\n`,
    );
    expect(manifest?.object.spec).toEqual({ revisionHistoryLimit: want });
  });
});

test('every object carries the membership label, beside its own and over any other', () => {
  const [manifest] = manifests(
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c, labels: { a: b, applyset.kubernetes.io/part-of: applyset-other-v1 } }\n',
  );
  expect(manifest?.object.metadata.labels).toEqual({ a: 'b', 'applyset.kubernetes.io/part-of': APPLY_SET });
});

describe('annotations', () => {
  const withNotes = (notes: string, kind = 'ConfigMap') =>
    `apiVersion: v1\nkind: ${kind}\nmetadata: { name: c, annotations: { ${notes} } }\n`;

  test('are read', () => {
    const notes =
      'pawl.dev/stage: "-2", pawl.dev/prune: Never, pawl.dev/rollback: Hold, pawl.dev/recreate: "false"';
    expect(manifests(withNotes(notes))[0]).toMatchObject({
      stage: -2,
      policy: {
        prune: 'Never',
        rollback: 'Hold',
        recreate: false,
        ignoreFields: [],
      },
    });
  });

  test('have defaults', () => {
    expect(manifests(withNotes(''))[0]).toMatchObject({
      stage: 0,
      policy: { prune: 'Default', rollback: 'Default', recreate: false, ignoreFields: [] },
    });
  });

  test.for([
    {
      name: 'stage',
      notes: 'pawl.dev/stage: first',
      want: 'pawl.dev/stage is not a whole number from -1000 to 1000',
    },
    {
      name: 'far stage',
      notes: 'pawl.dev/stage: "1001"',
      want: 'pawl.dev/stage is not a whole number from -1000 to 1000',
    },
    {
      name: 'prune',
      notes: 'pawl.dev/prune: always',
      want: 'pawl.dev/prune is not Never or Before or Always',
    },
    { name: 'rollback', notes: 'pawl.dev/rollback: "no"', want: 'pawl.dev/rollback is not Hold' },
    { name: 'recreate', notes: 'pawl.dev/recreate: "yes"', want: 'pawl.dev/recreate is not true or false' },
    { name: 'checksum', notes: 'pawl.dev/checksum: ignore', want: 'pawl.dev/checksum is not Ignore' },
    {
      name: 'hook',
      notes: 'pawl.dev/hook: pre',
      want: 'pawl.dev/hook is for Jobs only: nothing else ends by itself',
    },
    {
      name: 'ignore-fields without which it would not be known again',
      notes: 'pawl.dev/ignore-fields: "data.x, metadata.labels"',
      want: 'pawl.dev/ignore-fields: without "metadata.labels" the object would not be known again',
    },
    {
      name: 'misspelt',
      notes: 'pawl.dev/prunes: Never',
      want: '"pawl.dev/prunes" is no annotation of Pawl\'s',
    },
    {
      name: 'ignore-fields',
      notes: 'pawl.dev/ignore-fields: "/spec/replicas"',
      want: 'pawl.dev/ignore-fields: "/spec/replicas" is no path of a field, such as spec.replicas, or spec.template.spec.containers[name=web].image',
    },
  ])('that mean nothing are a problem: $name', ({ notes, want }) => {
    expect(problems({ 'a.yaml': withNotes(notes) })).toMatchObject([
      { code: 'InvalidAnnotation', message: `ConfigMap "c": ${want}` },
    ]);
  });

  test.for(['PersistentVolumeClaim', 'Namespace'])('never recreate a %s', (kind) => {
    const [problem] = problems({ 'a.yaml': withNotes('pawl.dev/recreate: "true"', kind) });
    expect(problem?.message).toBe(
      `${kind} "c": pawl.dev/recreate is not for a ${kind}: what it holds would be lost`,
    );
  });
});

describe('hashes', () => {
  const hashes = (text: string, options = {}) => manifests(text, options).map(({ hash }) => hash);
  const given = configMap('c', '{ a: "1", b: "2" }');

  test('do not depend on the order of keys, on layout, or on the place in the files', () => {
    const other = `# moved\n---\n---\nkind: ConfigMap\ndata:\n  b: '2'\n  a: '1'\nmetadata:\n  annotations: {}\n  name: c\napiVersion: v1\n`;
    expect(hashes(other)).toEqual(hashes(given));
    const one = rendered({ 'a.yaml': given, 'b.yaml': configMap('d', '{}') });
    const two = rendered({ 'z.yaml': `${configMap('d', '{}')}---\n${other}` });
    expect(two.renderHash).toBe(one.renderHash);
  });

  test.for([
    { name: 'a value', text: configMap('c', '{ a: "1", b: "3" }') },
    { name: 'an annotation of Pawl', text: configMap('c', '{ a: "1", b: "2" }', '{ pawl.dev/stage: "1" }') },
    { name: 'the name', text: configMap('d', '{ a: "1", b: "2" }') },
  ])('depend on $name', ({ text }) => {
    expect(hashes(text)).not.toEqual(hashes(given));
    expect(rendered({ 'a.yaml': text }).renderHash).not.toBe(rendered({ 'a.yaml': given }).renderHash);
  });

  test('cannot be guessed without the key of the installation', () => {
    expect(hashes(given, { hmacKey: new Uint8Array(32).fill(8) })).not.toEqual(hashes(given));
  });

  test('tell integers apart that a number cannot hold', () => {
    const thing = (n: string) =>
      `apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }\nspec: { n: ${n} }\n`;
    expect(hashes(thing('9223372036854775807'))).not.toEqual(hashes(thing('9223372036854775806')));
  });
});

test('objects come in the order of stages, then of kinds that others need, then of names', () => {
  const object = (apiVersion: string, kind: string, name = 'a', stage = '0') =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}, annotations: { pawl.dev/stage: "${stage}" } }\n`;
  const text = [
    object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration'),
    object('v1', 'ConfigMap', 'early', '-1'),
    object('example.com/v1', 'Thing'),
    object('networking.k8s.io/v1', 'Ingress'),
    object('apps/v1', 'Deployment', 'b'),
    object('apps/v1', 'Deployment', 'a'),
    object('v1', 'Service'),
    object('v1', 'PersistentVolumeClaim'),
    object('v1', 'Secret'),
    object('storage.k8s.io/v1', 'StorageClass'),
    object('v1', 'ServiceAccount'),
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition'),
    object('v1', 'Namespace'),
    object('v1', 'Namespace', 'late', '1'),
  ].join('---\n');
  expect(manifests(text).map(({ id }) => `${id.kind}/${id.name}`)).toEqual([
    'ConfigMap/early',
    'Namespace/a',
    'CustomResourceDefinition/a',
    'ServiceAccount/a',
    'StorageClass/a',
    'Secret/a',
    'PersistentVolumeClaim/a',
    'Service/a',
    'Deployment/a',
    'Deployment/b',
    'Ingress/a',
    'Thing/a',
    'ValidatingWebhookConfiguration/a',
    'Namespace/late',
  ]);
});

test('the read set is every file that was read, by path, without its content', () => {
  const { readSet, readHash } = rendered({ 'b.yaml': configMap('b', '{}'), 'a.yaml': '# nothing\n' });
  expect(readSet.map(({ path }) => path)).toEqual(['a.yaml', 'b.yaml']);
  expect(readSet[0]).toEqual({ path: 'a.yaml', oid: expect.any(String), mode: '100644' });
  expect(readHash).toBe('read');
});

test('an App is an object like any other, this App itself included', () => {
  const app =
    'apiVersion: pawl.dev/v1alpha1\nkind: App\nmetadata: { name: shop, annotations: { pawl.dev/requested-at: now } }\n';
  expect(manifests(app).map(({ key }) => key)).toEqual(['shop/App.pawl.dev/shop']);
});

test('manifests say where they came from', () => {
  const { manifests: found } = rendered({
    'deploy/a.yaml': `${configMap('a', '{}')}---\n\n${deployment('{}')}`,
  });
  expect(found.map(({ origin }) => origin)).toEqual([
    { file: 'deploy/a.yaml', document: 1, line: 1 },
    { file: 'deploy/a.yaml', document: 2, line: 7 },
  ]);
});
