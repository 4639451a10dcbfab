import { expect, test } from 'vitest';
import { errorOfAnswer, errorOfSilence } from '../../../src/adapters/cluster/answer.ts';

const asked = { verb: 'apply', what: 'Deployment shop/web' };

function status(code: number, extra: Record<string, unknown> = {}) {
  return {
    status: code,
    body: JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      code,
      message: 'no',
      ...extra,
    }),
    retryAfter: undefined,
  };
}

const table = [
  {
    name: 'a refused object keeps its causes',
    given: status(422, {
      reason: 'Invalid',
      details: { causes: [{ reason: 'FieldValueInvalid', field: 'spec.replicas', message: 'must be ≥ 0' }] },
    }),
    want: {
      code: 'ApiInvalid',
      status: 422,
      retry: 'never',
      causes: [{ reason: 'FieldValueInvalid', field: 'spec.replicas', message: 'must be ≥ 0' }],
    },
  },
  {
    name: 'a field that the schema does not know is the fault of the object, though the server says 500',
    given: status(500, {
      message: 'failed to create typed patch object (shop/web): .spec.bogus: field not declared',
    }),
    want: { code: 'ApiInvalid', status: 400, reason: 'BadRequest', retry: 'never' },
  },
  {
    name: 'so is a value that cannot be read',
    given: status(500, {
      message:
        'failed to convert new object (/d; apps/v1, Kind=Deployment) to proper version: unable to convert unstructured object to apps/v1, Kind=Deployment: quantities must match',
    }),
    want: { code: 'ApiInvalid', status: 400 },
  },
  {
    name: 'a conversion webhook that fails is not',
    given: status(500, {
      message:
        'failed to convert new object (/d; a.b/v1, Kind=D) to proper version: conversion webhook for a.b/v1, Kind=D failed: Post "https://x": timeout',
    }),
    want: { code: 'ApiServerError', status: 500, retry: 'later' },
  },
  {
    name: 'an object too large for the server',
    given: status(413, { reason: 'RequestEntityTooLarge' }),
    want: { code: 'ApiInvalid', status: 422, retry: 'never' },
  },
  {
    name: 'an object too large for etcd',
    given: status(500, { message: 'etcdserver: request is too large' }),
    want: { code: 'ApiInvalid', status: 422, retry: 'never' },
  },
  {
    name: 'any other 500 is the fault of the server',
    given: status(500, { reason: 'InternalError', message: 'failed calling webhook "a.b.c": timeout' }),
    want: { code: 'ApiServerError', status: 500, retry: 'later' },
  },
  {
    name: 'Retry-After of the header is in milliseconds',
    given: { ...status(429, { reason: 'TooManyRequests' }), retryAfter: '2' },
    want: { code: 'ApiThrottled', retryAfterMs: 2_000 },
  },
  {
    name: 'retryAfterSeconds of the body counts where there is no header',
    given: status(503, { details: { retryAfterSeconds: 1 } }),
    want: { code: 'ApiServerError', retryAfterMs: 1_000 },
  },
  {
    name: 'a Retry-After that is a date is not taken for a number',
    given: { ...status(503), retryAfter: 'Wed, 21 Oct 2026 07:28:00 GMT' },
    want: { retryAfterMs: undefined },
  },
  { name: 'a missing object', given: status(404, { reason: 'NotFound' }), want: { code: 'ApiNotFound' } },
  {
    name: 'a path that is not served is no missing object',
    given: { status: 404, body: '404 page not found\n', retryAfter: undefined },
    want: { code: 'ApiKindUnknown', status: 404 },
  },
  {
    name: 'a conflict',
    given: status(409, { reason: 'Conflict' }),
    want: { code: 'ApiConflict', retry: 'later' },
  },
  {
    name: 'taken',
    given: status(409, { reason: 'AlreadyExists' }),
    want: { code: 'ApiAlreadyExists', retry: 'never' },
  },
  {
    name: 'the page of a proxy is cut short',
    given: { status: 502, body: `<html>\n${'x'.repeat(100_000)}`, retryAfter: undefined },
    want: { code: 'ApiServerError', status: 502, reason: '' },
  },
  {
    name: 'a Status whose members have the wrong types is read as far as it goes',
    given: {
      status: 403,
      body: '{"kind":"Status","reason":7,"message":null,"details":{"causes":"x"}}',
      retryAfter: undefined,
    },
    want: { code: 'ApiForbidden', reason: '', causes: [] },
  },
];

test.each(table)('$name', ({ given, want }) => {
  const error = errorOfAnswer(asked, given);
  expect(error).toMatchObject(want);
  expect(error.message).toContain('apply Deployment shop/web');
  expect(error.message.length).toBeLessThan(400);
});

test('no answer names the address and the reason of the system', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:6443'), { code: 'ECONNREFUSED' });
  const error = errorOfSilence(asked, 'https://10.0.0.1:6443', new AggregateError([refused], ''));
  expect(error).toMatchObject({ status: 0, code: 'ApiUnreachable', retry: 'later' });
  expect(error.message).toContain('connect ECONNREFUSED 10.0.0.1:6443');
});
