// Where to look for the pods of a release: at those of the workloads that it changes, by their selectors, so that a
// release of one workload among a thousand reads the pods of one. Where many change, the whole namespace is one
// request instead of many. A selector only narrows what is read: whose a pod is, its owner references say.

import { gvkOf, type KubeObject } from '../model/object.ts';
import { selectorOf } from '../model/selector.ts';

export interface Scope {
  namespace: string;
  /** Undefined: everything in it. Empty: nothing, as no pods belong to what changes there. */
  selectors: readonly string[] | undefined;
}

/** Beyond that many workloads of a namespace, all of its pods are read. */
const FEW = 8;
const WORKLOADS: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet']);

/** `objects`: what the release changes, as it is desired. */
export function scopesOf(objects: readonly KubeObject[]): Scope[] {
  const namespaced = objects.filter(({ metadata }) => (metadata.namespace ?? '') !== '');
  const byNamespace = Map.groupBy(namespaced, ({ metadata }) => metadata.namespace ?? '');
  return [...byNamespace].map(([namespace, inside]) => {
    const selectors = new Set<string>();
    for (const object of inside) {
      const selector = podsBy(object);
      if (selector === 'unknown') return { namespace, selectors: undefined };
      if (selector !== 'none') selectors.add(selector);
    }
    return { namespace, selectors: selectors.size > FEW ? undefined : [...selectors] };
  });
}

/** How the object's pods are found; `unknown` where only their owner references would tell. */
function podsBy(object: KubeObject): string {
  const { group, kind } = gvkOf(object);
  if (group === 'apps' && WORKLOADS.has(kind)) return selectorOf(object) || 'unknown';
  // The API server gives the pods of a Job a label with its name.
  if (group === 'batch' && kind === 'Job') return `job-name=${object.metadata.name}`;
  if (group === 'argoproj.io' && kind === 'Rollout') return selectorOf(object) || 'unknown';
  // A bare pod is its own; nothing is known of others.
  return 'none';
}
