import { expect, test } from 'vitest';
import { applyClass } from '../../src/render/order.ts';

const WORKLOAD = applyClass({ group: 'apps', version: 'v1', kind: 'Deployment' });

test.each([
  'secrets-store.csi.x-k8s.io/SecretProviderClass',
  'k8s.cni.cncf.io/NetworkAttachmentDefinition',
  'resource.k8s.io/ResourceClaim',
  'resource.k8s.io/ResourceClaimTemplate',
  'networking.k8s.io/NetworkPolicy',
  'cilium.io/CiliumNetworkPolicy',
  'cilium.io/CiliumClusterwideNetworkPolicy',
  'crd.projectcalico.org/GlobalNetworkPolicy',
  'projectcalico.org/NetworkPolicy',
  'policy.networking.k8s.io/AdminNetworkPolicy',
])('%s comes before the pods that cannot start without it', (name) => {
  const [group = '', kind = ''] = name.split('/');
  expect(applyClass({ group, version: 'v1', kind })).toBeLessThan(WORKLOAD);
});

test('what wakes pods up or makes them come has its place after them', () => {
  const scaled = applyClass({ group: 'keda.sh', version: 'v1alpha1', kind: 'ScaledObject' });
  const cluster = applyClass({ group: 'postgresql.cnpg.io', version: 'v1', kind: 'Cluster' });
  expect(scaled).toBeGreaterThan(WORKLOAD);
  expect(cluster).toBeGreaterThan(WORKLOAD);
});
