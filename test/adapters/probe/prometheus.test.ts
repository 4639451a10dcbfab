import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { answerOf, makePrometheus } from '../../../src/adapters/probe/prometheus.ts';
import { temporaryFolder } from '../../support/git-server.ts';

const vector = (...values: unknown[]) =>
  JSON.stringify({
    status: 'success',
    data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [1, value] })) },
  });

test.for<{ name: string; status?: number; text: string; want: object }>([
  { name: 'a series', text: vector('0.5'), want: { kind: 'values', values: [0.5] } },
  {
    name: 'several',
    text: vector('1', '+Inf', '-Inf'),
    want: { kind: 'values', values: [1, Infinity, -Infinity] },
  },
  { name: 'no number', text: vector('NaN', 'x', 7, null), want: { kind: 'values', values: [] } },
  { name: 'none', text: vector(), want: { kind: 'values', values: [] } },
  {
    name: 'a scalar',
    text: '{"status":"success","data":{"resultType":"scalar","result":[1,"3"]}}',
    want: { kind: 'values', values: [3] },
  },
  {
    name: 'a range',
    text: '{"status":"success","data":{"resultType":"matrix","result":[]}}',
    want: { kind: 'refused', message: expect.stringContaining('no instant values') },
  },
  {
    name: 'a mistake in the query',
    status: 400,
    text: '{"status":"error","errorType":"bad_data","error":"parse error:\\nunclosed"}',
    want: { kind: 'refused', message: 'Prometheus refuses the query: parse error: unclosed' },
  },
  {
    name: 'too many requests',
    status: 429,
    text: '',
    want: { kind: 'unavailable', message: expect.anything() },
  },
  { name: 'a page of a proxy', text: '<html>', want: { kind: 'unavailable', message: expect.anything() } },
  { name: 'a list', text: '[]', want: { kind: 'unavailable', message: expect.anything() } },
])('an answer that holds $name', ({ status = 200, text, want }) => {
  expect(answerOf(status, text)).toEqual(want);
});

test('asks by POST below the path of its address, with the token as the file holds it now', async () => {
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      asked.push([
        request.method,
        request.url,
        request.headers.authorization,
        new URLSearchParams(body).get('query'),
      ]);
      response.end(vector('1'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const tokenFile = join(temporaryFolder('token'), 'token');
  const prometheus = makePrometheus({ url: `http://127.0.0.1:${port}/metrics/`, tokenFile });
  const { signal } = new AbortController();
  for (const token of ['one\n', 'two', 'three\r\nX-Evil: 1']) {
    writeFileSync(tokenFile, token);
    await prometheus.query('up{a="&b=c"}', signal);
  }
  server.close();
  await once(server, 'close');
  expect(asked).toEqual(
    ['one', 'two'].map((token) => ['POST', '/metrics/api/v1/query', `Bearer ${token}`, 'up{a="&b=c"}']),
  );
  // Nobody listens any more.
  writeFileSync(tokenFile, 'four');
  expect(await prometheus.query('up', signal)).toMatchObject({ kind: 'unavailable' });
});

test.for([
  { name: 'all that may be parsed', series: 800, want: { kind: 'values' } },
  {
    name: 'more, which would hold up every App',
    series: 80_000,
    want: { kind: 'refused', message: expect.stringContaining('aggregate') },
  },
])('an answer of $name', async ({ series, want }) => {
  const text = vector(...Array.from({ length: series }, () => '0.5'));
  const server = createServer((_, response) => response.on('error', () => {}).end(text));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const prometheus = makePrometheus({ url: `http://127.0.0.1:${port}` });
  expect(await prometheus.query('up', new AbortController().signal)).toMatchObject(want);
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});
