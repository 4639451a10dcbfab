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
  requireNamespace(type, ref);
  if (isNoName(ref.name)) throw unnamed(type, ref);
  const tail = subresource === undefined ? '' : `/${subresource}`;
  return `${collectionPath(type, ref.namespace)}/${encodeURIComponent(ref.name)}${tail}${queryText(query)}`;
}

/** The name is no matter here: what is created may have none, such as a review, or one of the server's choice. */
export function requireNamespace(type: ResourceType, ref: ObjectRef): void {
  if (type.namespaced && isNoName(ref.namespace)) throw unnamed(type, ref);
}

function isNoName(text: string): boolean {
  return /^\.{0,2}$/.test(text);
}

function unnamed({ gvk }: ResourceType, { namespace, name }: ObjectRef): PawlError {
  return new PawlError({
    code: 'NamespaceMissing',
    message: `${gvk.kind} ${namespace}/${name}: an object is named by its namespace and its name`,
    hint: 'Give the object a namespace, or the App a defaultNamespace.',
  });
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
