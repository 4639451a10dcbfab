import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/render/documents.ts';
import { showProblem } from '../../src/render/problem.ts';
import { parse } from '../../src/render/render.ts';
import { configMap, deployment, file, manifests, problems } from './files.ts';

const shown = (text: string, path = 'deploy/a.yaml') => problems({ [path]: text }).map(showProblem);
const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\n';

describe('each mistake is one problem with file, document and line', () => {
  test.for([
    {
      name: 'not YAML',
      given: 'a: [1',
      want: 'deploy/a.yaml:1: not YAML: unexpected end of the stream within a flow collection',
    },
    {
      name: 'a template',
      given: 'kind: {{ .Values.kind }}\n',
      want: 'deploy/a.yaml:1: a key must be a text, not a mapping or a list; templates ({{ … }}) are not rendered: commit plain manifests',
    },
    {
      name: 'a text',
      given: `${configMap('c', '{}')}---\njust words\n`,
      want: 'deploy/a.yaml:6 (document 2): not a Kubernetes object: apiVersion, kind and metadata are expected',
    },
    { name: 'no apiVersion', given: 'kind: ConfigMap\n', want: 'deploy/a.yaml:1: apiVersion is missing' },
    { name: 'no kind', given: '\napiVersion: v1\n', want: 'deploy/a.yaml:2: kind is missing' },
    {
      name: 'a kind that is no text',
      given: 'apiVersion: v1\nkind: yes\n',
      want: 'deploy/a.yaml:1: kind is true or false: quote it',
    },
    {
      name: 'an apiVersion that leads elsewhere',
      given: 'apiVersion: ../../api/v1\nkind: Secret\nmetadata: { name: a }\n',
      want: 'deploy/a.yaml:1: apiVersion "../../api/v1" is not one that can exist',
    },
    {
      name: 'no metadata',
      given: 'apiVersion: v1\nkind: ConfigMap\n',
      want: 'deploy/a.yaml:1: metadata is missing',
    },
    {
      name: 'no name',
      given: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n',
      want: 'deploy/a.yaml:1: metadata.name is missing',
    },
    {
      name: 'a generated name',
      given: 'apiVersion: batch/v1\nkind: Job\nmetadata: { generateName: migrate- }\n',
      want: 'deploy/a.yaml:1: metadata.generateName would make a new object each time; give it a name',
    },
    {
      name: 'a name that is a number',
      given: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: 0644 }\n',
      want: 'deploy/a.yaml:1: metadata.name is a number: quote it',
    },
    {
      name: 'a name that no server takes',
      given: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: My_Config }\n',
      want: 'deploy/a.yaml:1: metadata.name "My_Config" is not a name that ConfigMap takes',
    },
    {
      name: 'a name that leads elsewhere',
      given: 'apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: ../secrets }\n',
      want: 'deploy/a.yaml:1: metadata.name "../secrets" is not a name that Thing takes',
    },
    {
      name: 'a namespace that leads elsewhere',
      given: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: kube-system/secrets }\n',
      want: 'deploy/a.yaml:1: metadata.namespace "kube-system/secrets" is not the name of a namespace',
    },
    {
      name: 'a label that is a boolean',
      given: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, labels: { debug: on } }\n',
      want: 'deploy/a.yaml:1: metadata.labels "debug" is true or false, not a text; quote it',
    },
    {
      name: 'an annotation without a value',
      given: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, annotations: { note: } }\n',
      want: 'deploy/a.yaml:1: metadata.annotations "note" is null, not a text; remove it or write ""',
    },
    {
      name: "a template's label that is a number",
      given:
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a }\nspec: { template: { metadata: { labels: { v: 1.10 } } } }\n',
      want: `deploy/a.yaml:1: Deployment "a": the pod template's metadata.labels "v" is a number, not a text; quote it`,
    },
    {
      name: 'configuration that is a number',
      given: configMap('c', '{ PORT: 8080 }'),
      want: 'deploy/a.yaml:1: ConfigMap "c": data "PORT" is a number, not a text; quote it',
    },
    {
      name: 'a secret that is a number',
      given: 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { PIN: 1234 }\n',
      want: 'deploy/a.yaml:1: Secret "s": stringData "PIN" is a number, not a text; quote it',
    },
    {
      name: 'a Service port twice',
      given: `${SERVICE}spec: { ports: [{ name: a, port: 80 }, { name: b, port: 80, protocol: TCP }, { name: c, port: 80, protocol: UDP }] }\n`,
      want: 'deploy/a.yaml:1: Service "web": spec.ports holds port 80, protocol "TCP" twice',
    },
    {
      name: 'an environment variable three times',
      given: deployment(
        '{ containers: [{ name: app, env: [{ name: A }, { name: A }, { name: B }, { name: A }] }] }',
      ),
      want: 'deploy/a.yaml:1: Deployment "web": containers[app].env holds name "A" 3 times',
    },
    {
      name: 'a topology twice',
      given: deployment(
        '{ topologySpreadConstraints: [{ topologyKey: zone, whenUnsatisfiable: DoNotSchedule }, { topologyKey: zone, whenUnsatisfiable: ScheduleAnyway }, { topologyKey: zone, whenUnsatisfiable: DoNotSchedule }], containers: [] }',
      ),
      want: 'deploy/a.yaml:1: Deployment "web": topologySpreadConstraints holds topologyKey "zone", whenUnsatisfiable "DoNotSchedule" twice',
    },
    {
      name: 'a secret of pulling twice',
      given: deployment('{ imagePullSecrets: [{ name: a }, { name: a }], containers: [] }'),
      want: 'deploy/a.yaml:1: Deployment "web": imagePullSecrets holds name "a" twice',
    },
    {
      name: 'a device twice',
      given: deployment(
        '{ containers: [{ name: app, volumeDevices: [{ name: a, devicePath: /dev/a }, { name: b, devicePath: /dev/a }] }] }',
      ),
      want: 'deploy/a.yaml:1: Deployment "web": containers[app].volumeDevices holds devicePath "/dev/a" twice',
    },
    {
      name: 'a webhook twice',
      given:
        'apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: { name: w }\nwebhooks: [{ name: a.b.c }, { name: a.b.c }]\n',
      want: 'deploy/a.yaml:1: ValidatingWebhookConfiguration "w": webhooks holds name "a.b.c" twice',
    },
    {
      name: 'a kustomization by its kind',
      given: 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n',
      want: 'deploy/a.yaml:1: kustomizations are not rendered by this version of Pawl',
    },
    {
      name: 'an encrypted Secret',
      given: 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\ndata: { a: ENC }\nsops: { mac: x }\n',
      want: 'deploy/a.yaml:1: encrypted with SOPS, which this version of Pawl cannot read',
    },
    {
      name: 'a List without a list',
      given: 'apiVersion: v1\nkind: List\nitems: { a: 1 }\n',
      want: 'deploy/a.yaml:1: the items of a List must be a list',
    },
  ])('$name', ({ given, want }) => {
    expect(shown(given)).toEqual([want]);
  });

  test.for([
    {
      name: 'a kustomization',
      path: 'deploy/kustomization.yaml',
      want: /^deploy\/kustomization.yaml: kustomizations are not/,
    },
    { name: 'a chart', path: 'deploy/Chart.yaml', want: /^deploy\/Chart.yaml: Helm charts are not/ },
  ])('$name by its file, whatever it holds', ({ path, want }) => {
    expect(shown('resources: [a.yaml]\n', path)).toEqual([expect.stringMatching(want)]);
  });

  test('kinds and names that every JavaScript object has are like any other', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
      const text = `apiVersion: v1\nkind: ${name}\nmetadata: { name: ${name.toLowerCase()} }\ndata: { ${name}: 1 }\n`;
      expect(manifests(text).map(({ id }) => id.kind)).toEqual([name]);
    }
    expect(shown(configMap('constructor', '{ toString: 1 }'))).toHaveLength(1);
  });

  test('names and paths that hide what they say are shown in plain', () => {
    const text = 'apiVersion: v1\nkind: "A\\u202eB\\nC"\nmetadata: { name: a }\n';
    expect(shown(text, 'a\n\u001b[2Jb.yaml')).toEqual([
      'a [2Jb.yaml:1: kind "A B C" is not one that can exist',
    ]);
  });

  test('a file that is not UTF-8', () => {
    const parsed = parse([file('a.yaml', new Uint8Array([0xff, 0xfe, 0x61, 0x00]))]);
    expect(parsed.problems.map(showProblem)).toEqual(['a.yaml: not UTF-8 text']);
  });

  test('no object at all', () => {
    expect(problems({ 'a.yaml': '# nothing\n' })[0]).toMatchObject({ code: 'Empty', file: '' });
    expect(problems({})[0]).toMatchObject({ code: 'Empty', file: '' });
  });
});

