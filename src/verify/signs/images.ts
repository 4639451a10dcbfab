// Which images a pod, or what makes pods, asks for.

import type { KubeObject } from '../../model/object.ts';
import { type Fields, listAt, textIn } from '../fields.ts';

/** Container name → image as written in the pod's spec (statuses may carry a resolved name). */
export function imagesOf(pod: KubeObject): Map<string, string> {
  return new Map(containers(pod).map((container) => [textIn(container, 'name'), textIn(container, 'image')]));
}

/** Images in the pod template of a workload, or in a pod. */
export function templateImages(object: KubeObject): string[] {
  return [...containers(object), ...containers(object, 'spec', 'template')].map((container) =>
    textIn(container, 'image'),
  );
}

function containers(object: KubeObject, ...path: string[]): Fields[] {
  return [
    ...listAt(object, ...path, 'spec', 'initContainers'),
    ...listAt(object, ...path, 'spec', 'containers'),
  ];
}
