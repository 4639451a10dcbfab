// Which objects count as scaled by somebody.
import { describe, expect, test } from 'vitest';
import { ApiError } from '../../src/model/errors.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { makeAutoscalers, scaleTargetOf } from '../../src/plan/autoscalers.ts';

const never = new AbortController().signal;
const object = (apiVersion: string, kind: string, spec: unknown): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: 'scaler', namespace: 'shop' },
  spec,
});
const target = (kind: string, name: string) => ({ group: 'apps', kind, namespace: 'shop', name });

test.each([
  ['autoscaling/v1', 'HorizontalPodAutoscaler', { kind: 'StatefulSet', name: 'db' }, 'StatefulSet'],
  [
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    { apiVersion: 'apps/v1', kind: 'Deployment', name: 'db' },
    'Deployment',
  ],
  ['keda.sh/v1alpha1', 'ScaledObject', { name: 'db' }, 'Deployment'],
  ['example.com/v1', 'OwnScaler', { kind: 'Rollout', name: 'db' }, 'Rollout'],
])('%s %s names what it scales', (apiVersion, kind, scaleTargetRef, want) => {
  expect(scaleTargetOf(object(apiVersion, kind, { scaleTargetRef }))).toEqual({
    kind: want,
    namespace: 'shop',
    name: 'db',
  });
});

test.each([
  [undefined],
  [null],
  ['text'],
  [{}],
  [{ scaleTargetRef: null }],
  [{ scaleTargetRef: { kind: 'x' } }],
  [[]],
])('a spec of %j names nothing', (spec) =>
  expect(scaleTargetOf(object('v1', 'ConfigMap', spec))).toBeUndefined(),
);

describe('an autoscaler', () => {
  const keda = object('keda.sh/v1alpha1', 'ScaledObject', { scaleTargetRef: { name: 'web' } });
  const forbidden = async () => {
    throw new ApiError({ code: 'ApiForbidden', message: 'forbidden', status: 403 });
  };

  test('of the App is known without a request', async () => {
    const scalers = makeAutoscalers({ manifests: [], members: [keda], api: { list: forbidden } });
    expect(scalers.isOurs(target('Deployment', 'web'))).toBe(true);
    expect(await scalers.of(target('Deployment', 'web'), never)).toBe('ours');
  });

  test('of others counts as far as the account may see it', async () => {
    const api = {
      list: ({ gvk }: { gvk: { kind: string } }) =>
        Promise.resolve(gvk.kind === 'ScaledObject' ? [keda] : []),
    };
    const seen = makeAutoscalers({ manifests: [], members: [], api });
    expect(await seen.of(target('Deployment', 'web'), never)).toBe('others');
    expect(await seen.of(target('StatefulSet', 'web'), never)).toBe('none');
    const hidden = makeAutoscalers({ manifests: [], members: [], api: { list: forbidden } });
    expect(await hidden.of(target('Deployment', 'web'), never)).toBe('none');
  });

  test('that cannot be asked for is not taken for none', async () => {
    const away = async () => {
      throw new ApiError({ code: 'ApiUnreachable', message: 'no answer', status: 0 });
    };
    const scalers = makeAutoscalers({ manifests: [], members: [], api: { list: away } });
    await expect(scalers.of(target('Deployment', 'web'), never)).rejects.toThrow('no answer');
  });
});
