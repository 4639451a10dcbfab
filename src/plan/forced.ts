// What an apply takes from others by force: fields that another manager had set to another value. Server-side apply
// says nothing of it, so it is read from the object as it was.

import type { KubeObject } from '../model/object.ts';
import type { ForcedField } from '../model/plan.ts';
import { oneLine } from '../model/text.ts';
import { differences, ownerOf, ownFields, valuesOf } from './fields.ts';
import { LAST_APPLIED } from './takeover.ts';

/** `live` with managedFields, `answer` of the dry-run. Values of Secrets are left out. */
export function forcedFields(live: KubeObject, answer: KubeObject): ForcedField[] {
  const fields = ownFields(answer);
  if (fields === undefined) return [];
  const desired = valuesOf(answer, fields);
  return differences(desired, valuesOf(live, fields), live.kind === 'Secret').flatMap((drift) => {
    const manager = drift.path.includes(LAST_APPLIED) ? undefined : ownerOf(live, drift.path);
    return manager === undefined ? [] : [{ ...drift, manager: oneLine(manager, 63) }];
  });
}

/** Whether an apply begins to own fields that hold something else: only then it is asked who had set them. */
export function mayForce(live: KubeObject, answer: KubeObject, owned: ReadonlyMap<string, unknown>): boolean {
  const fields = ownFields(answer);
  if (fields === undefined) return false;
  const before = valuesOf(live, fields);
  return [...valuesOf(answer, fields)].some(
    ([path, value]) => !owned.has(path) && (before.get(path) ?? null) !== null && before.get(path) !== value,
  );
}
