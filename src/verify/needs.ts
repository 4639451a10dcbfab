// A workload that needs a Secret or ConfigMap which a custom resource of a later stage brings (a certificate, an
// external secret) cannot become ready before that is applied: to wait for it there would be to wait for ever.

import type { KubeObject } from '../model/object.ts';
import { at, type Fields, listAt, textIn } from './fields.ts';
import { operatorSecrets } from './operators.ts';

/** Whether the object waits for something that one of `coming` is going to make; `given` is brought by the App. */
export function heldUpBy(
  coming: readonly KubeObject[],
  given: readonly KubeObject[],
): (object: KubeObject) => boolean {
  const here = new Set(given.filter(isConfiguration).map(({ metadata }) => metadata.name));
  const isMade = operatorSecrets(coming);
  return (object) => neededBy(object).some((name) => !here.has(name) && isMade(name));
}

function isConfiguration({ apiVersion, kind }: KubeObject): boolean {
  return apiVersion === 'v1' && (kind === 'Secret' || kind === 'ConfigMap');
}

/** Names of the Secrets and ConfigMaps that the object's pods cannot start without. */
function neededBy(object: KubeObject): string[] {
  const spec = podSpecOf(object);
  const containers = [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')];
  const references = [
    ...containers.flatMap((container) =>
      listAt(container, 'envFrom').flatMap((from) => [at(from, 'secretRef'), at(from, 'configMapRef')]),
    ),
    ...containers.flatMap((container) =>
      listAt(container, 'env').flatMap((entry) => [
        at(entry, 'valueFrom', 'secretKeyRef'),
        at(entry, 'valueFrom', 'configMapKeyRef'),
      ]),
    ),
    ...listAt(spec, 'volumes').flatMap(volumeReferences),
    ...listAt(spec, 'imagePullSecrets'),
  ];
  return references
    .filter((reference) => reference['optional'] !== true)
    .map((reference) => textIn(reference, 'name') || textIn(reference, 'secretName'))
    .filter((name) => name !== '');
}

function volumeReferences(volume: Fields): Fields[] {
  const projected = listAt(volume, 'projected', 'sources');
  return [
    at(volume, 'secret'),
    at(volume, 'configMap'),
    ...projected.flatMap((source) => [at(source, 'secret'), at(source, 'configMap')]),
  ];
}

function podSpecOf(object: KubeObject): Fields {
  if (object.kind === 'Pod') return at(object, 'spec');
  if (object.kind === 'CronJob') return at(object, 'spec', 'jobTemplate', 'spec', 'template', 'spec');
  return at(object, 'spec', 'template', 'spec');
}
