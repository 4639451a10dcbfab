// Lists whose entries Kubernetes tells apart by certain fields. Two entries with the same ones are merged by
// some requests and refused by others, with messages that name no file: said here instead.

import { gvkOf } from '../model/object.ts';
import type { KubeObject } from '../model/object.ts';
import { isMapping } from './compose.ts';
import { oneLine } from '../model/text.ts';
import { podSpecOf } from './pod.ts';
import { quoted } from './problem.ts';

interface KeyedList {
  path: string;
  list: unknown;
  /** Field → what stands for it where it is missing. */
  keys: Keys;
}

export function keyedListProblems(object: KubeObject): string[] {
  return keyedLists(object).flatMap(({ path, list, keys }) => duplicatesIn(path, list, keys));
}

type Keys = Readonly<Record<string, string>>;

const NAME: Keys = { name: '' };

/** Lists with keys as the API's own types declare them (`listMapKey`), where a manifest may write them. */
const OF_OBJECTS: Readonly<Record<string, Readonly<Record<string, Keys>>>> = {
  '/Service': { 'spec.ports': { port: '', protocol: 'TCP' } },
  '/ServiceAccount': { secrets: NAME },
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': { webhooks: NAME },
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': { webhooks: NAME },
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': {
    'spec.variables': NAME,
    'spec.matchConditions': NAME,
  },
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': {
    'spec.variables': NAME,
    'spec.matchConditions': NAME,
  },
};
const OF_PODS: Readonly<Record<string, Keys>> = {
  volumes: NAME,
  imagePullSecrets: NAME,
  hostAliases: { ip: '' },
  topologySpreadConstraints: { topologyKey: '', whenUnsatisfiable: '' },
  schedulingGates: NAME,
  resourceClaims: NAME,
};
const OF_CONTAINERS: Readonly<Record<string, Keys>> = {
  env: NAME,
  volumeMounts: { mountPath: '' },
  volumeDevices: { devicePath: '' },
  ports: { containerPort: '', protocol: 'TCP' },
  'resources.claims': NAME,
};

function keyedLists(object: KubeObject): KeyedList[] {
  const { group, kind } = gvkOf(object);
  const lists = listsIn(object, '', OF_OBJECTS[`${group}/${kind}`] ?? {});
  const pod = podSpecOf(object);
  if (pod === undefined) return lists;
  lists.push(...listsIn(pod, '', OF_PODS));
  for (const field of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    const containers = pod[field];
    lists.push({ path: field, list: containers, keys: NAME });
    for (const container of Array.isArray(containers) ? containers : []) {
      if (!isMapping(container)) continue;
      const name = typeof container.name === 'string' ? oneLine(container.name, 63) : '?';
      lists.push(...listsIn(container, `${field}[${name}].`, OF_CONTAINERS));
    }
  }
  return lists;
}

function listsIn(value: unknown, prefix: string, of: Readonly<Record<string, Keys>>): KeyedList[] {
  return Object.entries(of).map(([path, keys]) => {
    const list = path
      .split('.')
      .reduce((inner, field) => (isMapping(inner) ? inner[field] : undefined), value);
    return { path: `${prefix}${path}`, list, keys };
  });
}

function duplicatesIn(path: string, list: unknown, keys: Keys): string[] {
  if (!Array.isArray(list)) return [];
  const counts = new Map<string, number>();
  for (const entry of list) {
    if (!isMapping(entry)) continue;
    const values = Object.entries(keys).map(([key, fallback]) => `${key} ${shown(entry[key] ?? fallback)}`);
    const identity = values.join(', ');
    counts.set(identity, (counts.get(identity) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > 1)
    .map(([identity, count]) => `${path} holds ${identity} ${count === 2 ? 'twice' : `${count} times`}`);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  return typeof value === 'number' ? String(value) : '?';
}
