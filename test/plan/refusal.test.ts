import { expect, test } from 'vitest';
import { ApiError } from '../../src/model/errors.ts';
import type { RefusalKind } from '../../src/model/plan.ts';
import { refusalOf } from '../../src/plan/refusal.ts';

const ID = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };

// The messages are the API server's own (1.36), shortened.
const cases: {
  name: string;
  status: number;
  message: string;
  causes?: { reason: string }[];
  want: RefusalKind;
}[] = [
  { name: 'a bad request', status: 400, message: 'strict decoding error: unknown field', want: 'Invalid' },
  {
    name: 'a value that validation refuses',
    status: 422,
    message: 'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1',
    want: 'Invalid',
  },
  {
    name: 'a field that cannot be changed',
    status: 422,
    message: 'spec.selector: Invalid value: …: field is immutable',
    want: 'Immutable',
  },
  {
    name: 'a forbidden update of a StatefulSet',
    status: 422,
    message: 'spec: Forbidden: updates to statefulset spec for fields other than',
    want: 'Immutable',
  },
  {
    name: 'a right that is missing',
    status: 403,
    message:
      'deployments.apps "web" is forbidden: User "system:serviceaccount:shop:x" cannot patch resource "deployments"',
    want: 'Forbidden',
  },
  {
    name: 'an account that Pawl may not act as',
    status: 403,
    message: 'serviceaccounts "x" is forbidden: User "p" cannot impersonate resource "serviceaccounts"',
    want: 'Forbidden',
  },
  {
    name: 'a quota that is used up',
    status: 403,
    message: 'pods "web" is forbidden: exceeded quota: q, requested: pods=1',
    want: 'Quota',
  },
  {
    name: 'an object that somebody else wrote at the same moment',
    status: 409,
    message: 'Operation cannot be fulfilled on deployments.apps "web": the object has been modified',
    want: 'Conflict',
  },
  {
    name: 'a quota conflict',
    status: 409,
    message: 'Operation cannot be fulfilled on resourcequotas "q": the object has been modified',
    want: 'Quota',
  },
  {
    name: 'a namespace that is going',
    status: 403,
    message:
      'configmaps "web" is forbidden: unable to create new content in namespace shop because it is being terminated',
    causes: [{ reason: 'NamespaceTerminating' }],
    want: 'NoNamespace',
  },
  {
    name: 'a namespace that is not there',
    status: 404,
    message: 'namespaces "shop" not found',
    want: 'NoNamespace',
  },
  {
    name: 'a kind that is not there',
    status: 404,
    message: 'the server could not find the requested resource',
    want: 'UnknownKind',
  },
  {
    name: 'a policy that denies',
    status: 403,
    message: 'pods "web" is forbidden: violates PodSecurity "restricted:latest"',
    want: 'Denied',
  },
  {
    name: 'an admission policy that denies',
    status: 422,
    message: "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
    want: 'Denied',
  },
  {
    name: 'a webhook that denies',
    status: 400,
    message: 'admission webhook "w.example.com" denied the request: no',
    want: 'Denied',
  },
  {
    name: 'a webhook that cannot be called',
    status: 500,
    message: 'Internal error occurred: failed calling webhook "w": Post "https://…": connection refused',
    want: 'Webhook',
  },
  { name: 'a conflict', status: 409, message: 'Apply failed with 1 conflict', want: 'Conflict' },
  { name: 'too many requests', status: 429, message: 'too many requests', want: 'Unavailable' },
  {
    name: 'a server that is going down',
    status: 503,
    message: 'apiserver is shutting down',
    want: 'Unavailable',
  },
  { name: 'no answer at all', status: 0, message: 'connection refused', want: 'Unavailable' },
  { name: 'credentials that expired', status: 401, message: 'Unauthorized', want: 'Forbidden' },
];

test.each(cases)('$name is $want', ({ status, message, causes, want }) => {
  expect(refusalOf(ID, new ApiError({ code: 'x', message, status, causes })).kind).toBe(want);
});
