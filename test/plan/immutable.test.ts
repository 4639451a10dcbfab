import { expect, test } from 'vitest';
import { ApiError } from '../../src/model/errors.ts';
import { immutableFields } from '../../src/plan/immutable.ts';

const of = (message: string, causes: { message: string; field?: string }[] = []) =>
  new ApiError({ code: 'ApiInvalid', message, status: 422, reason: 'Invalid', causes });

// The messages are the API server's own (1.36).
test.each([
  {
    name: 'one field',
    error: of('…', [{ message: 'Invalid value: {"app":"a"}: field is immutable', field: 'spec.selector' }]),
    want: ['spec.selector'],
  },
  {
    name: 'a StatefulSet',
    error: of('…', [
      {
        message: "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
        field: 'spec',
      },
    ]),
    want: ['spec'],
  },
  {
    name: 'a role binding',
    error: of('…', [{ message: 'Invalid value: {}: cannot change roleRef', field: 'roleRef' }]),
    want: ['roleRef'],
  },
  {
    name: "a Service's address",
    error: of('…', [
      { message: 'Invalid value: ["10.0.0.9"]: may not change once set', field: 'spec.clusterIPs[0]' },
      { message: 'Invalid value: "10.0.0.9": may not change once set', field: 'spec.clusterIPs[0]' },
    ]),
    want: ['spec.clusterIPs[0]'],
  },
  {
    name: 'a storage class',
    error: of('…', [{ message: 'Forbidden: updates to parameters are forbidden.', field: 'parameters' }]),
    want: ['parameters'],
  },
  {
    name: 'no causes, but the words',
    error: of('ConfigMap "a" is invalid: field is immutable when `immutable` is set'),
    want: [],
  },
  {
    name: 'a field whose name is somebody’s text',
    error: of('…', [{ message: 'field is immutable', field: 'metadata.labels[\nPawl-Reverts: 1]' }]),
    want: [],
  },
  {
    name: 'wrong in another way, too: to make it anew would not help',
    error: of('…', [
      { message: 'Invalid value: {}: field is immutable', field: 'spec.template' },
      { message: 'Invalid value: -1: must be greater than or equal to 0', field: 'spec.parallelism' },
    ]),
    want: undefined,
  },
  { name: 'wrong in another way', error: of('spec.replicas: Invalid value: -1'), want: undefined },
])('what cannot be changed: $name', ({ error, want }) => {
  expect(immutableFields(error)).toEqual(want);
});
