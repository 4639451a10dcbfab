// The `pawl.dev/` annotations by which an object says how it wants to be released. A value that means nothing
// is a problem, and so is a name: a misspelt wish must not be passed over.

import { ANNOTATION, GROUP } from '../model/app.ts';
import { HOOK_VALUES, parseHook } from '../model/hook.ts';
import type { Manifest } from '../model/manifest.ts';
import { gvkOf } from '../model/object.ts';
import { isNeverRecreated } from '../model/recreate.ts';
import type { KubeObject } from '../model/object.ts';
import { ignoredFields } from './ignored-fields.ts';
import { quoted } from './problem.ts';

export interface Policy {
  stage: Manifest['stage'];
  policy: Manifest['policy'];
  /** `pawl.dev/checksum: Ignore`. */
  ignoresChecksum: boolean;
}

const MAX_STAGE = 1_000;
const KNOWN: ReadonlySet<string> = new Set(Object.values(ANNOTATION));

export function policyOf(object: KubeObject): { policy: Policy; complaints: string[] } {
  const annotations = new Map(Object.entries(object.metadata.annotations ?? {}));
  const complaints: string[] = [];
  const choice = <T extends string>(name: string, values: readonly T[]): T | undefined => {
    const value = annotations.get(name);
    if (value === undefined || (values as readonly string[]).includes(value)) return value as T | undefined;
    complaints.push(`${name} is not ${values.join(' or ')}`);
    return undefined;
  };
  for (const name of annotations.keys()) {
    if (name.startsWith(`${GROUP}/`) && !KNOWN.has(name))
      complaints.push(`${quoted(name)} is no annotation of Pawl's`);
  }

  const stageText = annotations.get(ANNOTATION.stage) ?? '0';
  const stage = /^-?\d{1,4}$/.test(stageText) ? Number(stageText) + 0 : Number.NaN;
  if (!(Math.abs(stage) <= MAX_STAGE)) {
    complaints.push(`${ANNOTATION.stage} is not a whole number from -${MAX_STAGE} to ${MAX_STAGE}`);
  }
  const recreate = choice(ANNOTATION.recreate, ['true', 'false']) === 'true';
  const { group, kind } = gvkOf(object);
  if (recreate && isNeverRecreated({ group, kind })) {
    complaints.push(`${ANNOTATION.recreate} is not for a ${kind}: what it holds would be lost`);
  }
  const ignored = ignoredFields(annotations.get(ANNOTATION.ignoreFields) ?? '');
  complaints.push(...ignored.complaints);
  const hookText = annotations.get(ANNOTATION.hook);
  const hook = hookText === undefined ? undefined : parseHook(hookText);
  if (hookText !== undefined && hook === undefined)
    complaints.push(`${ANNOTATION.hook} is not ${HOOK_VALUES}`);
  if (hookText !== undefined && (group !== 'batch' || kind !== 'Job'))
    complaints.push(`${ANNOTATION.hook} is for Jobs only: nothing else ends by itself`);
  const prune = choice(ANNOTATION.prune, ['Never', 'Before', 'Always']);
  return {
    policy: {
      stage: Number.isNaN(stage) ? 0 : stage,
      policy: {
        prune: prune ?? 'Default',
        rollback: choice(ANNOTATION.rollback, ['Hold']) ?? 'Default',
        recreate,
        ignoreFields: ignored.fields,
        ...(hook !== undefined && { hook }),
      },
      ignoresChecksum: choice(ANNOTATION.checksum, ['Ignore']) === 'Ignore',
    },
    complaints,
  };
}
