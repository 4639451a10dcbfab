// Whether the checks that an App asks for can be made of a commit at all: asked before anything is applied, as a
// release that can never be found healthy is not begun. No commit is blamed for it, nor reverted.

import type { Check } from '../../model/checks.ts';
import type { Manifest } from '../../model/manifest.ts';
import { keyOf } from '../../model/object.ts';
import { httpRefusal } from './address.ts';

export interface ChecksRefused {
  reason: 'CheckRefused' | 'NotConfigured';
  message: string;
}

/** Undefined where all can be made. */
export function checksRefused(
  checks: readonly Check[],
  manifests: readonly Manifest[],
  installation: { hasPrometheus: boolean },
): ChecksRefused | undefined {
  if (!installation.hasPrometheus && checks.some(({ kind }) => kind === 'prometheus')) {
    return {
      reason: 'NotConfigured',
      message:
        'spec.health.checks asks Prometheus, and this installation names none; give the agent --prometheus-url, or remove the check',
    };
  }
  const why = checks.flatMap((check) => {
    const refusal = refusalOf(check, manifests);
    return refusal === undefined ? [] : [`check ${check.name}: ${refusal}`];
  });
  return why.length === 0 ? undefined : { reason: 'CheckRefused', message: why.join('; ') };
}

function refusalOf(check: Check, manifests: readonly Manifest[]): string | undefined {
  switch (check.kind) {
    case 'http':
      return httpRefusal(check, manifests);
    case 'prometheus':
      return undefined;
    case 'job': {
      const key = keyOf({ group: 'batch', kind: 'Job', namespace: check.namespace, name: check.job });
      const isHook = manifests.some((one) => one.key === key && one.policy.hook?.when === 'verify');
      return isHook
        ? undefined
        : `this commit holds no Job ${check.namespace}/${check.job} with pawl.dev/hook: verify`;
    }
  }
}
