// Checks for tests, with nothing special about them.

import type { HttpCheck, PrometheusCheck } from '../../../src/model/checks.ts';

export const smoke: HttpCheck = {
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
};

export const errors: PrometheusCheck = {
  kind: 'prometheus',
  name: 'errors',
  query: 'errors',
  min: undefined,
  max: 0.05,
  intervalMs: 10_000,
  forMs: undefined,
};
