// Live objects by bare requests: kubectl takes half a second to start, and longer on a busy machine, which is too
// long for a state that is asked for again and again, and for what every test sets up.
import { expect } from 'vitest';
import type { ApiRequest, ApiResponse } from '../../src/sandbox/api.ts';
import type { Json } from './cluster.ts';

/** What of a cluster is needed here. */
export interface Asked {
  request(request: ApiRequest): Promise<ApiResponse>;
}

const groups = {
  configmaps: 'api/v1',
  events: 'api/v1',
  pods: 'api/v1',
  secrets: 'api/v1',
  services: 'api/v1',
  controllerrevisions: 'apis/apps/v1',
  daemonsets: 'apis/apps/v1',
  deployments: 'apis/apps/v1',
  replicasets: 'apis/apps/v1',
  statefulsets: 'apis/apps/v1',
  endpointslices: 'apis/discovery.k8s.io/v1',
  apps: 'apis/pawl.dev/v1alpha1',
} as const;

export type Plural = keyof typeof groups;

export function pathOf(kind: Plural, namespace: string, name?: string): string {
  return `/${groups[kind]}/namespaces/${namespace}/${kind}${name === undefined ? '' : `/${name}`}`;
}

/** Undefined if there is none. */
export async function live(cluster: Asked, kind: Plural, namespace: string, name: string): Promise<Json> {
  const { status, body } = await cluster.request({ path: pathOf(kind, namespace, name) });
  if (status === 404) return undefined;
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

/** The whole list, with the resourceVersion that it was read at. */
export async function liveList(cluster: Asked, kind: Plural, namespace: string): Promise<Json> {
  const { status, body } = await cluster.request({ path: pathOf(kind, namespace) });
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

/** A merge patch by the administrator. */
export async function patch(
  cluster: Asked,
  path: string,
  body: Json,
  type: 'merge-patch' | 'strategic-merge-patch' = 'merge-patch',
): Promise<Json> {
  const answer = await cluster.request({
    method: 'PATCH',
    path,
    body,
    contentType: `application/${type}+json`,
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

/** Creates or changes objects by server-side apply, one after the other. */
export async function put(cluster: Asked, ...objects: Json[]): Promise<void> {
  for (const object of objects) {
    const { apiVersion, kind, metadata } = object;
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const where = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
    const { status, body } = await cluster.request({
      method: 'PATCH',
      path: `${root}${where}/${kind.toLowerCase()}s/${metadata.name}?fieldManager=test-setup&force=true`,
      body: object,
      contentType: 'application/apply-patch+yaml',
    });
    expect([200, 201], `${kind} ${metadata.name}: ${JSON.stringify(body)}`).toContain(status);
  }
}
