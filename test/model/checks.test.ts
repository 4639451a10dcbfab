import { describe, expect, test } from 'vitest';
import { parseStatus } from '../../src/model/check-fields.ts';
import { type Check, resolveChecks } from '../../src/model/checks.ts';
import { parseDurationMs } from '../../src/model/duration.ts';

function resolve(given: unknown[]): { checks: Check[]; refused: string[] } {
  const refused: string[] = [];
  const invalid = (message: string) => {
    refused.push(message);
  };
  const duration = (field: string, text: string | undefined, fallback: string, leastMs: number) => {
    const ms = parseDurationMs(text ?? fallback);
    if (ms === undefined || ms < leastMs) invalid(`${field} is not a duration`);
    return ms ?? leastMs;
  };
  return { checks: resolveChecks(given, 'shop', duration, invalid), refused };
}

const http = (more: object): unknown[] => [{ name: 'smoke', http: { service: 'web', port: 80, ...more } }];
const metric = (more: object): unknown[] => [{ name: 'errors', prometheus: { query: 'x', max: 1, ...more } }];

test('an http check needs a Service and a port, and has defaults for the rest', () => {
  expect(resolve(http({}))).toEqual({
    refused: [],
    checks: [
      {
        kind: 'http',
        name: 'smoke',
        service: 'web',
        namespace: 'shop',
        port: 80,
        scheme: 'http',
        method: 'GET',
        path: '/',
        headers: [],
        host: undefined,
        status: [{ from: 200, to: 299 }],
        body: undefined,
        latencyMs: undefined,
        times: 1,
        intervalMs: 5_000,
        timeoutMs: 5_000,
      },
    ],
  });
});

test('every field is taken, with its unit', () => {
  const given = {
    namespace: 'front',
    port: 'https',
    scheme: 'https',
    method: 'HEAD',
    path: '/ready?deep=1',
    headers: { 'X-Probe': 'pawl' },
    host: 'shop.example.com:8443',
    status: '200, 301-302, 4xx',
    latency: '500ms',
    times: 3,
    interval: '1s',
    timeout: '2s',
  };
  expect(resolve(http(given)).checks[0]).toMatchObject({
    namespace: 'front',
    port: 'https',
    scheme: 'https',
    method: 'HEAD',
    path: '/ready?deep=1',
    headers: [['X-Probe', 'pawl']],
    host: 'shop.example.com:8443',
    status: [
      { from: 200, to: 200 },
      { from: 301, to: 302 },
      { from: 400, to: 499 },
    ],
    latencyMs: 500,
    times: 3,
    intervalMs: 1_000,
    timeoutMs: 2_000,
  });
  expect(resolve([{ name: 'orders', job: { name: 'verify-orders' } }]).checks).toEqual([
    { kind: 'job', name: 'orders', job: 'verify-orders', namespace: 'shop' },
  ]);
  expect(resolve(metric({ min: 0.1, for: '1m', interval: '30s' })).checks).toEqual([
    {
      kind: 'prometheus',
      name: 'errors',
      query: 'x',
      min: 0.1,
      max: 1,
      intervalMs: 30_000,
      forMs: 60_000,
    },
  ]);
});

test.for<{ given: string; want: ReturnType<typeof parseStatus> }>([
  { given: '200', want: [{ from: 200, to: 200 }] },
  { given: '2XX', want: [{ from: 200, to: 299 }] },
  { given: '200-204', want: [{ from: 200, to: 204 }] },
  { given: '299-200', want: undefined },
  { given: '600', want: undefined },
  { given: '20', want: undefined },
  { given: '', want: undefined },
  { given: '200,', want: undefined },
  { given: '200;404', want: undefined },
])('the status "$given"', ({ given, want }) => {
  expect(parseStatus(given)).toEqual(want);
});

