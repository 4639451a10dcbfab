// Commits that nobody should make. Each is a clear error of its own App, soon, and no other App notices.
import { expect, test } from 'vitest';
import type { AppStatus } from '../../src/model/app.ts';
import { eventually } from '../support/eventually.ts';
import { live, patch, pathOf, put } from '../support/objects.ts';
import { appOf, configYaml, inShop, type Shop, shopFiles } from '../support/shop.ts';
import { git, readyOf } from '../support/world.ts';

const patient = { timeoutMs: 90_000 };

const configMap = (name: string, data: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: ${data}\n`;
const OK = configMap('ok', '{ a: "1" }');

/** YAML of about this many bytes, a ConfigMap for each 4 KiB. */
function large(bytes: number, from: number): string {
  const text = 'lorem ipsum '.repeat(330);
  const count = Math.floor(bytes / (text.length + 80));
  return Array.from({ length: count }, (_, n) => configMap(`c${from + n}`, `{ a: ${text} }`)).join('---\n');
}

interface Row {
  name: string;
  files: () => Record<string, string>;
  /** In the reason that the history gives. */
  want: string;
}

const REVERTED: Row[] = [
  {
    name: 'a ConfigMap of 2 MB',
    files: () => ({ 'bad/a.yaml': configMap('large', `{ a: ${'x'.repeat(2_000_000)} }`) }),
    want: 'larger than 1.5 MiB',
  },
  {
    name: '20,000 objects',
    files: () => ({
      'bad/a.yaml': Array.from({ length: 20_000 }, (_, n) => configMap(`c${n}`, '{}')).join('---\n'),
    }),
    want: 'more than 10000 objects',
  },
  {
    name: '50 MB of YAML',
    files: () =>
      Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`bad/${n}.yaml`, large(10_000_000, 0)])),
    want: 'more than 32 MiB in all',
  },
  {
    name: 'a file of 20 MB',
    files: () => ({ 'bad/a.yaml': `# ${'x'.repeat(20_000_000)}` }),
    want: 'larger than 16 MiB',
  },
  {
    name: 'a bomb of aliases',
    files: () => ({
      'bad/a.yaml': `a: &a [x, x, x, x, x, x, x, x, x, x]\n${'bcdefghi'
        .split('')
        .map((name, n) => `${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[n]}`).join(', ')}]`)
        .join('\n')}\n`,
    }),
    want: 'more than 2000000 values',
  },
  {
    name: 'what is nested 10,000 levels deep',
    files: () => ({ 'bad/a.yaml': `a: ${'['.repeat(10_000)}${']'.repeat(10_000)}\n` }),
    want: 'nesting exceeded',
  },
  {
    name: 'lists, texts and odd names',
    files: () => ({
      'bad/a.yaml': '- apiVersion: v1\n',
      'bad/b.yaml': 'hello\n',
      'bad/c.yaml': configMap('"../../etc"', '{}'),
      'bad/d.yaml': configMap('"a b\\u202ec"', '{}'),
      'bad/e.yaml': configMap('n'.repeat(300), '{}'),
    }),
    want: 'InvalidObject',
  },
];

function badApp(shop: Shop) {
  const app = appOf(shop.namespace, shop.url, {
    source: { path: 'bad' },
    rollback: { limit: { reverts: 20, per: '1h' } },
  });
  return { ...app, metadata: { name: 'bad', namespace: shop.namespace } };
}

async function badStatus(shop: Shop): Promise<AppStatus> {
  return (await live(shop.cluster, 'apps', shop.namespace, 'bad')).status ?? {};
}

/** A change by hand of an object of the other App; how long it lasted, ms. */
async function setBackMs(shop: Shop): Promise<number> {
  const path = pathOf('services', shop.namespace, 'web');
  await patch(shop.cluster, path, { spec: { selector: { app: 'by-hand' } } });
  const from = performance.now();
  await eventually(async () => {
    const { spec } = await live(shop.cluster, 'services', shop.namespace, 'web');
    expect(spec.selector.app).toBe('web');
  }, patient);
  return performance.now() - from;
}

test(
  'whatever a commit holds, its App says what is wrong and goes back, and no other App notices',
  inShop({ files: { ...shopFiles(), 'bad/ok.yaml': OK } }, async (shop) => {
    // git would look for a minute for what two large files have in common.
    await shop.person.git('config', 'core.bigFileThreshold', '1m');
    await git(shop, 'config', 'core.bigFileThreshold', '1m');
    await shop.agent();
    await put(shop.cluster, badApp(shop));
    await shop.healthyAt(shop.first);
    await eventually(async () => expect((await badStatus(shop)).healthy?.commit).toBe(shop.first), patient);

    for (const { name, files, want } of REVERTED) {
      await shop.person.pull();
      const bad = await shop.person.publish(name, files());
      await shop.revertOf(bad, 90_000);
      await eventually(async () => {
        const { history } = await badStatus(shop);
        const entry = history?.find(({ commit }) => commit === bad);
        expect(entry?.outcome, name).toBe('Reverted');
        expect(entry?.reason, name).toContain(want);
      }, patient);
    }

    await shop.person.pull();
    // Twenty-eight megabytes that have to be parsed to the end, and a change of the other App in the same commit.
    const bad = await shop.person.publish('large, and broken at its end', {
      'bad/a.yaml': large(14_000_000, 0),
      'bad/b.yaml': `${large(14_000_000, 5_000)}---\na: [\n`,
      'deploy/config.yaml': configYaml({ banner: 'Open on Sundays' }),
    });
    const tookMs: number[] = [];
    const isOver = async () => (await badStatus(shop)).history?.some(({ commit }) => commit === bad) === true;
    while (!(await isOver())) {
      const ms = await setBackMs(shop);
      // Only what was set back before the App was done with its large commit counts.
      if (!(await isOver())) tookMs.push(ms);
    }
    expect(tookMs.length).toBeGreaterThan(0);
    expect(tookMs.toSorted((a, b) => a - b)[Math.floor(tookMs.length / 2)]).toBeLessThan(3_000);
    await shop.healthyAt(bad, 90_000);
    const revert = await shop.revertOf(bad, 90_000);
    expect(await git(shop, 'log', '-1', '--format=%B', revert)).toContain('bad/b.yaml');
    expect(await git(shop, 'show', 'main:deploy/config.yaml')).toContain('Open on Sundays');
    expect((await live(shop.cluster, 'configmaps', shop.namespace, 'ok')).data).toEqual({ a: '1' });
  }),
  400_000,
);

test(
  'a kind that the server does not know, and a namespace that is not the App’s, are said and nobody’s fault',
  inShop({ files: { ...shopFiles(), 'bad/ok.yaml': OK } }, async (shop) => {
    await shop.agent();
    await put(shop.cluster, badApp(shop));
    await shop.healthyAt(shop.first);
    await eventually(async () => expect((await badStatus(shop)).healthy?.commit).toBe(shop.first), patient);
    const cases = [
      {
        file: 'apiVersion: example.com/v1\nkind: Gate\nmetadata: { name: g }\n',
        reason: 'UnknownKind',
        told: /Gate/,
      },
      {
        file: OK.replace('name: ok', 'name: ok, namespace: kube-system'),
        reason: 'Forbidden',
        told: /kube-system/,
      },
    ];
    for (const { file, reason, told } of cases) {
      const commit = await shop.person.publish(reason, { 'bad/more.yaml': file });
      await eventually(async () => {
        const status = await badStatus(shop);
        expect(readyOf(status)?.reason).toBe(reason);
        expect(readyOf(status)?.message).toMatch(told);
      }, patient);
      expect(await setBackMs(shop)).toBeLessThan(10_000);
      expect(await shop.head()).toBe(commit);
    }
  }),
  200_000,
);
