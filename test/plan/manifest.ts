// A manifest of an object, for tests of what depends on no more than the object itself.
import type { Manifest } from '../../src/model/manifest.ts';
import { gvkOf, idOf, keyOf, type KubeObject } from '../../src/model/object.ts';

export function manifestOf(object: KubeObject, more: Partial<Manifest> = {}): Manifest {
  return {
    id: idOf(object),
    key: keyOf(idOf(object)),
    gvk: gvkOf(object),
    object,
    origin: { file: 'a.yaml', document: 1, line: 1 },
    hash: 'hash',
    stage: 0,
    policy: { prune: 'Default', rollback: 'Default', recreate: false, ignoreFields: [] },
    ...more,
  };
}
