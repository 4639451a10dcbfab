// What was parsed and made before is taken again, and never shows in the result.
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/render/documents.ts';
import {
  finish,
  type FinishOptions,
  parse,
  type ParsedFile,
  type RenderMemo,
} from '../../src/render/render.ts';
import { APPLY_SET, configMap, deployment, file } from './files.ts';

const web = deployment(
  '{ containers: [{ name: web, image: web:1, envFrom: [{ configMapRef: { name: web } }] }] }',
);
const gate = 'apiVersion: example.com/v1\nkind: Gate\nmetadata: { name: g }\n';

function renderer() {
  const memo: RenderMemo = new WeakMap();
  let known = new Map<string, ParsedFile>();
  return (files: Record<string, string>, options: Partial<FinishOptions> = {}) => {
    const sources = Object.entries(files).map(([path, text]) => file(path, text));
    const parsed = parse(sources.map((source) => known.get(`${source.oid} ${source.path}`) ?? source));
    known = new Map(parsed.files.map((one) => [`${one.oid} ${one.path}`, one]));
    const all = {
      settings: { defaultNamespace: 'shop' },
      applySet: APPLY_SET,
      hmacKey: new Uint8Array(32).fill(7),
      readHash: 'read',
      scopeOf: () => undefined,
      ...options,
    };
    const again = finish(parsed, { ...all, memo });
    expect(again).toEqual(finish(parse(sources), all));
    return again;
  };
}

function manifestOf(result: ReturnType<typeof finish>, name: string) {
  const found =
    result.kind === 'rendered' ? result.rendered.manifests.find(({ key }) => key.includes(name)) : undefined;
  if (found === undefined) throw new Error(`no ${name} in ${JSON.stringify(result)}`);
  return found;
}

describe('a second render', () => {
  test('takes again what no change touches, and makes anew what one does', () => {
    const render = renderer();
    const files = {
      'a.yaml': web,
      'b.yaml': configMap('web', '{ a: "1" }'),
      'c.yaml': configMap('other', '{ a: "1" }'),
    };
    const first = render(files);
    const second = render({ ...files, 'c.yaml': configMap('other', '{ a: "2" }') });
    expect(manifestOf(second, 'Deployment')).toBe(manifestOf(first, 'Deployment'));
    expect(manifestOf(second, 'ConfigMap/other')).not.toBe(manifestOf(first, 'ConfigMap/other'));
  });

  test('sees a change of the configuration that a workload uses, its coming and its going', () => {
    const render = renderer();
    const before = manifestOf(
      render({ 'a.yaml': web, 'b.yaml': configMap('web', '{ a: "1" }') }),
      'Deployment',
    );
    const changed = manifestOf(
      render({ 'a.yaml': web, 'b.yaml': configMap('web', '{ a: "2" }') }),
      'Deployment',
    );
    const gone = manifestOf(render({ 'a.yaml': web }), 'Deployment');
    const back = manifestOf(
      render({ 'a.yaml': web, 'b.yaml': configMap('web', '{ a: "1" }') }),
      'Deployment',
    );
    expect(new Set([before.hash, changed.hash, gone.hash]).size).toBe(3);
    expect(gone.checksum).toBeUndefined();
    expect(back).toEqual(before);
  });

  test('sees that the scope of a kind has become known', () => {
    const render = renderer();
    expect(manifestOf(render({ 'a.yaml': gate }), 'Gate').key).toBe('shop/Gate.example.com/g');
    expect(manifestOf(render({ 'a.yaml': gate }, { scopeOf: () => 'Cluster' }), 'Gate').key).toBe(
      '/Gate.example.com/g',
    );
  });

  test('sees another default namespace', () => {
    const render = renderer();
    render({ 'a.yaml': gate });
    expect(
      manifestOf(render({ 'a.yaml': gate }, { settings: { defaultNamespace: 'other' } }), 'Gate').key,
    ).toBe('other/Gate.example.com/g');
  });

  test('of a file that was wrong only beside others is not wrong any more without them', () => {
    const render = renderer();
    const twice = render({ 'a.yaml': gate, 'b.yaml': gate });
    expect(twice.kind).toBe('failed');
    expect(render({ 'b.yaml': gate }).kind).toBe('rendered');
  });
});

test('what was too much together is not taken for empty afterwards', () => {
  const sources = [file('a.yaml', gate), file('b.yaml', web)];
  expect(parse(sources, { ...LIMITS, maxFiles: 1 }).files).toEqual([]);
  expect(parse(sources, { ...LIMITS, maxDocuments: 1 }).files).toEqual([]);
  const scarce = parse(sources, { ...LIMITS, maxNodes: 9 });
  expect(scarce.problems).toHaveLength(1);
  expect(scarce.files.map(({ path }) => path)).toEqual(['a.yaml']);
});

test('files that were parsed before count against the limits as if they were parsed now', () => {
  const sources = [file('a.yaml', gate), file('b.yaml', web)];
  const { files } = parse(sources);
  for (const limits of [{ maxFiles: 1 }, { maxDocuments: 1 }, { maxTotalBytes: 100 }, { maxNodes: 9 }]) {
    const [problem] = parse(files, { ...LIMITS, ...limits }).problems;
    expect(problem, JSON.stringify(limits)).toBeDefined();
  }
});

test('files that were asked for and are not there are never taken for a smaller App', () => {
  const sources = ['a', 'b', 'c'].map((name) => file(`${name}.yaml`, configMap(name, '{}')));
  const parsed = parse(sources.slice(0, 1), LIMITS, sources);
  expect(parsed.problems).toMatchObject([
    { code: 'TooLarge', file: 'b.yaml', message: expect.stringContaining('1 more file') },
  ]);
  expect(parsed.readSet.map(({ path }) => path)).toEqual(['a.yaml', 'b.yaml', 'c.yaml']);
  // Nothing at all came back.
  expect(parse([], LIMITS, sources).problems).toMatchObject([{ code: 'TooLarge', file: 'a.yaml' }]);
});
