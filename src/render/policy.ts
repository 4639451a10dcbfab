// The `pawl.dev/` annotations by which an object says how it wants to be released. A value that means nothing
// is a problem, and so is a name: a misspelt wish must not be passed over.

import { ANNOTATION, GROUP } from '../model/app.ts';
import type { Manifest } from '../model/manifest.ts';
import { gvkOf } from '../model/object.ts';
import { isNeverRecreated } from '../model/recreate.ts';
import type { KubeObject } from '../model/object.ts';
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
  if (annotations.has(ANNOTATION.hook)) complaints.push(notYet(ANNOTATION.hook));

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
  const ignoreFields = fieldList(annotations.get(ANNOTATION.ignoreFields) ?? '');
  if (ignoreFields === undefined) {
    complaints.push(
      `${ANNOTATION.ignoreFields} is not a list of fields, such as spec.replicas, separated by commas`,
    );
  }
  const prune = choice(ANNOTATION.prune, ['Never', 'Before']);
  // Understood, but not carried out yet: to pass over a wish would be worse than to refuse it.
  if ((ignoreFields ?? []).length > 0) complaints.push(notYet(ANNOTATION.ignoreFields));
  if (prune === 'Before') complaints.push(notYet(`${ANNOTATION.prune}: Before`));
  return {
    policy: {
      stage: Number.isNaN(stage) ? 0 : stage,
      policy: {
        prune: prune ?? 'Default',
        rollback: choice(ANNOTATION.rollback, ['Hold']) ?? 'Default',
        recreate,
        ignoreFields: ignoreFields ?? [],
      },
      ignoresChecksum: choice(ANNOTATION.checksum, ['Ignore']) === 'Ignore',
    },
    complaints,
  };
}

function notYet(what: string): string {
  return `${what} is not supported by this version of Pawl`;
}

/** Blanks and line breaks around commas do not matter. */
function fieldList(text: string): string[] | undefined {
  const fields = text
    .split(',')
    .map((field) => field.trim())
    .filter((field) => field !== '');
  return fields.every((field) => /^[A-Za-z_$][^\s,]*$/.test(field)) ? fields : undefined;
}
