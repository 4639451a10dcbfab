import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { scopesOf } from '../../src/verify/scopes.ts';

function object(
  apiVersion: string,
  kind: string,
  name: string,
  spec?: unknown,
  namespace = 'shop',
): KubeObject {
  return { apiVersion, kind, metadata: { name, ...(namespace === '' ? {} : { namespace }) }, spec };
}

function web(name: string, namespace = 'shop'): KubeObject {
  return object('apps/v1', 'Deployment', name, { selector: { matchLabels: { app: name } } }, namespace);
}

describe('where pods are looked for', () => {
  test.each([
    { name: 'nowhere, where nothing changes', given: [], want: [] },
    { name: 'at a changed workload', given: [web('a')], want: [{ namespace: 'shop', selectors: ['app=a'] }] },
    {
      name: 'at each of a few, in each namespace',
      given: [web('a'), web('b'), web('a', 'other')],
      want: [
        { namespace: 'shop', selectors: ['app=a', 'app=b'] },
        { namespace: 'other', selectors: ['app=a'] },
      ],
    },
    {
      name: 'everywhere in a namespace where many change',
      given: Array.from({ length: 9 }, (_, index) => web(`w${index}`)),
      want: [{ namespace: 'shop', selectors: undefined }],
    },
    {
      name: 'not for what has no pods, though its events are read',
      given: [object('v1', 'ConfigMap', 'c')],
      want: [{ namespace: 'shop', selectors: [] }],
    },
    {
      name: 'at the pods of a Job by its name',
      given: [object('batch/v1', 'Job', 'migrate', {})],
      want: [{ namespace: 'shop', selectors: ['job-name=migrate'] }],
    },
    {
      name: 'everywhere where the selector does not tell',
      given: [object('apps/v1', 'ReplicaSet', 'r', {})],
      want: [{ namespace: 'shop', selectors: undefined }],
    },
    { name: 'not for what is in no namespace', given: [object('v1', 'Namespace', 'n', {}, '')], want: [] },
  ])('$name', ({ given, want }) => {
    expect(scopesOf(given)).toEqual(want);
  });
});
