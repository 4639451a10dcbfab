import { dump } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { makeParseAside } from '../../src/main/parse-aside.ts';
import type { SourceFile } from '../../src/model/manifest.ts';
import { LIMITS } from '../../src/render/documents.ts';
import { parse, parseFile } from '../../src/render/parse.ts';
import { never } from '../adapters/cluster/setup.ts';
import { failOnLeaks } from '../support/leaks.ts';
import { configMap, file } from '../render/files.ts';

failOnLeaks();

const many = (count: number, bytes = 10) =>
  Array.from({ length: count }, (_, n) => configMap(`c${n}`, `{ a: ${'x'.repeat(bytes)} }`)).join('---\n');

describe('gives what parsing here gives', () => {
  const files: { name: string; files: SourceFile[] }[] = [
    { name: 'one object', files: [file('a.yaml', configMap('a', '{ x: "1" }'))] },
    { name: 'nothing', files: [file('a.yaml', '')] },
    { name: 'several files', files: [file('a.yaml', many(3)), file('b.yaml', many(5))] },
    { name: 'more than one piece', files: [file('a.yaml', many(3_000, 400))] },
    {
      name: 'integers that a number cannot hold',
      files: [
        file(
          'a.yaml',
          'apiVersion: example.com/v1\nkind: Gate\nmetadata: { name: g }\nspec: { big: 9007199254740993, small: -9223372036854775808, float: 1.5e300, exact: 12 }\n',
        ),
      ],
    },
    {
      name: 'odd keys and texts',
      files: [
        file(
          'a.yaml',
          configMap('a', '{ __proto__: x, constructor: y, "": z, "\\u2028": "\\ud83d\\ude00" }'),
        ),
      ],
    },
    {
      name: 'aliases',
      files: [file('a.yaml', configMap('a', '{ a: &a hello, b: *a }'))],
    },
    { name: 'problems', files: [file('a.yaml', 'a: [\n'), file('b.yaml', '- 1\n'), file('c.yaml', 'hello')] },
  ];
  test.each(files)('$name', async ({ files }) => {
    const aside = await makeParseAside()(files, never, 'a/a');
    const here = files.map((one) => parseFile(one));
    expect(JSON.stringify(aside)).toBe(JSON.stringify(here));
    expect(aside.map((one) => one.objects.map(({ object }) => Object.keys(object)))).toEqual(
      here.map((one) => one.objects.map(({ object }) => Object.keys(object))),
    );
  });
});

test('the files handed in stay whole', async () => {
  const whole = Buffer.from(`${configMap('a', '{}')}rest`);
  const content = whole.subarray(0, whole.length - 4);
  await makeParseAside()([{ path: 'a.yaml', oid: '', mode: '', content }], never, 'a/a');
  expect(whole.toString()).toMatch(/rest$/);
});

test('a large file does not hold up this thread', async () => {
  const text = dump({
    apiVersion: 'v1',
    kind: 'List',
    items: Array.from({ length: 9_000 }, (_, n) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `c${n}` },
      data: { a: 'x'.repeat(800), b: 'y\nz' },
    })),
  });
  const big = [file('a.yaml', text)];
  const delays: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    delays.push(now - last);
    last = now;
  }, 1);
  const aside = await makeParseAside()(big, never, 'a/a');
  clearInterval(timer);
  expect(aside[0]?.objects).toHaveLength(9_000);
  const from = performance.now();
  parseFile(big[0] as SourceFile);
  const hereMs = performance.now() - from;
  // On a machine that has other things to do, too.
  expect(Math.max(...delays)).toBeLessThan(hereMs / 3);
});

test('more objects than an App may hold are not all parsed', async () => {
  const files = Array.from({ length: 5 }, (_, n) => file(`${n}.yaml`, many(4_000)));
  const aside = await makeParseAside()(files, never, 'a/a');
  expect(aside.length).toBe(3);
  expect(parse(aside).problems).toMatchObject([
    { code: 'TooLarge', message: `more than ${LIMITS.maxDocuments} objects` },
  ]);
});

test('exactly as many values as an App may hold leave no file out', async () => {
  const files = ['a', 'b', 'c'].map((name) => file(`${name}.yaml`, configMap(name, '{ x: "1" }')));
  files.push(file('d.yaml', '# nothing\n'));
  const nodes = files.slice(0, 2).reduce((sum, one) => sum + parseFile(one).nodes, 0);
  const upTo = async (maxNodes: number) => {
    const limits = { timeoutMs: 30_000, maxHeapMb: 400, maxNodes };
    return parse(await makeParseAside(limits)(files, never, 'a/a'), { ...LIMITS, maxNodes }, files);
  };
  const two = await upTo(nodes);
  expect(two.problems).toMatchObject([
    { code: 'TooLarge', message: `more than ${nodes} values in all, aliases written out` },
  ]);
  const all = await upTo((nodes / 2) * 3);
  expect(all.problems).toEqual([]);
  expect(all.objects.map(({ object }) => object.metadata.name)).toEqual(['a', 'b', 'c']);
  expect(all.files).toHaveLength(4);
});

test('what takes too much memory is a problem of the file, and the next one is parsed all the same', async () => {
  const aside = makeParseAside({ timeoutMs: 60_000, maxHeapMb: 24 });
  const files = [file('a.yaml', configMap('a', '{}')), file('b.yaml', `a: [${'[],'.repeat(300_000)}]`)];
  const parsed = await aside(files, never, 'a/a');
  expect(parsed.map(({ problems }) => problems)).toEqual([
    [],
    [
      {
        code: 'TooLarge',
        file: 'b.yaml',
        message: 'takes more than 24 MB of memory to parse',
        hint: 'split the file',
      },
    ],
  ]);
  expect((await aside(files.slice(0, 1), never, 'a/a'))[0]?.objects).toHaveLength(1);
});

test('what takes too long is ended, and is nobody’s fault', async () => {
  const aside = makeParseAside({ timeoutMs: 1, maxHeapMb: 400 });
  await expect(aside([file('a.yaml', many(5_000, 500))], never, 'a/a')).rejects.toMatchObject({
    code: 'ParseTimedOut',
    retry: 'later',
    message: expect.stringContaining('1 files of 2.'),
  });
});

test('an abort ends it with its reason', async () => {
  const controller = new AbortController();
  const parsing = makeParseAside()([file('a.yaml', many(5_000, 500))], controller.signal, 'a/a');
  controller.abort(new Error('enough'));
  await expect(parsing).rejects.toThrow('enough');
});

test('who waits for the thread stops at once when it is to stop, and the others go on', async () => {
  const aside = makeParseAside();
  const big = [file('a.yaml', many(5_000, 500))];
  const ends: string[] = [];
  const first = aside(big, never, 'a/big').then(() => ends.push('big'));
  const controller = new AbortController();
  const second = aside(big, controller.signal, 'a/stops').catch((error: unknown) => {
    ends.push(String(error));
  });
  const third = aside([file('b.yaml', many(1))], never, 'a/small').then(() => ends.push('small'));
  controller.abort(new Error('enough'));
  await Promise.all([first, second, third]);
  expect(ends).toEqual(['Error: enough', 'big', 'small']);
});
