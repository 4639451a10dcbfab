// A TCP proxy between Pawl and the API server, whose connections can be cut, stalled or refused.
import { createServer, connect as dial } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface Proxy {
  port: number;
  /** Ends every connection without a word of goodbye. */
  cut(): void;
  /** The connections that are open now stay open and pass nothing any more. New ones work, unless `newToo`. */
  stall(options?: { newToo: boolean }): void;
  /** Whether new connections are cut at once. */
  refuse(refuse: boolean): void;
  /** How many connections were made so far, and how many are open. */
  made(): number;
  open(): number;
  close(): Promise<void>;
}

export async function startProxy(target: URL): Promise<Proxy> {
  const pairs = new Set<[Socket, Socket]>();
  let made = 0;
  let refusing = false;
  let stalling = false;
  const server = createServer((near) => {
    if (refusing) return near.resetAndDestroy();
    made += 1;
    const far = dial(Number(target.port), target.hostname);
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) socket.once('error', end).once('close', end);
    if (stalling) return;
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const [near, far] of pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    stall({ newToo } = { newToo: false }) {
      stalling = newToo;
      for (const [near, far] of pairs) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
    refuse(refuse) {
      refusing = refuse;
    },
    made: () => made,
    open: () => pairs.size,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}
