// A value of a Secret is never shown, in whatever form it comes.
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import type { FilePreview } from '../../src/model/preview.ts';
import { shownFiles, shownObjects } from '../../src/cli/shown.ts';

const SECRET = 'hunter2-hunter2';
const base64 = Buffer.from(SECRET).toString('base64');

function secret(data: Record<string, string>, more: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db' }, data, ...more };
}

/** As two sides of a creation, which are shown though they are the same. */
function configured(before: KubeObject, after: KubeObject) {
  const id = { group: '', kind: 'Secret', namespace: 'shop', name: 'db' };
  const [shown] = shownObjects([{ id, action: 'create', before, after }]);
  return shown as { before: KubeObject; after: KubeObject };
}

describe('objects', () => {
  test('equal values share a mark, so that one sees which key changed', () => {
    const { before, after } = configured(
      secret({ password: base64, user: 'YW5u' }),
      secret({ password: 'bmV3', user: 'YW5u', copy: base64 }),
    );
    expect(before.data).toEqual({ password: '(hidden 1)', user: '(hidden 2)' });
    expect(after.data).toEqual({ password: '(hidden 3)', user: '(hidden 2)', copy: '(hidden 1)' });
  });

  test('a value is the same in data and in stringData', () => {
    const plain = secret({}, { stringData: { password: SECRET } });
    const { before, after } = configured(secret({ password: base64 }), plain);
    expect(after.stringData).toEqual({ password: (before.data as Record<string, string>).password });
  });

  test('what the server keeps is left out', () => {
    const before = secret({});
    before.metadata = { name: 'db', uid: 'u', resourceVersion: '1', generation: 2, managedFields: [] };
    before.status = { phase: 'x' };
    expect(configured(before, secret({})).before).toEqual(secret({}));
  });

  test.each([
    { name: 'data', object: secret({ password: base64 }) },
    { name: 'data that is no base64', object: secret({ password: SECRET }) },
    { name: 'stringData', object: secret({}, { stringData: { password: SECRET } }) },
    { name: 'data that is no map', object: secret({}, { data: SECRET }) },
    { name: 'data that is a list', object: secret({}, { data: [{ a: [SECRET] }] }) },
    { name: 'data below data', object: secret({}, { data: { a: { b: SECRET } } }) },
    { name: 'a field that Secrets do not have', object: secret({}, { Data: { a: SECRET } }) },
    { name: 'a type that is no text', object: secret({}, { type: { a: SECRET } }) },
    {
      name: "kubectl's copy in an annotation",
      object: secret(
        {},
        {
          metadata: {
            name: 'db',
            annotations: {
              'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(secret({ p: base64 })),
            },
          },
        },
      ),
    },
    {
      name: 'a list',
      object: { apiVersion: 'v1', kind: 'List', metadata: { name: '' }, items: [secret({ p: base64 })] },
    },
    {
      name: 'a list of Secrets that do not say what they are',
      object: {
        apiVersion: 'v1',
        kind: 'SecretList',
        metadata: { name: '' },
        items: [{ metadata: {}, data: { p: base64 } }, SECRET],
      },
    },
    {
      name: 'inside of another object',
      object: {
        apiVersion: 'x/v1',
        kind: 'Template',
        metadata: { name: 't' },
        spec: { objects: [secret({ p: base64 })] },
      },
    },
  ])('nothing is shown of a value in $name', ({ object }) => {
    const text = JSON.stringify(configured(object, object));
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(base64);
    expect(text).not.toContain(base64.slice(0, 8));
    expect(text).toContain('hidden');
  });

  test('an object of which only fields change hands is unchanged', () => {
    const id = { group: '', kind: 'ConfigMap', namespace: 'shop', name: 'c' };
    const side = (manager: string, data: object): KubeObject => {
      const metadata = { name: 'c', resourceVersion: manager, managedFields: [{ manager }] };
      return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
    };
    const action = (after: object) =>
      shownObjects([
        { id, action: 'configure', before: side('a', { x: '1', y: '2' }), after: side('b', after) },
      ])[0]?.action;
    expect(action({ y: '2', x: '1' })).toBe('unchanged');
    expect(action({ x: '1', y: '3' })).toBe('configure');
  });

  test('a reference to a Secret is no Secret', () => {
    const values: KubeObject = {
      apiVersion: 'x/v1',
      kind: 'Release',
      metadata: { name: 'r' },
      spec: { valuesFrom: [{ kind: 'Secret', name: 'db', valuesKey: 'v' }] },
    };
    expect(configured(values, values).before).toEqual(values);
  });

  test('other objects are shown as they are', () => {
    const config: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c' },
      data: { a: 'b' },
    };
    expect(configured(config, config)).toMatchObject({ before: config, after: config });
  });
});

