// `spec.health.checks` → checks with units. Every mistake is named by its field; a field that means nothing is
// refused, never passed over: a misspelt check would be one that passes.
//
// 1. An http check names a Service of the App, never an address. A Prometheus query names no server.
// 2. Nothing here is a place for secrets: checks stand in the App's spec, which many may read.

import {
  choice,
  durationOf,
  type Fields,
  headersOf,
  isGiven,
  namespaceOf,
  numberOf,
  objectName,
  onlyKnown,
  portOf,
  type ReadDuration,
  type Reader,
  type StatusRange,
  statusOf,
  textOf,
  timesOf,
} from './check-fields.ts';
import type { Invalid } from './source-rules.ts';
import { isMapping } from './mapping.ts';

export interface HttpCheck {
  kind: 'http';
  name: string;
  service: string;
  namespace: string;
  /** A port of the Service, by number or name. */
  port: number | string;
  scheme: 'http' | 'https';
  method: 'GET' | 'HEAD';
  /** With its query, if any. */
  path: string;
  headers: readonly (readonly [name: string, value: string])[];
  /** Undefined: `service.namespace.svc`. */
  host: string | undefined;
  status: readonly StatusRange[];
  /** A text that the body must contain, within its first 64 KiB. */
  body: string | undefined;
  latencyMs: number | undefined;
  /** How many requests in a row must succeed. */
  times: number;
  intervalMs: number;
  timeoutMs: number;
}

export interface JobCheck {
  kind: 'job';
  name: string;
  job: string;
  namespace: string;
}

export interface PrometheusCheck {
  kind: 'prometheus';
  name: string;
  query: string;
  min: number | undefined;
  max: number | undefined;
  intervalMs: number;
  /** How long a value must be beyond its bounds to count; undefined: as long as any failing check. */
  forMs: number | undefined;
}

export type Check = HttpCheck | JobCheck | PrometheusCheck;

