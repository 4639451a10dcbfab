import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { kindOf, makeProber } from '../../../src/adapters/probe/http.ts';
import type { HttpProbe } from '../../../src/ports.ts';
import { temporaryFolder } from '../../support/git-server.ts';

const prober = makeProber(() => performance.now());
const never = new AbortController().signal;
const open = new Set<Server>();

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of open) {
    if ('closeAllConnections' in server)
      (server as unknown as ReturnType<typeof createServer>).closeAllConnections();
    server.close();
    await once(server, 'close');
  }
  open.clear();
});

async function listening(server: Server, address = '127.0.0.1'): Promise<number> {
  open.add(server);
  server.listen(0, address);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const serve = (answer: RequestListener) => listening(createServer(answer));

function probe(port: number, more: Partial<HttpProbe> = {}): HttpProbe {
  return {
    address: '127.0.0.1',
    port,
    scheme: 'http',
    method: 'GET',
    path: '/healthz?deep=1',
    host: 'web.shop.svc',
    headers: [],
    timeoutMs: 2_000,
    maxBodyBytes: 1_000,
    ...more,
  };
}

test('asks the address for the path, under the name of the Service', async () => {
  const asked: unknown[] = [];
  const port = await serve(({ method, url, headers }, response) => {
    asked.push([method, url, headers.host, headers['x-probe'], headers['user-agent'], headers.cookie]);
    response.end('all is well');
  });
  const answer = await prober.http(probe(port, { headers: [['X-Probe', 'pawl']] }), never);
  expect(answer).toMatchObject({ kind: 'answer', status: 200, body: 'all is well' });
  expect(answer.latencyMs).toBeGreaterThanOrEqual(0);
  expect(asked).toEqual([['GET', '/healthz?deep=1', 'web.shop.svc', 'pawl', 'pawl-check', undefined]]);
});

test('asks nobody else: not where a redirect leads, not a proxy of the environment', async () => {
  let strangers = 0;
  const stranger = await serve((_, response) => {
    strangers += 1;
    response.end();
  });
  for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'])
    vi.stubEnv(name, name === 'NODE_USE_ENV_PROXY' ? '1' : `http://127.0.0.1:${stranger}`);
  const port = await serve((_, response) => {
    response.writeHead(302, { location: `http://127.0.0.1:${stranger}/` }).end();
  });
  expect(await prober.http(probe(port), never)).toMatchObject({ kind: 'answer', status: 302 });
  expect(strangers).toBe(0);
});

test('reads no more of a body than it is to', async () => {
  let hasEnded = false;
  const port = await serve((_, response) => {
    response.on('close', () => {
      hasEnded = true;
    });
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(1_000)));
      response.once('drain', more);
    };
    more();
  });
  expect(await prober.http(probe(port), never)).toMatchObject({ kind: 'answer', body: 'x'.repeat(1_000) });
  await vi.waitFor(() => expect(hasEnded).toBe(true));
});

test('takes no answer to HEAD for a body', async () => {
  const port = await serve((_, response) => response.end('text'));
  expect(await prober.http(probe(port, { method: 'HEAD' }), never)).toMatchObject({ status: 200, body: '' });
});

test('speaks TLS with a certificate that nobody signed', async () => {
  const folder = temporaryFolder('tls');
  const file = (name: string) => join(folder, name);
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/CN=x',
      '-keyout',
      file('key'),
      '-out',
      file('cert'),
    ],
    { stdio: 'pipe' },
  );
  const options = { key: readFileSync(file('key')), cert: readFileSync(file('cert')) };
  const port = await listening(createSecureServer(options, (_, response) => response.end('well')));
  expect(await prober.http(probe(port, { scheme: 'https' }), never)).toMatchObject({
    status: 200,
    body: 'well',
  });
});

test('asks an address of the sixth version', async () => {
  const server = createServer((_, response) => response.end('six'));
  const port = await listening(server, '::1');
  expect(await prober.http(probe(port, { address: '::1' }), never)).toMatchObject({ body: 'six' });
});

describe('where there is no answer', () => {
  test('nobody listens', async () => {
    const server = createTcpServer();
    const port = await listening(server);
    open.delete(server);
    server.close();
    await once(server, 'close');
    expect(await prober.http(probe(port), never)).toMatchObject({ kind: 'refused' });
  });

  test('no way leads there', async () => {
    // The broadcast address: no connection leads there, whatever the machine's routes.
    const far = probe(80, { address: '255.255.255.255', timeoutMs: 300 });
    expect(await prober.http(far, never)).toMatchObject({ kind: 'unreachable' });
  });

  test('it takes too long', async () => {
    const port = await serve(() => {});
    expect(await prober.http(probe(port, { timeoutMs: 200 }), never)).toMatchObject({ kind: 'timeout' });
  });

  test('its body takes too long', async () => {
    const port = await serve((_, response) => {
      response.write('x');
    });
    expect(await prober.http(probe(port, { timeoutMs: 200 }), never)).toMatchObject({ kind: 'timeout' });
  });

  test.for([
    { name: 'something else speaks', says: 'SSH-2.0-OpenSSH_9\r\n\r\n' },
    { name: 'the header is endless', says: `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(100_000)}` },
    { name: 'it hangs up', says: '' },
  ])('$name', async ({ says }) => {
    const port = await listening(
      createTcpServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.end(says));
      }),
    );
    expect(await prober.http(probe(port), never)).toMatchObject({ kind: 'broken' });
  });

  test('whoever asked no longer wants one', async () => {
    const port = await serve(() => {});
    const stop = new AbortController();
    const asking = prober.http(probe(port), stop.signal);
    stop.abort(new Error('enough'));
    await expect(asking).rejects.toThrow('enough');
  });
});

test.for([
  ...['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRINUSE', 'UND_ERR_ABORTED', 'ESOMETHING'].map(
    (code) => [code, 'unable'] as const,
  ),
  ...['ECONNRESET', 'EPIPE', 'EPROTO', 'UND_ERR_SOCKET', 'ERR_SSL_WRONG_VERSION_NUMBER'].map(
    (code) => [code, 'broken'] as const,
  ),
  ['EHOSTUNREACH', 'unreachable'] as const,
  ['ECONNREFUSED', 'refused'] as const,
])('%s means: %s', ([code, kind]) => {
  expect(kindOf(Object.assign(new Error(code), { code }))).toBe(kind);
});

test('what nobody knows the cause of is not held against the other side', () => {
  for (const error of [new TypeError('x'), undefined, null, 'x']) expect(kindOf(error)).toBe('unable');
});

test('says for how long this process could not have noticed an answer', async () => {
  const port = await serve((_, response) => response.end('well'));
  const calm = await prober.http(probe(port), never);
  expect(calm.stalledMs).toBeLessThan(200);
  for (const begin of ['at once', 'a little later']) {
    const asking = prober.http(probe(port, { timeoutMs: 500 }), never);
    if (begin === 'a little later') await new Promise(setImmediate);
    const untilMs = performance.now() + 800;
    while (performance.now() < untilMs);
    const { stalledMs, latencyMs } = await asking;
    expect(stalledMs).toBeGreaterThan(600);
    expect(latencyMs).toBeGreaterThanOrEqual(stalledMs ?? 0);
  }
});