const yaml = (data: string, head = 'kind: Secret') =>
  `apiVersion: v1\n${head}\nmetadata:\n  name: db\n${data}`;
const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]
g: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nkind: Secret\n`;

function shown(text: string, path = 'deploy/db.yaml') {
  const file: FilePreview = {
    path,
    before: text,
    after: text.replace('name: db', 'name: db2'),
    binary: false,
  };
  const [only] = shownFiles([file]);
  return only as { path: string; before?: string; after?: string; note?: string };
}

describe('files', () => {
  test.each([
    { name: 'a Secret', text: yaml(`data:\n  p: ${base64}\n`) },
    { name: 'a comment', text: yaml(`# ${SECRET}\ndata:\n  p: ${base64}\n`) },
    { name: 'quotes', text: yaml(`stringData: {"p": '${SECRET}'}\n`, '"kind": \'Secret\'') },
    { name: 'escapes', text: yaml(`stringData: {p: ${SECRET}}\n`, '"k\\u0069nd": "\\x53ecret"') },
    { name: 'a block', text: yaml(`stringData:\n  p: |\n    ${SECRET}\n    more\n`) },
    { name: 'a second document', text: `kind: ConfigMap\n---\n${yaml(`data: {p: ${base64}}\n`)}` },
    { name: 'a merge key', text: `a: &a {kind: Secret}\nb:\n  <<: *a\n  data: {p: ${base64}}\n` },
    { name: 'an alias', text: `x: &x ${SECRET}\n${yaml('stringData: {p: *x}\n')}` },
    { name: 'binary', text: yaml(`data: {p: !!binary ${base64}}\n`) },
    { name: 'JSON', text: JSON.stringify(secret({ p: base64 })), path: 'deploy/db.json' },
    { name: 'a file that cannot be read', text: yaml(`data: {p: ${base64}\n`) },
    {
      name: 'a file that cannot be read, with escapes',
      text: yaml(`data: {p: ${base64}\n`, '"kind": "\\x53ecret"'),
    },
    { name: 'a key that is there twice', text: yaml(`data: {p: ${base64}, p: ${base64}}\n`) },
    { name: 'a tag that nobody knows', text: yaml(`data: !x {p: ${base64}}\n`) },
    { name: 'a file that is no manifest', text: `DB_PASSWORD=${SECRET}\n`, path: 'deploy/.env' },
  ])('nothing is shown of a value in $name', ({ text, path }) => {
    const file = shown(text, path);
    expect(JSON.stringify(file)).not.toContain(SECRET);
    expect(JSON.stringify(file)).not.toContain(base64);
    expect(file.note).toMatch(/Secret|not shown/);
  });

  test('what else the file says of a Secret is shown', () => {
    const file = shown(yaml(`type: Opaque\ndata:\n  p: ${base64}\n`));
    expect(file.before).toBe(
      'apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  p: (hidden 1)\ntype: Opaque\n',
    );
    expect(file.after).toContain('name: db2');
  });

  test('a file without a Secret is shown as it is, comments and all', () => {
    const text = '# the banner\nkind: ConfigMap\nmetadata: {name: db}\n';
    expect(shown(text)).toMatchObject({ before: text });
    expect(shown(text).note).toBeUndefined();
  });

  test('a manifest that only uses a Secret is shown as it is', () => {
    const text = 'kind: Pod\nmetadata: {name: db}\nspec: {volumes: [{name: a, secret: {secretName: s}}]}\n';
    expect(shown(text).before).toBe(text);
  });

  test('a file that cannot be read and speaks of no secret is shown as it is', () => {
    const text = 'kind: [ConfigMap\nname: db\n';
    expect(shown(text).before).toBe(text);
  });

  test('an alias that unfolds without end is not followed', () => {
    expect(shown(bomb).note).toMatch(/not shown/);
    expect(shown('kind: Secret\na: &a [*a]\n').note).toMatch(/not shown/);
  });

  test('a binary file and a very large one are only named', () => {
    expect(shownFiles([{ path: 'logo.yaml', binary: true }])).toEqual([
      { path: 'logo.yaml', note: 'a binary file' },
    ]);
    expect(shown(`# ${'x'.repeat(1024 * 1024)}\n`).note).toMatch(/too large/);
  });
});
