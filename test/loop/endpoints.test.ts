// Where the Service of a check leads, as the API server tells it while it changes.
import { expect, test } from 'vitest';
import { followEndpoints } from '../../src/loop/endpoints.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { atEnd, endAfterEach, open } from '../adapters/cluster/setup.ts';
import { realClock } from '../adapters/cluster/clock.ts';
import { auditMark } from '../support/audit.ts';
import { testCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { smoke } from '../verify/checks/checks.ts';

endAfterEach();

test('a Service of the App is asked while it leads to its pods, and no more once somebody adds another address', {
  timeout: 120_000,
}, async () => {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace('endpoints');
  const image = 'registry.example.com/shop/web:1.17';
  await shared.kubectl(['create', 'deployment', 'web', `--image=${image}`, '--replicas=2', '-n', namespace]);
  await shared.kubectl(['expose', 'deployment', 'web', '--port=80', '-n', namespace]);
  const controlled = await eventually(
    async () => {
      const [slice] = await shared.list('endpointslices', namespace, 'kubernetes.io/service-name=web');
      expect(slice.endpoints).toHaveLength(2);
      return slice;
    },
    { timeoutMs: 60_000 },
  );
  const service: KubeObject = await shared.get('service', 'web', namespace);
  const { cluster, asked } = await open();
  const mark = await auditMark();
  const endpoints = followEndpoints({ ctx: { cluster, clock: realClock } });
  atEnd(() => endpoints.close());
  const check = { ...smoke, namespace };
  const refusal = () => endpoints.refusal(check, service, AbortSignal.timeout(30_000));
  const lists = async (resource: string) =>
    (await asked(mark)).filter((event) => event.verb === 'list' && event.resource === resource).length;

  expect(await Promise.all([refusal(), refusal(), refusal()])).toEqual([undefined, undefined, undefined]);
  expect([await lists('endpointslices'), await lists('pods')]).toEqual([1, 1]);

  // As an author would who may write them: it says of itself that it is a pod's.
  await shared.apply({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'aside',
      namespace,
      labels: {
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.96.0.1'], targetRef: controlled.endpoints[0].targetRef }],
    ports: controlled.ports,
  });
  await eventually(async () => expect(await refusal()).toMatch(/^EndpointSlice aside leads its Service/));
  const before = await lists('pods');
  for (let times = 0; times < 20; times++) await refusal();
  expect((await lists('pods')) - before).toBeLessThanOrEqual(1);

  await shared.kubectl(['delete', 'endpointslice', 'aside', '-n', namespace]);
  await eventually(async () => expect(await refusal()).toBeUndefined());

  // Another pod is as good as the first ones.
  await shared.kubectl(['scale', 'deployment', 'web', '--replicas=3', '-n', namespace]);
  await eventually(
    async () => {
      const [slice] = await shared.list('endpointslices', namespace, 'kubernetes.io/service-name=web');
      expect(slice.endpoints).toHaveLength(3);
    },
    { timeoutMs: 30_000 },
  );
  await eventually(async () => expect(await refusal()).toBeUndefined(), { timeoutMs: 15_000 });
});
