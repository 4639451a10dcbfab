// `spec.dependsOn` → the Apps that are released before this one.

import type { AppName } from './events.ts';
import type { Invalid } from './source-rules.ts';

const MAX_DEPENDENCIES = 100;
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** A namespace that is not given is the App's own. Each is named once, whatever the spec says. */
export function resolveDependsOn(given: readonly unknown[], own: AppName, invalid: Invalid): AppName[] {
  if (given.length > MAX_DEPENDENCIES) {
    invalid(`spec.dependsOn names more than ${MAX_DEPENDENCIES} Apps`, 'Name fewer.');
    return [];
  }
  const found = new Map<string, AppName>();
  for (const [index, entry] of given.entries()) {
    const field = `spec.dependsOn[${index}]`;
    const { name, namespace = own.namespace } = (entry ?? {}) as { name?: unknown; namespace?: unknown };
    if (typeof name !== 'string' || !NAME.test(name)) {
      invalid(`${field}.name is not the name of an App`, "Lower-case letters, digits, '-' and '.'.");
    } else if (typeof namespace !== 'string' || !NAMESPACE.test(namespace)) {
      invalid(
        `${field}.namespace is not the name of a namespace`,
        "Lower-case letters, digits and '-'; leave it out for the App's own.",
      );
    } else if (name === own.name && namespace === own.namespace) {
      invalid(`${field} is the App itself`, 'Remove it.');
    } else found.set(`${namespace}/${name}`, { namespace, name });
  }
  return [...found.values()];
}
