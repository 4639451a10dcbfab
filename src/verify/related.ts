// Pods, ReplicaSets and events of the namespaces where a release is in flight, mirrored for as long as it is.
// Thin: what they mean is for owners.ts and signs/.

import type { Cluster, Mirror } from '../ports.ts';
import type { Gvk } from '../model/object.ts';
import type { RelatedObjects } from './owners.ts';

const POD: Gvk = { group: '', version: 'v1', kind: 'Pod' };
const REPLICA_SET: Gvk = { group: 'apps', version: 'v1', kind: 'ReplicaSet' };
const EVENT: Gvk = { group: '', version: 'v1', kind: 'Event' };

/** Scale-ups are told by events of type Normal; the rest that matters here are warnings. */
const EVENT_SELECTORS = ['type=Warning', 'reason=TriggeredScaleUp'];

export interface Related {
  /** Resolves when all lists are in; rejects with the ApiError of one that will not come. */
  ready(signal: AbortSignal): Promise<void>;
  read(): RelatedObjects;
  stop(): void;
}

/** Read as Pawl itself, which may look at pods and events everywhere. `onChange` says only that something did. */
export function followRelated(
  cluster: Cluster,
  namespaces: readonly string[],
  onChange: () => void,
): Related {
  const started: Mirror[] = [];
  const follow = (gvk: Gvk, namespace: string, fieldSelector?: string): Mirror => {
    const mirror = cluster.follow({ gvk, namespace, fieldSelector, onChange });
    started.push(mirror);
    return mirror;
  };
  const mirrors = [...new Set(namespaces)].map((namespace) => ({
    pods: follow(POD, namespace),
    replicaSets: follow(REPLICA_SET, namespace),
    events: EVENT_SELECTORS.map((selector) => follow(EVENT, namespace, selector)),
  }));
  return {
    async ready(signal) {
      await Promise.all(started.map((mirror) => mirror.ready(signal)));
    },
    read: () => ({
      pods: mirrors.flatMap((of) => of.pods.all()),
      replicaSets: mirrors.flatMap((of) => of.replicaSets.all()),
      events: mirrors.flatMap((of) => of.events.flatMap((mirror) => mirror.all())),
    }),
    stop() {
      for (const mirror of started) mirror.stop();
    },
  };
}
