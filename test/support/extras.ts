// Manifests and rights that some end-to-end tests need beyond the shop's own.
import type { Json } from './cluster.ts';
import { put } from './objects.ts';
import type { Shop } from './shop.ts';

/** The App's account may do everything: namespaces, definitions, whatever they bring. */
export async function everyRight(shop: Shop, account = 'shop-deployer'): Promise<void> {
  const { cluster, namespace } = shop;
  await put(cluster, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `everything-${namespace}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
  });
}

/** A definition whose group is the test's own, so that no two tests meet. */
export function definitionYaml(namespace: string, annotations: Record<string, string> = {}): string {
  const group = `${namespace}.example.com`;
  return JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `pumps.${group}`, annotations },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Pump', plural: 'pumps', singular: 'pump', listKind: 'PumpList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      ],
    },
  });
}

export function pumpYaml(namespace: string, name: string, spec: Json = {}): string {
  const metadata = { name, namespace: spec.namespace };
  return JSON.stringify({
    apiVersion: `${namespace}.example.com/v1`,
    kind: 'Pump',
    metadata,
    spec: { ...spec },
  });
}

export interface WorkloadOf {
  name: string;
  tag?: string;
  stage?: number;
  replicas?: number;
  annotations?: Record<string, string>;
}

/** A Deployment of one container, as YAML (JSON is). */
export function workloadYaml({
  name,
  tag = '1.17',
  stage,
  replicas = 1,
  annotations = {},
}: WorkloadOf): string {
  const labels = { app: name };
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      annotations: { ...annotations, ...(stage !== undefined && { 'pawl.dev/stage': String(stage) }) },
    },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'main', image: `registry.example.com/shop/web:${tag}` }] },
      },
    },
  });
}
