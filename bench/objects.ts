// The work of the bench: apps of one ConfigMap, Service and Deployment each.

import { dump } from 'js-yaml';

export interface BenchObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string };
  [field: string]: unknown;
}

export function appsObjects(count: number, namespace: string): BenchObject[] {
  return Array.from({ length: count }, (_, index) =>
    appObjects(`app-${String(index).padStart(4, '0')}`, namespace),
  ).flat();
}

function appObjects(name: string, namespace: string): BenchObject[] {
  const metadata = { name, namespace };
  const labels = { app: name };
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { banner: `Welcome to ${name}`, level: 'info' } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 'http' }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        revisionHistoryLimit: 0,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: 'web',
                image: 'registry.example.com/bench/web:1.0',
                envFrom: [{ configMapRef: { name } }],
                ports: [{ name: 'http', containerPort: 8080 }],
                resources: { requests: { cpu: '1m', memory: '1Mi' } },
              },
            ],
          },
        },
      },
    },
  ];
}

/** The same objects, with one app's Deployment at another image. */
export function withImage(objects: readonly BenchObject[], app: string, image: string): BenchObject[] {
  return objects.map((object) => {
    if (object.kind !== 'Deployment' || object.metadata.name !== app) return object;
    const copy = structuredClone(object) as BenchObject & {
      spec: { template: { spec: { containers: { image: string }[] } } };
    };
    for (const container of copy.spec.template.spec.containers) container.image = image;
    return copy;
  });
}

/** What an App starts with where its objects are to come later. */
export const FIRST_FILES = {
  'deploy/first.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: first }\n',
};

/** As files of a repository: one per app. */
export function asFiles(objects: readonly BenchObject[]): Record<string, string> {
  const files: Record<string, string[]> = {};
  for (const object of objects) {
    const { namespace: _, ...metadata } = object.metadata;
    const path = `deploy/${object.metadata.name}.yaml`;
    (files[path] ??= []).push(dump({ ...object, metadata }));
  }
  return Object.fromEntries(
    Object.entries(files).map(([path, documents]) => [path, documents.join('---\n')]),
  );
}
