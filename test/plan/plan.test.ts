// What is left for its stage, and what is not planned at all.
import { expect, test } from 'vitest';
import { ApiError } from '../../src/model/errors.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { manifestOf } from './manifest.ts';

const signal = new AbortController().signal;
const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
const config: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web', namespace: 'shop' },
};

/** Of a commit that brings both; `read`: what the server says of the namespace. */
function planned(read: () => KubeObject | undefined, held?: string) {
  return makePlan(
    {
      manifests: [namespace, config].map((object) => manifestOf(object)),
      applySet: 'us',
      members: { get: () => undefined, of: () => [] },
      api: {
        get: async () => read(),
        list: async () => [],
        apply: async (object) => object,
      },
      memory: new Map(),
      listed: () => undefined,
      changeCause: undefined,
      kept: new Set(),
      classOf: () => 0,
      autoscalers: { isOurs: () => false, of: async () => 'none' },
      heldBy: async ({ id }) => (id.kind === 'ConfigMap' ? held : undefined),
      claim: () => undefined,
      isServed: () => true,
    },
    signal,
  );
}

function answers(status: number): () => never {
  return () => {
    throw new ApiError({ code: 'ApiRefused', message: `${status}`, status });
  };
}

const dryRuns = async (read: () => KubeObject | undefined) =>
  (await planned(read)).stages.flat().map(({ manifest, dryRun }) => [manifest.id.kind, dryRun]);

test('what comes into a namespace of the same commit is left for its stage', async () => {
  expect(await dryRuns(() => undefined)).toEqual([
    ['Namespace', 'passed'],
    ['ConfigMap', 'deferred'],
  ]);
});

test('what comes into one that is there already is judged as it is', async () => {
  expect(await dryRuns(() => namespace)).toEqual([
    ['Namespace', 'passed'],
    ['ConfigMap', 'passed'],
  ]);
});

test.each([503, 500, 429, 0])(
  'a namespace that cannot be read for the moment (%i) is not one that is not there',
  async (status) => {
    const { refusals } = await planned(answers(status));
    expect(refusals).toMatchObject([{ id: { kind: 'Namespace', name: 'shop' }, kind: 'Unavailable' }]);
  },
);

test('one that the account may not read may be one that it makes', async () => {
  expect((await planned(answers(403))).refusals).toEqual([]);
});

test('what another App renders is not planned, though its namespace is still to come', async () => {
  const { refusals } = await planned(() => undefined, 'App b renders it too');
  expect(refusals).toMatchObject([{ id: { kind: 'ConfigMap' }, kind: 'Owned' }]);
});
