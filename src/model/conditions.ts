// Reading `status.conditions`, which nearly every kind has.

import type { KubeObject } from './object.ts';

export function conditionIs(object: KubeObject, type: string, status: string): boolean {
  const conditions = (object.status as { conditions?: unknown } | undefined)?.conditions;
  if (!Array.isArray(conditions)) return false;
  return conditions.some(
    (condition: { type?: unknown; status?: unknown } | null) =>
      condition?.type === type && condition.status === status,
  );
}
