// Members that are to go and stand in the way of what is to come: they go first. Everything else goes after the
// release is healthy, as running pods may still use it.

import { ANNOTATION } from '../model/app.ts';
import { gvkOf, type KubeObject } from '../model/object.ts';
import type { PlanItem, Refusal } from '../model/plan.ts';
import { isMapping } from '../model/mapping.ts';

/** Of `leaving`, what says so (`pawl.dev/prune: Before`) and what holds something that an item asks for by name. */
export function blocking(items: readonly PlanItem[], leaving: readonly KubeObject[]): KubeObject[] {
  const wanted = new Set(
    items.filter(({ action }) => action !== 'unchanged').flatMap(({ object }) => heldOnce(object)),
  );
  const isShared = sharedClaims([...items.map(({ object }) => object), ...leaving]);
  return leaving.filter(
    (live) =>
      live.metadata.annotations?.[ANNOTATION.prune] === 'Before' ||
      heldOnce(live).some((what) => wanted.has(what) && !isShared.has(what)),
  );
}

/** The API server's words for what only one Service can hold (pkg/registry/core/service). */
const TAKEN = /provided (?:port|IP) is already allocated/;

/**
 * Whether the refusal says that the object asks for what another one holds, of which the release itself sees to it that
 * it lets go: it is to go, or is changed by an item. (A dry-run looks at the cluster as it is before.)
 */
export function isAboutToBeFree(
  refusal: Refusal,
  object: KubeObject,
  {
    items,
    leaving,
  }: {
    items: readonly Pick<PlanItem, 'live' | 'object'>[];
    leaving: readonly KubeObject[];
  },
): boolean {
  if (!TAKEN.test(refusal.message)) return false;
  const wanted = new Set(heldOnce(object));
  const letsGo = items.flatMap(({ live, object: next }) => {
    const kept = new Set(heldOnce(next));
    return live === undefined ? [] : heldOnce(live).filter((what) => !kept.has(what));
  });
  return [...leaving.flatMap(heldOnce), ...letsGo].some((what) => wanted.has(what));
}

/** The members of `leaving` that the refusal names as being in the way, as an ingress controller's webhook does. */
export function namedAsBlocking(refusal: Refusal, leaving: readonly KubeObject[]): KubeObject[] {
  if (refusal.kind !== 'Denied' && refusal.kind !== 'Invalid' && refusal.kind !== 'Conflict') return [];
  return leaving.filter((live) => {
    const { name, namespace } = live.metadata;
    const place = namespace === undefined ? name : `${namespace}/${name}`;
    return live.kind === refusal.id.kind && words(refusal.message).has(place);
  });
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/[^A-Za-z0-9./-]+/).map((word) => word.replace(/[.:]+$/, '')));
}

/** What only one object of the cluster can hold at a time, as far as the object asks for it by name. */
function heldOnce(object: KubeObject): string[] {
  const { group, kind } = gvkOf(object);
  const spec = mapping(object.spec);
  if (group === '' && kind === 'Service') {
    const ports = [...listOf(spec['ports']).map(({ nodePort }) => nodePort), spec['healthCheckNodePort']];
    return [
      ...ports
        .filter((port) => typeof port === 'number' && port > 0)
        .map((port) => `node port ${String(port)}`),
      ...addresses(spec).map((address) => `address ${address}`),
    ];
  }
  return claims(object).map((name) => `claim ${object.metadata.namespace ?? ''}/${name}`);
}

function addresses(spec: Record<string, unknown>): string[] {
  const all = [spec['clusterIP'], ...(Array.isArray(spec['clusterIPs']) ? spec['clusterIPs'] : [])];
  return all.filter((one): one is string => typeof one === 'string' && one !== '' && one !== 'None');
}

/** Names of the claims that the object's pods mount. */
function claims(object: KubeObject): string[] {
  const spec = mapping(object.spec);
  const podSpec = object.kind === 'Pod' ? spec : mapping(mapping(spec['template'])['spec']);
  return listOf(podSpec['volumes'])
    .map(({ persistentVolumeClaim }) => mapping(persistentVolumeClaim)['claimName'])
    .filter((name): name is string => typeof name === 'string');
}

/** Claims that several nodes may mount at once, so that nobody has to make way for them. */
function sharedClaims(objects: readonly KubeObject[]): ReadonlySet<string> {
  return new Set(
    objects
      .filter(({ kind, apiVersion }) => apiVersion === 'v1' && kind === 'PersistentVolumeClaim')
      .filter(({ spec }) => {
        const modes = mapping(spec)['accessModes'];
        return (
          Array.isArray(modes) && modes.some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany')
        );
      })
      .map(({ metadata }) => `claim ${metadata.namespace ?? ''}/${metadata.name}`),
  );
}

function mapping(value: unknown): Record<string, unknown> {
  return isMapping(value) ? value : {};
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(mapping) : [];
}
