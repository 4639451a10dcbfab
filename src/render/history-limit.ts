// `revisionHistoryLimit: 0` on everything that keeps revisions, whatever the manifest says: the only way back
// is a commit, so no second one may exist in the cluster.

import type { KubeObject } from '../model/object.ts';
import { isMapping } from './compose.ts';
import { isRolling } from './pod.ts';

export function withoutHistory(object: KubeObject): KubeObject {
  if (!isRolling(object) || !isMapping(object.spec)) return object;
  return { ...object, spec: { ...object.spec, revisionHistoryLimit: 0 } };
}
