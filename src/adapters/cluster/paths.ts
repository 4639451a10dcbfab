// Where the API server keeps things: from a kind to a path. Names come from repositories and are escaped.

import { PawlError } from '../../model/errors.ts';
import type { ListQuery, ObjectRef, ResourceType } from '../../ports.ts';

export type Query = Record<string, string | number | boolean | undefined>;

export function collectionPath(type: ResourceType, namespace: string | undefined, query: Query = {}): string {
  const { group, version } = type.gvk;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope =
    type.namespaced && namespace !== undefined && namespace !== ''
      ? `/namespaces/${encodeURIComponent(namespace)}`
      : '';
  return `${root}${scope}/${type.plural}${queryText(query)}`;
}

/** Throws PawlError `NamespaceMissing`: without it the path would be another object's, or none's. */
export function objectPath(
  type: ResourceType,
  ref: ObjectRef,
  query: Query = {},
  subresource?: string,
): string {
  requireNamespace(type, ref.namespace, ref.name);
  const tail = subresource === undefined ? '' : `/${subresource}`;
  return `${collectionPath(type, ref.namespace)}/${encodeURIComponent(ref.name)}${tail}${queryText(query)}`;
}

export function requireNamespace(type: ResourceType, namespace: string, name: string): void {
  if (name === '' || name === '.' || name === '..' || (type.namespaced && /^(|\.|\.\.)$/.test(namespace))) {
    throw new PawlError({
      code: 'NamespaceMissing',
      message: `${type.gvk.kind} ${namespace}/${name}: an object is named by its namespace and its name`,
      hint: 'Give the object a namespace, or the App a defaultNamespace.',
    });
  }
}

export function selectors(query: ListQuery): Query {
  return { labelSelector: query.labelSelector, fieldSelector: query.fieldSelector };
}

/** `Deployment shop/web`, for messages. */
export function showRef(ref: ObjectRef): string {
  return `${ref.gvk.kind} ${ref.namespace === '' ? '' : `${ref.namespace}/`}${ref.name}`;
}

function queryText(query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value));
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}
