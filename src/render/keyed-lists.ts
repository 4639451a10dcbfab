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
  keys: Record<string, string>;
}

export function keyedListProblems(object: KubeObject): string[] {
  return keyedLists(object).flatMap(({ path, list, keys }) => duplicatesIn(path, list, keys));
}

function keyedLists(object: KubeObject): KeyedList[] {
  const lists: KeyedList[] = [];
  const { group, kind } = gvkOf(object);
  if (group === '' && kind === 'Service' && isMapping(object.spec)) {
    lists.push({ path: 'spec.ports', list: object.spec.ports, keys: { port: '', protocol: 'TCP' } });
  }
  const pod = podSpecOf(object);
  if (pod === undefined) return lists;
  lists.push({ path: 'volumes', list: pod.volumes, keys: { name: '' } });
  for (const field of ['initContainers', 'containers'] as const) {
    const containers = pod[field];
    lists.push({ path: field, list: containers, keys: { name: '' } });
    for (const container of Array.isArray(containers) ? containers : []) {
      if (!isMapping(container)) continue;
      const path = `${field}[${typeof container.name === 'string' ? oneLine(container.name, 63) : '?'}]`;
      lists.push({ path: `${path}.env`, list: container.env, keys: { name: '' } });
      lists.push({ path: `${path}.volumeMounts`, list: container.volumeMounts, keys: { mountPath: '' } });
      lists.push({
        path: `${path}.ports`,
        list: container.ports,
        keys: { containerPort: '', protocol: 'TCP' },
      });
    }
  }
  return lists;
}

function duplicatesIn(path: string, list: unknown, keys: Record<string, string>): string[] {
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
