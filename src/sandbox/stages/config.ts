// kwok's configuration file: its options and all stages.
import { nodeStages } from './node.ts';
import { podStages } from './pod.ts';

const options = {
  apiVersion: 'config.kwok.x-k8s.io/v1alpha1',
  kind: 'KwokConfiguration',
  metadata: { name: 'pawl-sandbox' },
  // kwok fills in no defaults where a file of this kind is given, so all that it needs is here. More workers than
  // its usual 4: a rollout of a hundred Deployments must not wait for its simulated nodes.
  options: {
    manageAllNodes: true,
    cidr: '10.244.0.0/16',
    podPlayStageParallelism: 16,
    nodePlayStageParallelism: 4,
    nodeLeaseDurationSeconds: 40,
    nodeLeaseParallelism: 4,
    podsOnNodeSyncParallelism: 4,
    enablePodsOnNodeSyncListPager: true,
  },
};

/** The whole file. Documents are JSON, which is YAML. */
export function kwokConfig(timeScale: number): string {
  return [options, ...nodeStages(), ...podStages(timeScale)]
    .map((one) => JSON.stringify(one, undefined, 1))
    .join('\n---\n');
}