describe('the same object twice', () => {
  test.for([
    { name: 'in two files', given: { 'a.yaml': configMap('c', '{}'), 'b.yaml': configMap('c', '{}') } },
    {
      name: 'once with the default namespace written out',
      given: { 'a.yaml': configMap('c', '{}'), 'b.yaml': configMap('c, namespace: shop', '{}') },
    },
    {
      name: 'under two versions',
      given: {
        'a.yaml': 'apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: { name: c }\n',
        'b.yaml': 'apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: c }\n',
      },
    },
  ])('$name', ({ given }) => {
    const found = problems(given);
    expect(found).toMatchObject([
      { code: 'DuplicateObject', file: 'b.yaml', line: 1, object: { name: 'c' } },
    ]);
    expect(found[0]?.message).toMatch(/c is there already, in a.yaml:1$/);
  });

  test('is no problem in two namespaces, nor of two kinds', () => {
    const other = configMap('c, namespace: other', '{}');
    expect(manifests(`${configMap('c', '{}')}---\n${other}---\n${SERVICE.replace('web', 'c')}`)).toHaveLength(
      3,
    );
  });
});

test('tells all problems of all files at once, in the order of files and lines', () => {
  const found = problems({
    'b.yaml': 'kind: A\n---\nkind: B\n',
    'a.yaml': 'a: [',
    'c.yaml': configMap('c', '{}'),
  });
  expect(found.map(({ file: path, line }) => `${path}:${line}`)).toEqual([
    'a.yaml:1',
    'b.yaml:1',
    'b.yaml:3',
  ]);
});

