// Where the demo plays: in a control plane of its own, or in the cluster that the user names. Never in the ambient
// KUBECONFIG's, which may be production's.

import { prepare } from '../sandbox/prepare.ts';
import type { Cluster } from '../sandbox/cluster.ts';
import { startControlPlane } from '../sandbox/controlplane.ts';
import { userCluster } from '../sandbox/user-cluster.ts';
import { type Images, realImages, simulatedImages } from './shop.ts';

export interface Namespaces {
  /** Of the agent: its account, lease and key. */
  agent: string;
  /** Of the App and its objects. */
  app: string;
}

export interface Place {
  cluster: Cluster;
  /** How a person types kubectl here. */
  kubectlCommand: string;
  /** Started for the demo, and gone with it: nothing in it needs to be removed. */
  isOwn: boolean;
  namespaces: Namespaces;
  images: Images;
  /** How long one story may take before it counts as failed. */
  storyTimeoutMs: number;
}

export interface PlaceOptions {
  /** Undefined: a control plane of its own. */
  kubeconfig: string | undefined;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  log: (line: string) => void;
}

/** The simulated nodes are that much faster than a kubelet. */
const TIME_SCALE = 0.1;

/** Throws `SandboxNotReady`, `SandboxBuildFailed`, `SandboxComponentFailed`, `SandboxKubeconfig`. */
export async function openPlace(options: PlaceOptions): Promise<Place> {
  const { kubeconfig, env, signal, log } = options;
  // This variable is the tests'; here a cluster is chosen by the flag alone.
  await prepare({ signal, log, env: { ...env, PAWL_TEST_KUBECONFIG: kubeconfig } });
  if (kubeconfig !== undefined) {
    return {
      cluster: userCluster(kubeconfig),
      kubectlCommand: 'kubectl',
      isOwn: false,
      namespaces: { agent: 'pawl-demo', app: 'pawl-demo-shop' },
      images: realImages,
      storyTimeoutMs: 180_000,
    };
  }
  log(
    'A Kubernetes control plane starts on this machine. Its nodes are simulated, ten times as fast as real ones.',
  );
  const cluster = await untilStarted(signal, (starting) =>
    startControlPlane({ signal: starting, timeScale: TIME_SCALE }),
  );
  return {
    cluster,
    kubectlCommand: cluster.kubectlCommand.join(' '),
    isOwn: true,
    namespaces: { agent: 'pawl-system', app: 'shop' },
    images: simulatedImages,
    storyTimeoutMs: 60_000,
  };
}

/** What has started outlives the signal: it is the last to be ended, by `stop`. */
async function untilStarted<T>(signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const starting = new AbortController();
  const abort = () => starting.abort(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener('abort', abort);
  try {
    return await start(starting.signal);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