describe('a mistake is refused by its field', () => {
  const at = 'spec.health.checks[0]';
  test.for<{ name: string; given: unknown[]; want: string }>([
    { name: 'no mapping', given: ['smoke'], want: `${at} is not a mapping` },
    { name: 'no name', given: [{ http: {} }], want: `${at}.name is not a DNS label` },
    {
      name: 'a name for people',
      given: [{ name: 'My check', http: {} }],
      want: `${at}.name is not a DNS label`,
    },
    { name: 'no kind', given: [{ name: 'a' }], want: `${at} needs exactly one of http, job and prometheus` },
    {
      name: 'two kinds',
      given: [{ name: 'a', http: {}, job: {} }],
      want: `${at} needs exactly one of http, job and prometheus`,
    },
    {
      name: 'a kind without fields',
      given: [{ name: 'a', http: 'web' }],
      want: `${at}.http is not a mapping`,
    },
    {
      name: 'a field beside the kind',
      given: [{ ...(http({})[0] as object), timeout: '5s' }],
      want: `${at} has an unknown field "timeout"`,
    },
    {
      name: 'a misspelt field',
      given: http({ pathh: '/' }),
      want: `${at}.http has an unknown field "pathh"`,
    },
    {
      name: 'an address for a Service',
      given: http({ service: '169.254.169.254' }),
      want: `${at}.http.service is not`,
    },
    { name: 'a URL for a Service', given: http({ service: 'http://x/' }), want: `${at}.http.service is not` },
    {
      name: 'a port that is none',
      given: http({ port: 0 }),
      want: `${at}.http.port is not a port of a Service`,
    },
    { name: 'a port with another', given: http({ port: '80:22' }), want: `${at}.http.port is not a port` },
    {
      name: 'a scheme of its own',
      given: http({ scheme: 'ftp' }),
      want: `${at}.http.scheme is not one of http, https`,
    },
    {
      name: 'a method that changes things',
      given: http({ method: 'POST' }),
      want: `${at}.http.method is not one of`,
    },
    {
      name: 'a path with a line break',
      given: http({ path: '/a\r\nX: y' }),
      want: `${at}.http.path is not a path`,
    },
    {
      name: 'a path that is a URL',
      given: http({ path: 'http://x/' }),
      want: `${at}.http.path is not a path`,
    },
    { name: 'a host with a path', given: http({ host: 'a/b' }), want: `${at}.http.host is not a host name` },
    {
      name: 'a second Host',
      given: http({ headers: { Host: 'a' } }),
      want: `${at}.http.headers holds a name`,
    },
    {
      name: 'framing',
      given: http({ headers: { 'Transfer-Encoding': 'chunked' } }),
      want: `${at}.http.headers holds a name`,
    },
    {
      name: 'a header in two lines',
      given: http({ headers: { A: 'b\nC: d' } }),
      want: `${at}.http.headers holds a value`,
    },
    {
      name: 'a header that is a number',
      given: http({ headers: { A: 1 } }),
      want: `${at}.http.headers holds a value`,
    },
    {
      name: 'a body for HEAD',
      given: http({ method: 'HEAD', body: 'x' }),
      want: `${at}.http.body: an answer to HEAD`,
    },
    { name: 'a status that is none', given: http({ status: 'ok' }), want: `${at}.http.status is no status` },
    { name: 'no time at all', given: http({ times: 0 }), want: `${at}.http.times must be a whole number` },
    { name: 'an interval that floods', given: http({ interval: '1ms' }), want: `${at}.http.interval is not` },
    {
      name: 'an interval that floods Prometheus',
      given: metric({ interval: '4s' }),
      want: `${at}.prometheus.interval is not`,
    },
    {
      name: 'a request without end',
      given: http({ timeout: '61s' }),
      want: `${at}.http.timeout is more than 60s`,
    },
    { name: 'a Job without a name', given: [{ name: 'a', job: {} }], want: `${at}.job.name is not the name` },
    { name: 'no query', given: metric({ query: ' ' }), want: `${at}.prometheus.query is empty` },
    { name: 'no bound', given: metric({ max: null }), want: `${at}.prometheus has neither min nor max` },
    { name: 'bounds that cross', given: metric({ min: 2 }), want: `${at}.prometheus.min is more than max` },
    { name: 'a bound in quotes', given: metric({ max: '1' }), want: `${at}.prometheus.max is not a number` },
    {
      name: 'a server',
      given: metric({ url: 'http://x' }),
      want: `${at}.prometheus has an unknown field "url"`,
    },
  ])('$name', ({ given, want }) => {
    expect(resolve(given).refused.join('\n')).toContain(want);
  });

  test('two checks of one name', () => {
    expect(resolve([...http({}), ...http({})]).refused).toEqual([
      'spec.health.checks[1].name: another check has the same name',
    ]);
  });

  test('more than anybody reads', () => {
    const many = Array.from({ length: 21 }, (_, index) => ({ name: `c${index}`, job: { name: 'j' } }));
    expect(resolve(many).refused).toEqual(['spec.health.checks holds more than 20 checks']);
  });

  test('without quoting a header, which may hold a secret after all', () => {
    expect(resolve(http({ headers: { Authorization: 'Bearer S3cret\n' } })).refused.join()).not.toContain(
      'S3cret',
    );
  });
});
