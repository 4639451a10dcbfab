import { mkdirSync, writeFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { describe, expect, test } from 'vitest';
import { credentialsOf } from '../../../src/adapters/cluster/credentials.ts';
import { podEntry, readKubeconfigs } from '../../../src/adapters/cluster/kubeconfig.ts';
import type { Json } from '../../support/cluster.ts';
import { temporaryFolder } from '../../support/git-server.ts';

function written(config: Json, name = 'config'): string {
  const folder = temporaryFolder('kubeconfig');
  for (const file of ['ca.pem', 'cert.pem', 'key.pem', 'token'])
    writeFileSync(join(folder, file), `${file} file\n`);
  writeFileSync(join(folder, name), typeof config === 'string' ? config : JSON.stringify(config));
  return join(folder, name);
}

function one(cluster: Json, user: Json): Json {
  return {
    clusters: [{ name: 'c', cluster: { server: 'https://example.com:6443', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'n' } }],
    'current-context': 'x',
  };
}

const data = (text: string) => Buffer.from(text).toString('base64');

describe('is read as the client library reads it', () => {
  test.each<{ name: string; cluster?: Json; user?: Json }>([
    { name: 'a token', user: { token: 'abc' } },
    { name: 'a certificate', user: { 'client-certificate-data': data('c'), 'client-key-data': data('k') } },
    { name: 'files beside it', user: { 'client-certificate': 'cert.pem', 'client-key': 'key.pem' } },
    { name: 'a CA in a file', cluster: { 'certificate-authority': 'ca.pem' }, user: { token: 'abc' } },
    { name: 'a CA written out', cluster: { 'certificate-authority-data': data('ca') }, user: { token: 'a' } },
    { name: 'no check of certificates', cluster: { 'insecure-skip-tls-verify': true }, user: { token: 'a' } },
    { name: 'a text that says true', cluster: { 'insecure-skip-tls-verify': 'true' }, user: { token: 'a' } },
    { name: 'another name of the server', cluster: { 'tls-server-name': 'api' }, user: { token: 'a' } },
    { name: 'a proxy', cluster: { 'proxy-url': 'http://proxy:3128' }, user: { token: 'a' } },
    { name: 'a path in the address', cluster: { server: 'https://example.com/clusters/a/' } },
    { name: 'another account', user: { token: 'a', as: 'system:serviceaccount:n:reader' } },
    { name: 'a password', user: { username: 'ann', password: 's3cret:x' } },
    { name: 'nothing', user: {} },
  ])('$name', async ({ cluster = {}, user = {} }) => {
    const path = written(one(cluster, user));
    const library = new KubeConfig();
    library.loadFromFile(path);
    const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
    await library.applyToHTTPSOptions(options);
    const { ca, cert, key, servername, rejectUnauthorized, auth } = options;
    const headers = Object.fromEntries(
      Object.entries(options.headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    if (typeof auth === 'string') headers['authorization'] = `Basic ${data(auth)}`;
    const entry = readKubeconfigs([path]).entry(undefined);
    expect(entry?.read()).toEqual({
      tls: Object.fromEntries(
        Object.entries({ ca, cert, key, servername, rejectUnauthorized }).filter(
          ([, value]) => value !== undefined && value !== null,
        ),
      ),
      headers,
    });
    expect(entry).toMatchObject({
      server: library.getCurrentCluster()?.server,
      proxyUrl: library.getCurrentCluster()?.proxyUrl,
      namespace: 'n',
      user: 'u',
      isFetched: false,
    });
  });
});

test('of a file and what is written out the latter counts, as with kubectl', () => {
  const both = (field: string, file: string) => ({
    [field]: file,
    [`${field}-data`]: data(`${field} written out`),
  });
  const path = written(
    one(both('certificate-authority', 'ca.pem'), {
      ...both('client-certificate', 'cert.pem'),
      ...both('client-key', 'none.pem'),
    }),
  );
  const { tls } = readKubeconfigs([path]).entry(undefined)?.read() ?? {};
  expect([tls?.ca, tls?.cert, tls?.key].map(String)).toEqual([
    'certificate-authority written out',
    'client-certificate written out',
    'client-key written out',
  ]);
});

test.each([
  { field: 'as-groups', value: ['system:masters'] },
  { field: 'as-uid', value: '1' },
  { field: 'as-user-extra', value: { scopes: ['x'] } },
])('$field is refused, instead of asking as somebody else', async ({ field, value }) => {
  for (const more of [{}, { exec: { command: 'login' } }]) {
    const path = written(one({}, { token: 'a', as: 'ann', [field]: value, ...more }));
    const asked = credentialsOf({ kubeconfig: path }, () => 0).then((source) => source.current());
    await expect(asked).rejects.toMatchObject({
      code: 'ClusterConfig',
      message: expect.stringContaining(field),
    });
  }
});

test('a token in a file is read anew each time', () => {
  const path = written(one({}, { tokenFile: 'token' }));
  const entry = readKubeconfigs([path]).entry(undefined);
  expect(entry?.read().headers).toEqual({ authorization: 'Bearer token file' });
  writeFileSync(join(path, '../token'), 'renewed\n');
  expect(entry?.read().headers).toEqual({ authorization: 'Bearer renewed' });
});

test('what a program has to fetch is left to the library', () => {
  for (const user of [{ exec: { command: 'login' } }, { 'auth-provider': { name: 'oidc' } }])
    expect(readKubeconfigs([written(one({}, user))]).entry(undefined)?.isFetched).toBe(true);
});

test('of what two files define, the first counts', () => {
  const first = written({
    ...one({ server: 'https://first' }, { token: '1' }),
    'current-context': undefined,
  });
  const second = written({ ...one({ server: 'https://second' }, { token: '2' }) });
  const merged = readKubeconfigs([first, second]);
  expect(merged.current).toBe('x');
  expect(merged.contexts).toEqual(['x']);
  expect(merged.entry(undefined)?.server).toBe('https://first');
  expect(merged.entry('x')?.read().headers).toEqual({ authorization: 'Bearer 1' });
  expect(merged.entry('none')).toBeUndefined();
});

test.each([
  { name: 'a list', given: '[]' },
  { name: 'a text', given: 'hello' },
  { name: 'a cluster without a name', given: '{"clusters": [null]}' },
  { name: 'no YAML', given: '{' },
])('$name is no kubeconfig', ({ given }) => {
  expect(() => readKubeconfigs([written(given)])).toThrow(/mapping|name is missing|flow|end/);
});

test('in a pod it is the mounted account, whose token rotates', () => {
  const folder = temporaryFolder('pod');
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries({ 'ca.crt': 'ca', token: 'one\n', namespace: 'pawl-system' }))
    writeFileSync(join(folder, file), text);
  const entry = podEntry({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }, folder);
  expect(entry).toMatchObject({ server: 'https://[fd00::1]:443', namespace: 'pawl-system', user: undefined });
  expect(entry?.read()).toEqual({ tls: { ca: Buffer.from('ca') }, headers: { authorization: 'Bearer one' } });
  writeFileSync(join(folder, 'token'), 'two');
  expect(entry?.read().headers).toEqual({ authorization: 'Bearer two' });
  expect(podEntry({}, folder)).toBeUndefined();
});
