// Which namespace an object is in: a matter of its kind's scope, which the server knows, and of definitions
// that come in the same commit.

import { gvkOf } from '../model/object.ts';
import type { Gvk, KubeObject } from '../model/object.ts';
import { isMapping } from './compose.ts';

export type Scope = 'Namespaced' | 'Cluster';

/** Scopes of the kinds that these objects define, by `group/kind`. */
export function definedScopes(objects: readonly KubeObject[]): ReadonlyMap<string, Scope> {
  const scopes = new Map<string, Scope>();
  for (const object of objects) {
    const { group, kind } = gvkOf(object);
    if (group !== 'apiextensions.k8s.io' || kind !== 'CustomResourceDefinition' || !isMapping(object.spec))
      continue;
    const { group: defines, names, scope } = object.spec;
    if (!isMapping(names) || typeof names.kind !== 'string' || typeof defines !== 'string') continue;
    if (scope === 'Namespaced' || scope === 'Cluster') scopes.set(`${defines}/${names.kind}`, scope);
  }
  return scopes;
}

/**
 * A kind of which nobody knows the scope is taken as namespaced: the plan will refuse it, and its identity must not
 * change with that.
 */
export function scopeIn(
  gvk: Gvk,
  scopeOf: (gvk: Gvk) => Scope | undefined,
  defined: ReadonlyMap<string, Scope>,
): Scope {
  return scopeOf(gvk) ?? defined.get(`${gvk.group}/${gvk.kind}`) ?? 'Namespaced';
}

/** The object in its namespace, or in none. */
export function placed(object: KubeObject, scope: Scope, defaultNamespace: string): KubeObject {
  if (scope === 'Namespaced') {
    const namespace = object.metadata.namespace || defaultNamespace;
    return { ...object, metadata: { ...object.metadata, namespace } };
  }
  const { namespace: _none, ...metadata } = object.metadata;
  return { ...object, metadata };
}
