import { expect, test } from 'vitest';
import { objectionTo } from '../../src/loop/in-use.ts';
import { ApiError } from '../../src/model/errors.ts';
import type { KubeObject } from '../../src/model/object.ts';
import type { ResourceType } from '../../src/ports.ts';

const NAMESPACE: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };

/** As the server tells it: which kinds there are, and what each list holds. */
function asked(kinds: () => ResourceType[], list: (kind: string) => KubeObject[] = () => []) {
  return objectionTo({
    ctx: { cluster: { namespacedKinds: async () => kinds() }, members: { of: () => [] } },
    api: { list: async ({ gvk }) => list(gvk.kind) },
    applySet: 'a',
    signal: new AbortController().signal,
  })(NAMESPACE);
}

const things: ResourceType = {
  gvk: { group: 'example.com', version: 'v1', kind: 'Thing' },
  plural: 'things',
  namespaced: true,
};

function unavailable(): never {
  const message = 'the API group metrics.k8s.io is not available';
  throw new ApiError({ code: 'ApiGroupUnavailable', message, status: 503 });
}

test('a namespace in which nothing is found may go', async () => {
  expect(await asked(() => [things])).toBeUndefined();
});

test('one whose kinds the server cannot tell stays, and that is said', async () => {
  expect(await asked(unavailable)).toBe(
    'whether it is in use cannot be seen: the API group metrics.k8s.io is not available',
  );
});

test('so does one of which a kind cannot be listed', async () => {
  expect(await asked(() => [things], unavailable)).toMatch(/^whether it is in use cannot be seen: /);
});
