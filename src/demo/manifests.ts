// What the demo installs: the definition and the rights of manifests/, as they are, and the rights of the example
// App. Left out are the agent's Deployment, and the example's App and Secret, for which the demo has its own.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll, YAML11_SCHEMA } from 'js-yaml';
import type { KubeObject } from '../model/object.ts';
import type { Namespaces } from './place.ts';

/** On everything that the demo puts into a cluster, so that its leavings can be told and removed. */
export const DEMO_LABEL = 'pawl.dev/demo';

const FILES = ['namespace.yaml', 'crd.yaml', 'rbac.yaml', 'example/app.yaml'];

/** The namespaces that the files are written for. */
const WRITTEN: Record<keyof Namespaces, string> = { agent: 'pawl-system', app: 'shop' };

/** `root`: the checkout. */
export function objectsToInstall(root: string, namespaces: Namespaces): KubeObject[] {
  const texts = FILES.map((file) => readFileSync(join(root, 'manifests', file), 'utf8'));
  // With merge keys and anchors, as kubectl reads them.
  const documents = texts.flatMap(
    (text) => loadAll(text, { schema: YAML11_SCHEMA }) as (KubeObject | null)[],
  );
  return documents
    .filter((object) => object !== null)
    .filter(({ kind }) => kind !== 'App' && kind !== 'Secret')
    .map((object) => labelled(moved(object, namespaces)));
}

export function isClusterScoped({ metadata }: KubeObject): boolean {
  return metadata.namespace === undefined;
}

/** The object with the demo's namespaces in place of those it is written for. */
export function moved(object: KubeObject, namespaces: Namespaces): KubeObject {
  const newName = (name: string): string => {
    if (name === WRITTEN.agent) return namespaces.agent;
    return name === WRITTEN.app ? namespaces.app : name;
  };
  const { metadata } = object;
  const name = object.kind === 'Namespace' ? newName(metadata.name) : metadata.name;
  const out: KubeObject = { ...object, metadata: { ...metadata, name } };
  if (metadata.namespace !== undefined) out.metadata.namespace = newName(metadata.namespace);
  if (Array.isArray(object.subjects)) {
    out.subjects = object.subjects.map((subject: { namespace?: string }) =>
      subject.namespace === undefined ? subject : { ...subject, namespace: newName(subject.namespace) },
    );
  }
  return out;
}

function labelled(object: KubeObject): KubeObject {
  const labels = { ...object.metadata.labels, [DEMO_LABEL]: 'true' };
  return { ...object, metadata: { ...object.metadata, labels } };
}