export const MAX_CHECKS = 20;
const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/;
const PATH = /^\/[!-"$-~]{0,1023}$/;
const HOST = /^(?=.{1,253}$)[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?(?::\d{1,5})?$/;
const LEAST_INTERVAL_MS = 250;
/** Prometheus scrapes every few seconds at best, and a query may cost it much. */
const LEAST_QUERY_INTERVAL_MS = 5_000;
/** A release waits for it before it begins, too. */
const MAX_TIMEOUT_MS = 60_000;

export function resolveChecks(
  given: readonly unknown[],
  defaultNamespace: string,
  duration: ReadDuration,
  invalid: Invalid,
): Check[] {
  const field = 'spec.health.checks';
  if (given.length > MAX_CHECKS) {
    invalid(`${field} holds more than ${MAX_CHECKS} checks`, 'Ask what matters most.');
    return [];
  }
  const names = new Set<string>();
  return given.flatMap((one, index) => {
    const at = `${field}[${index}]`;
    if (!isMapping(one)) {
      invalid(`${at} is not a mapping`, 'Write a name and one of http, job and prometheus.');
      return [];
    }
    const { name } = one;
    if (typeof name !== 'string' || !LABEL.test(name)) {
      invalid(`${at}.name is not a DNS label`, "Lower-case letters, digits and '-', 63 at most.");
      return [];
    }
    if (names.has(name))
      invalid(`${at}.name: another check has the same name`, 'Give each a name of its own.');
    names.add(name);
    return oneOf(one, name, at, { defaultNamespace, duration, invalid });
  });
}

function oneOf(one: Fields, name: string, at: string, reader: Reader): Check[] {
  const kinds = (['http', 'job', 'prometheus'] as const).filter(
    (kind) => (one[kind] ?? undefined) !== undefined,
  );
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    reader.invalid(`${at} needs exactly one of http, job and prometheus`, 'Make two checks of two.');
    return [];
  }
  const fields = one[kind];
  if (!isMapping(fields)) {
    reader.invalid(`${at}.${kind} is not a mapping`, 'See docs/health.md for its fields.');
    return [];
  }
  onlyKnown(one, ['name', kind], at, reader);
  const own = `${at}.${kind}`;
  switch (kind) {
    case 'http':
      return [httpCheck(fields, name, own, reader)];
    case 'job':
      return [jobCheck(fields, name, own, reader)];
    case 'prometheus':
      return [prometheusCheck(fields, name, own, reader)];
  }
}

const HTTP_FIELDS = [
  'service',
  'namespace',
  'port',
  'scheme',
  'path',
  'method',
  'headers',
  'host',
  'status',
  'body',
  'latency',
  'times',
  'interval',
  'timeout',
];

function httpCheck(fields: Fields, name: string, at: string, reader: Reader): HttpCheck {
  onlyKnown(fields, HTTP_FIELDS, at, reader);
  const { invalid } = reader;
  const method = choice(fields, 'method', ['GET', 'HEAD'], at, reader);
  const body = textOf(fields, 'body', at, reader);
  if (body === '') invalid(`${at}.body is empty`, 'Leave it out: every body contains nothing.');
  if (body !== undefined && body.length > 1024)
    invalid(`${at}.body is too long`, '1,024 characters at most.');
  if (body !== undefined && method === 'HEAD')
    invalid(`${at}.body: an answer to HEAD has no body`, 'Use GET.');
  const path = textOf(fields, 'path', at, reader) ?? '/';
  if (!PATH.test(path))
    invalid(`${at}.path is not a path`, "Write it from '/' on, without blanks and '#', escaped as in a URL.");
  const host = textOf(fields, 'host', at, reader);
  if (host !== undefined && !HOST.test(host)) invalid(`${at}.host is not a host name`, 'Or leave it out.');
  return {
    kind: 'http',
    name,
    service: objectName(fields, 'service', LABEL, at, reader),
    namespace: namespaceOf(fields, at, reader),
    port: portOf(fields.port, at, invalid),
    scheme: choice(fields, 'scheme', ['http', 'https'], at, reader),
    method,
    path,
    headers: headersOf(fields.headers, at, invalid),
    host,
    status: statusOf(fields.status, at, invalid),
    body,
    latencyMs: isGiven(fields.latency) ? durationOf(fields, 'latency', '1s', 1, at, reader) : undefined,
    times: timesOf(fields.times, at, invalid),
    intervalMs: durationOf(fields, 'interval', '5s', LEAST_INTERVAL_MS, at, reader),
    timeoutMs: timeoutOf(fields, at, reader),
  };
}

function timeoutOf(fields: Fields, at: string, reader: Reader): number {
  const ms = durationOf(fields, 'timeout', '5s', 1, at, reader);
  if (ms > MAX_TIMEOUT_MS) reader.invalid(`${at}.timeout is more than 60s`, 'Ask again instead of waiting.');
  return ms;
}

function jobCheck(fields: Fields, name: string, at: string, reader: Reader): JobCheck {
  onlyKnown(fields, ['name', 'namespace'], at, reader);
  const job = objectName(fields, 'name', SUBDOMAIN, at, reader);
  return { kind: 'job', name, job, namespace: namespaceOf(fields, at, reader) };
}

function prometheusCheck(fields: Fields, name: string, at: string, reader: Reader): PrometheusCheck {
  onlyKnown(fields, ['query', 'min', 'max', 'interval', 'for'], at, reader);
  const { invalid } = reader;
  const query = textOf(fields, 'query', at, reader) ?? '';
  if (query.trim() === '' || query.length > 4096)
    invalid(`${at}.query is empty or too long`, 'One instant query in PromQL, 4,096 characters at most.');
  const min = numberOf(fields, 'min', at, invalid);
  const max = numberOf(fields, 'max', at, invalid);
  if (min === undefined && max === undefined)
    invalid(`${at} has neither min nor max`, 'Say within which bounds the value must stay.');
  if (min !== undefined && max !== undefined && min > max)
    invalid(`${at}.min is more than max`, 'No value lies between them.');
  return {
    kind: 'prometheus',
    name,
    query,
    min,
    max,
    intervalMs: durationOf(fields, 'interval', '10s', LEAST_QUERY_INTERVAL_MS, at, reader),
    forMs: isGiven(fields.for) ? durationOf(fields, 'for', '0s', 0, at, reader) : undefined,
  };
}
