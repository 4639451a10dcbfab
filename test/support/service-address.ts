// The sandbox's nodes are simulated: nothing listens at a Service's address. Here it is put on the loopback interface,
// and a server of the test's own listens there. Needs root, on Linux; taken away when the test file ends.
import { execFileSync } from 'node:child_process';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll } from 'vitest';
import { eventually } from './eventually.ts';
import type { Shop } from './shop.ts';

export interface Listening {
  /** What was asked, oldest first. */
  asked: { method: string; path: string; headers: IncomingMessage['headers'] }[];
  close(): Promise<void>;
}

const open = new Set<Listening>();

afterAll(async () => {
  await Promise.all([...open].map((one) => one.close()));
});

/** Waits until the Service has its address, and answers there. */
export async function listenAtService(
  shop: Shop,
  answer: RequestListener,
  service = 'web',
  port = 80,
): Promise<Listening> {
  const address = await eventually(
    async () => {
      const found = await shop.cluster.find('service', service, shop.namespace);
      const ip: string | undefined = found?.spec.clusterIP;
      if (ip === undefined) throw new Error(`no address: ${JSON.stringify(found?.spec)}`);
      return ip;
    },
    { timeoutMs: 60_000, describe: `the address of Service ${service}` },
  );
  ip('add', address);
  const asked: Listening['asked'] = [];
  const server: Server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request;
    asked.push({ method, path, headers });
    answer(request, response);
  });
  server.listen(port, address);
  await once(server, 'listening');
  const listening: Listening = {
    asked,
    async close() {
      if (!open.delete(listening)) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      ip('del', address);
    },
  };
  open.add(listening);
  return listening;
}

function ip(verb: 'add' | 'del', address: string): void {
  execFileSync('ip', ['address', verb, `${address}/32`, 'dev', 'lo'], { stdio: 'pipe' });
}
