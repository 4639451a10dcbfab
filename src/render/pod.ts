// Where the kinds that make pods keep the pods' template.

import { gvkOf } from '../model/object.ts';
import type { KubeObject } from '../model/object.ts';
import { isMapping } from './compose.ts';

type Mapping = Record<string, unknown>;

/** Kinds whose pods are replaced when the template changes, and which keep revisions of it. */
const ROLLING: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

export function isRolling(object: KubeObject): boolean {
  const { group, kind } = gvkOf(object);
  return group === 'apps' && ROLLING.has(kind);
}

/** The pod template of a workload of the built-in groups, if there is one. */
export function podTemplateOf(object: KubeObject): Mapping | undefined {
  const { group, kind } = gvkOf(object);
  if (group === 'batch' && kind === 'CronJob') return at(object, ['spec', 'jobTemplate', 'spec', 'template']);
  const known =
    (group === 'apps' && (ROLLING.has(kind) || kind === 'ReplicaSet')) ||
    (group === 'batch' && kind === 'Job') ||
    (group === '' && kind === 'ReplicationController');
  return known ? at(object, ['spec', 'template']) : undefined;
}

/** The spec of the pods that the object makes, or of the pod that it is. */
export function podSpecOf(object: KubeObject): Mapping | undefined {
  if (object.apiVersion === 'v1' && object.kind === 'Pod') return at(object, ['spec']);
  const template = podTemplateOf(object);
  return template === undefined ? undefined : at(template, ['spec']);
}

function at(value: unknown, path: readonly string[]): Mapping | undefined {
  let found: unknown = value;
  for (const field of path) found = isMapping(found) ? found[field] : undefined;
  return isMapping(found) ? found : undefined;
}
