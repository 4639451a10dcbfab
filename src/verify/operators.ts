// Secrets that an operator makes from another object of the App (external-secrets, sealed-secrets, cert-manager
// and others): such a Secret is late by design.

import type { KubeObject } from '../model/object.ts';
import { gvkOf } from '../model/object.ts';

/** Groups whose kinds mention Secrets without making them. */
const BUILT_IN: ReadonlySet<string> = new Set(['', 'apps', 'batch', 'autoscaling', 'policy', 'extensions']);

/**
 * No list of operators could be complete, so the sign is the name: a custom object of that name, or one that
 * holds the name as a value in its spec, makes the Secret.
 */
export function operatorSecrets(desired: readonly KubeObject[]): (secret: string) => boolean {
  const names = new Set<string>();
  for (const object of desired) {
    const { group } = gvkOf(object);
    if (BUILT_IN.has(group) || group.endsWith('.k8s.io')) continue;
    names.add(object.metadata.name);
    collectTexts(object.spec, names, 0);
  }
  return (secret) => names.has(secret);
}

function collectTexts(value: unknown, into: Set<string>, depth: number): void {
  if (typeof value === 'string') into.add(value);
  else if (typeof value === 'object' && value !== null && depth < 20) {
    for (const inner of Object.values(value)) collectTexts(inner, into, depth + 1);
  }
}