describe('Lists', () => {
  const items = 'items:\n- metadata: { name: a }\n  data: { x: "1" }\n- { metadata: { name: b } }\n';

  test.for([
    {
      name: 'of any kinds',
      given: `apiVersion: v1\nkind: List\nitems:\n- ${JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } })}\n- { apiVersion: v1, kind: ConfigMap, metadata: { name: b } }\n`,
    },
    {
      name: 'of one kind, whose items leave it out',
      given: `apiVersion: v1\nkind: ConfigMapList\nmetadata: { resourceVersion: "1" }\n${items}`,
    },
  ])('$name are unfolded', ({ given }) => {
    expect(manifests(given).map(({ key }) => key)).toEqual(['shop/ConfigMap/a', 'shop/ConfigMap/b']);
  });

  test('are told from objects of a kind that is called so', () => {
    const given = 'apiVersion: example.com/v1\nkind: AllowList\nmetadata: { name: a }\nitems: [x]\n';
    expect(manifests(given).map(({ key }) => key)).toEqual(['shop/AllowList.example.com/a']);
  });

  test('without items hold nothing', () => {
    expect(problems({ 'a.yaml': 'apiVersion: v1\nkind: List\nitems: []\n' })[0]?.code).toBe('Empty');
  });
});

describe('limits', () => {
  const two = [file('a.yaml', configMap('a', '{}')), file('b.yaml', configMap('b', '{}'))];

  test.for([
    { name: 'the size of a file', limits: { maxFileBytes: 20 }, want: 'larger than 20 bytes' },
    { name: 'the size of all files', limits: { maxTotalBytes: 100 }, want: 'more than 100 bytes in all' },
    { name: 'the number of files', limits: { maxFiles: 1 }, want: 'more than 1 files' },
    { name: 'the number of objects', limits: { maxDocuments: 1 }, want: 'more than 1 objects' },
    { name: 'the number of nodes', limits: { maxNodes: 20 }, want: 'too many nodes, aliases written out' },
  ])('$name', ({ limits, want }) => {
    const parsed = parse(two, { ...LIMITS, ...limits });
    expect(parsed.problems[0]?.message).toBe(want);
  });
});

describe('an object larger than etcd takes', () => {
  const data = (bytes: number) => configMap('big', `{ a: ${'x'.repeat(bytes)} }`);

  test('is refused with its name, its place and the number', () => {
    expect(parse([file('a.yaml', `${configMap('a', '{}')}---\n${data(2_000_000)}`)]).problems).toMatchObject([
      {
        code: 'TooLarge',
        file: 'a.yaml',
        document: 2,
        message: 'ConfigMap "big" is larger than 1.5 MiB, which is what etcd takes',
      },
    ]);
  });

  test('counts aliases each time', () => {
    const many = Array.from({ length: 40 }, (_, n) => `b${n}: *a`).join(', ');
    const given = configMap('big', `{ a: &a ${'x'.repeat(50_000)}, ${many} }`);
    expect(parse([file('a.yaml', given)]).problems).toMatchObject([{ code: 'TooLarge' }]);
  });

  test.for([
    {
      name: 'a text that is long in JSON only',
      given: configMap('big', `{ a: "${'\\n'.repeat(1_000_000)}" }`),
    },
    { name: 'just below', given: data(1_572_000) },
  ])('is not $name', ({ given }) => {
    expect(parse([file('a.yaml', given)]).problems).toEqual([]);
  });
});

test('JSON files are read like any other', () => {
  const text = JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'j' },
    data: { a: '\u0001😀/' },
  });
  const found = parse([file('a.json', `\t${text}`.replace('\t', ''))]);
  expect(found.problems).toEqual([]);
  expect(found.objects[0]?.object).toMatchObject({ data: { a: '\u0001😀/' } });
});
