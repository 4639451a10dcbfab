// Installs Pawl's manifests into the tests' cluster, as a person would.

import { eventually } from '../support/eventually.ts';
import type { TestCluster } from '../support/cluster.ts';

/**
 * `kubectl apply -k manifests`; resolves with its output when the App's definition is served and the reader role
 * is filled in. Tried again where another test file creates the same objects in the same moment.
 */
export async function install(cluster: TestCluster): Promise<string> {
  const output = await eventually(() => cluster.kubectl(['apply', '-k', 'manifests']), { timeoutMs: 30_000 });
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd/apps.pawl.dev']);
  await eventually(async () => ((await cluster.get('clusterrole', 'pawl-reader')).rules ?? []).length > 0, {
    timeoutMs: 20_000,
    describe: 'the control plane to fill in the role pawl-reader',
  });
  return output;
}
