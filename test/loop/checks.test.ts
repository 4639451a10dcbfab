// How many checks are asked at once, as a Prometheus sees it that takes its time.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { makePrometheus } from '../../src/adapters/probe/prometheus.ts';
import { askBefore } from '../../src/loop/checks.ts';
import type { Clock, MetricAnswer, Prometheus } from '../../src/ports.ts';
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
  const found = await Promise.all([askBefore(runOf('big', 20)), askBefore(runOf('small', 1))]);
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  expect(found.map(({ checks, asked: names = {} }) => [checks, Object.keys(names).length])).toEqual([
    [{}, 20],
    [{}, 1],
  ]);
  expect(asked).toHaveLength(21);
  expect(most).toBe(8);
  expect(asked.indexOf('small')).toBeLessThan(12);
});

test.for<{ name: string; answers: (MetricAnswer | 'never')[]; want: string }>([
  { name: 'passes', answers: [{ kind: 'values', values: [0] }], want: 'asked' },
  {
    name: 'fails for a moment',
    answers: [
      { kind: 'values', values: [1] },
      { kind: 'values', values: [1] },
      { kind: 'values', values: [0] },
    ],
    want: 'asked',
  },
  { name: 'fails all the time', answers: [{ kind: 'values', values: [1] }], want: 'asked failing' },
  { name: 'is not answered', answers: ['never'], want: '' },
  {
    name: 'fails, and then is not answered',
    answers: [{ kind: 'values', values: [1] }, 'never'],
    want: 'asked failing',
  },
])('before a release, a check that $name holds it up for 15 s at most', async ({ answers, want }) => {
  let questions = 0;
  const prometheus: Prometheus = {
    async query(_, signal) {
      const answer = answers[Math.min(questions++, answers.length - 1)] ?? 'never';
      if (answer !== 'never') return answer;
      await once(signal, 'abort');
      throw signal.reason;
    },
  };
  let waitedMs = 0;
  // Time goes by a hundred times as fast.
  const clock: Clock = {
    ...realClock,
    delay(ms, signal) {
      if (ms === 15_000) waitedMs += ms;
      return realClock.delay(ms / 100, signal);
    },
  };
  const found = await askBefore({
    ctx: { clock, turns: turnsOfChecks(realClock), prometheus },
    session: { name: { namespace: 'shop', name: 'web' } },
    signal: never,
    settings: { health: { checks: [errors] } },
  } as unknown as Run);
  expect(waitedMs).toBe(15_000);
  const words = [found.asked?.errors && 'asked', found.checks?.errors && 'failing'];
  expect(words.filter(Boolean).join(' ')).toBe(want);
});
