// How many checks are asked at once, as a Prometheus sees it that takes its time.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { makePrometheus } from '../../src/adapters/probe/prometheus.ts';
import { checksFailingNow } from '../../src/loop/checks.ts';
import type { Run } from '../../src/loop/context.ts';
import { turnsOfChecks } from '../../src/loop/turns.ts';
import { realClock } from '../adapters/cluster/clock.ts';
import { never } from '../adapters/cluster/setup.ts';
import { failOnLeaks } from '../support/leaks.ts';
import { errors } from '../verify/checks/checks.ts';

failOnLeaks();

test('an App with twenty checks asks eight at once, and another one is asked meanwhile', async () => {
  const asked: string[] = [];
  let atOnce = 0;
  let most = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const app = new URLSearchParams(body).get('query')?.split(' ')[0] ?? '';
      asked.push(app);
      if (app === 'big') atOnce += 1;
      most = Math.max(most, atOnce);
      setTimeout(() => {
        if (app === 'big') atOnce -= 1;
        response.end('{"status":"success","data":{"resultType":"scalar","result":[1,"0"]}}');
      }, 400);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const turns = turnsOfChecks(realClock);
  const prometheus = makePrometheus({ url: `http://127.0.0.1:${port}` });
  const runOf = (name: string, count: number) =>
    ({
      ctx: { clock: realClock, turns, prometheus },
      session: { name: { namespace: 'shop', name } },
      signal: never,
      settings: {
        health: {
          checks: Array.from({ length: count }, (_, n) => ({
            ...errors,
            name: `${n}`,
            query: `${name} ${n}`,
          })),
        },
      },
    }) as unknown as Run;
  const failing = await Promise.all([
    checksFailingNow(runOf('big', 20)),
    checksFailingNow(runOf('small', 1)),
  ]);
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  expect(failing).toEqual([{}, {}]);
  expect(asked).toHaveLength(21);
  expect(most).toBe(8);
  expect(asked.indexOf('small')).toBeLessThan(12);
});
