import { expect, test } from 'vitest';
import { writersIn } from '../../src/demo/audit.ts';
import { parseLog } from '../../src/demo/branch.ts';
import { farewell } from '../../src/demo/farewell.ts';
import { openShop } from '../../src/demo/shop.ts';
import { duration, makeTelling } from '../../src/demo/telling.ts';
import { wrap } from '../../src/demo/wrap.ts';

const root = new URL('../../', import.meta.url).pathname;

test.each([
  { name: 'nothing', given: '', want: [''] },
  { name: 'what fits stays', given: 'a bc', want: ['a bc'] },
  { name: 'breaks between words', given: 'aaaa bbbb cccc', want: ['aaaa bbbb', 'cccc'] },
  { name: 'a long word keeps whole', given: `a ${'x'.repeat(20)} b`, want: ['a', 'x'.repeat(20), 'b'] },
])('wrap: $name', ({ given, want }) => {
  expect(wrap(given, 10)).toEqual(want);
});

test('the log of a branch is read whatever its messages hold', () => {
  const record = (...fields: string[]) => fields.map((field) => `${field}\0`).join('');
  const text =
    record('b', 'a', 't2', 'Ann', 'ann@example.com', '2', 'Second\n\nbody\n') +
    record('a', '', 't1', 'Ann', 'ann@example.com', '1', '');
  expect(parseLog(text)).toEqual([
    {
      oid: 'b',
      parents: ['a'],
      tree: 't2',
      message: 'Second\n\nbody\n',
      author: { name: 'Ann', email: 'ann@example.com' },
      authoredAt: 2,
    },
    {
      oid: 'a',
      parents: [],
      tree: 't1',
      message: '',
      author: { name: 'Ann', email: 'ann@example.com' },
      authoredAt: 1,
    },
  ]);
  expect(parseLog('')).toEqual([]);
});

test('writers are named once each, with whom they acted as', () => {
  const event = (verb: string, resource: string, username: string, as?: string, namespace = 'shop') =>
    JSON.stringify({
      verb,
      user: { username },
      ...(as !== undefined && { impersonatedUser: { username: as } }),
      objectRef: { resource, namespace },
    });
  const log = [
    event('patch', 'deployments', 'agent', 'deployer'),
    event('patch', 'services', 'agent', 'deployer'),
    event('get', 'deployments', 'reader'),
    event('patch', 'apps', 'agent'),
    event('delete', 'configmaps', 'other', undefined, 'elsewhere'),
    event('create', 'configmaps', 'agent'),
  ].join('\n');
  expect(writersIn(`${log}\n`, 'shop')).toEqual(['agent as deployer', 'agent as itself']);
});

test('the shop is that of the fixtures, with another image or banner', () => {
  const shop = openShop(root);
  expect(shop.web('a/b:1')).toMatch(/^ {10}image: a\/b:1$/m);
  expect(shop.config('20 % "off": now')).toMatch(/^ {2}banner: "20 % \\"off\\": now"$/m);
  expect(shop.web('$& $1')).toContain('image: $& $1');
});

test.each([
  { given: 0, want: '0 ms' },
  { given: 65.4, want: '65 ms' },
  { given: 1_234, want: '1.2 s' },
  { given: 65_000, want: '65.0 s' },
])('$given ms is said as $want', ({ given, want }) => {
  expect(duration(given)).toBe(want);
});

const clock = { now: () => 0, monotonic: () => 1_000, delay: () => Promise.resolve() };

test.each([
  { name: 'a terminal', isTTY: true, env: {}, coloured: true },
  { name: 'a terminal where NO_COLOR is set', isTTY: true, env: { NO_COLOR: '1' }, coloured: false },
  { name: 'a file', isTTY: false, env: {}, coloured: false },
])('$name: coloured $coloured', ({ isTTY, env, coloured }) => {
  let text = '';
  const tell = makeTelling({ write: (part) => (text += part), isTTY }, env, clock);
  tell.title('1  A title');
  tell.line('A sentence.');
  tell.block(['shown']);
  expect(text.includes('\u001b')).toBe(coloured);
  if (!coloured) expect(text).toBe('\n1  A title\n   0.0 s  A sentence.\n          | shown\n');
});

test('what others wrote cannot write to the terminal what it likes', () => {
  let text = '';
  const tell = makeTelling({ write: (part) => (text += part) }, {}, clock);
  tell.block(['\u001b[2Jcleared']);
  tell.line('\u001b[2Jcleared');
  expect(text).not.toContain('\u001b');
});

test('the farewell holds commands that can be copied', () => {
  const lines = farewell({
    root: '/nowhere',
    kubeconfig: '/tmp/k',
    kubectlCommand: '/bin/cp kubectl',
    namespace: 'shop',
    cloneUrl: 'http://you:word@127.0.0.1:1/shop.git',
    logPath: '/tmp/log',
    isSimulated: true,
  }).join('\n');
  expect(lines).toContain('git clone http://you:word@127.0.0.1:1/shop.git\n');
  expect(lines).toContain('npm run --silent pawl -- status shop --kubeconfig /tmp/k -n shop');
  expect(lines).toContain('/bin/cp kubectl --kubeconfig /tmp/k -n shop get pawl\n');
});
