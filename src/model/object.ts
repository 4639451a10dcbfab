// Kubernetes objects as they travel: raw JSON, never classes, so that no field is lost on the way.

export interface ManagedFieldsEntry {
  manager?: string;
  operation?: 'Apply' | 'Update';
  subresource?: string;
  time?: string;
  apiVersion?: string;
  fieldsType?: string;
  fieldsV1?: Record<string, unknown>;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
  [field: string]: unknown;
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

export interface Gvk {
  group: string;
  version: string;
  kind: string;
}

/** An object's identity. The version is no part of it: the same Deployment is served under several. */
export interface ObjectId {
  group: string;
  kind: string;
  /** Empty for what is cluster-scoped. */
  namespace: string;
  name: string;
}

export function gvkOf(object: { apiVersion: string; kind: string }): Gvk {
  const slash = object.apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: object.apiVersion, kind: object.kind }
    : {
        group: object.apiVersion.slice(0, slash),
        version: object.apiVersion.slice(slash + 1),
        kind: object.kind,
      };
}

export function apiVersionOf(gvk: { group: string; version: string }): string {
  return gvk.group === '' ? gvk.version : `${gvk.group}/${gvk.version}`;
}

export function idOf(object: KubeObject): ObjectId {
  const { group, kind } = gvkOf(object);
  return { group, kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name };
}

/** One string per kind and version, for maps. */
export function kindName({ group, version, kind }: Gvk): string {
  return `${group}/${version}/${kind}`;
}

/** One string per identity, for maps and for the status: `shop/Deployment.apps/web`, `/Namespace/shop`. */
export function keyOf(id: ObjectId): string {
  const kind = id.group === '' ? id.kind : `${id.kind}.${id.group}`;
  return `${id.namespace}/${kind}/${id.name}`;
}

/** The reverse of {@link keyOf}; undefined for a text that is no key. */
export function idFromKey(key: string): ObjectId | undefined {
  const parts = key.split('/');
  if (parts.length !== 3) return undefined;
  const [namespace, kindAndGroup, name] = parts as [string, string, string];
  const dot = kindAndGroup.indexOf('.');
  return dot < 0
    ? { group: '', kind: kindAndGroup, namespace, name }
    : { group: kindAndGroup.slice(dot + 1), kind: kindAndGroup.slice(0, dot), namespace, name };
}

/** How people are shown an object, as in a revert's message: `shop/Deployment/web`, `Namespace/shop`. */
export function showId(id: ObjectId): string {
  return id.namespace === '' ? `${id.kind}/${id.name}` : `${id.namespace}/${id.kind}/${id.name}`;
}
