// /healthz (the process turns its loop), /readyz (it follows Apps, or stands by for the lease), /metrics.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, PawlError } from '../model/errors.ts';
import type { Metrics } from './metrics.ts';

export interface HttpServer {
  port: number;
  close(): Promise<void>;
}

export interface Probes {
  /** Undefined where all is well, else what is not. */
  ready: () => string | undefined;
}

export async function serve(options: {
  host: string;
  port: number;
  metrics: Metrics;
  probes: Probes;
}): Promise<HttpServer> {
  const server = createServer((request, response) => {
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answer(405, 'only GET is served here\n');
    switch (path) {
      case '/healthz':
        return answer(200, 'ok\n');
      case '/readyz': {
        const reason = options.probes.ready();
        return reason === undefined ? answer(200, 'ok\n') : answer(503, `${reason}\n`);
      }
      case '/metrics': {
        const { registry } = options.metrics;
        registry.metrics().then(
          (text) => answer(200, text, registry.contentType),
          (error: unknown) => answer(500, `${messageOf(error)}\n`),
        );
        return undefined;
      }
      default:
        return answer(404, 'there is /healthz, /readyz and /metrics\n');
    }

    function answer(status: number, text: string, type = 'text/plain; charset=utf-8'): void {
      response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
      response.end(request.method === 'HEAD' ? undefined : text);
    }
  });
  server.requestTimeout = 10_000;
  await listen(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, address: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new PawlError({
          code: 'CannotListen',
          message: `cannot listen on ${address.host}:${address.port}: ${cause.code ?? cause.message}`,
          hint: 'Choose another address with --listen HOST:PORT; port 0 takes a free one.',
          cause,
        }),
      );
    });
    server.listen(address.port, address.host, resolve);
  });
}
