// Whether a namespace holds anything but what every namespace is given. One that does is never deleted: all that is in
// it, whoever made it, would go with it.

import { ApiError } from '../model/errors.ts';
import { type KubeObject, showId, idOf } from '../model/object.ts';
import type { Cluster, ClusterApi, Members, ResourceType } from '../ports.ts';

/** Kinds whose objects others make for what is there, or tell of what was. */
const DERIVED: ReadonlySet<string> = new Set([
  '/Event',
  'events.k8s.io/Event',
  '/Endpoints',
  'discovery.k8s.io/EndpointSlice',
]);

/** Why an object that is to be pruned stays: it is a namespace, and in use. */
export function objectionTo(
  by: Parameters<typeof inUse>[0],
): (live: KubeObject) => Promise<string | undefined> {
  return async (live) =>
    live.apiVersion === 'v1' && live.kind === 'Namespace' ? inUse(by, live.metadata.name) : undefined;
}

/** Asked as the App's account, whose right to see it is the measure; undefined: nothing is in it. */
async function inUse(
  by: {
    ctx: { cluster: Pick<Cluster, 'namespacedKinds'>; members: Pick<Members, 'of'> };
    api: Pick<ClusterApi, 'list'>;
    applySet: string;
    signal: AbortSignal;
  },
  namespace: string,
): Promise<string | undefined> {
  const { cluster, members } = by.ctx;
  const member = members.of(by.applySet).find(({ metadata }) => metadata.namespace === namespace);
  if (member !== undefined) return `it is in use: ${showId(idOf(member))} is in it`;
  let kinds: ResourceType[];
  try {
    kinds = await cluster.namespacedKinds(by.signal);
  } catch (error) {
    return cannotBeSeen(error);
  }
  for (const { gvk } of kinds) {
    if (DERIVED.has(`${gvk.group}/${gvk.kind}`)) continue;
    try {
      const found = (await by.api.list({ gvk, namespace }, by.signal)).find((one) => !isGiven(one));
      if (found !== undefined) return `it is in use: ${showId(idOf(found))} is in it`;
    } catch (error) {
      // Of a kind that is not served any more, or not for lists, nothing can be in the way.
      if (error instanceof ApiError && (error.status === 404 || error.status === 405)) continue;
      return cannotBeSeen(error);
    }
  }
  return undefined;
}

function cannotBeSeen(error: unknown): string {
  if (!(error instanceof ApiError)) throw error;
  return `whether it is in use cannot be seen: ${error.message}`;
}

function isGiven({ apiVersion, kind, metadata, type }: KubeObject): boolean {
  if (apiVersion !== 'v1') return false;
  if (kind === 'ServiceAccount') return metadata.name === 'default';
  if (kind === 'ConfigMap') return metadata.name === 'kube-root-ca.crt';
  return kind === 'Secret' && type === 'kubernetes.io/service-account-token';
}
