// The label by which an object is known as the App's own (ApplySet, KEP-3659). Only what carries it is pruned.

import { APPLYSET } from '../model/app.ts';
import type { KubeObject } from '../model/object.ts';

export function asMember(object: KubeObject, applySet: string): KubeObject {
  const labels = { ...object.metadata.labels, [APPLYSET.partOf]: applySet };
  return { ...object, metadata: { ...object.metadata, labels } };
}
