// `spec.health.kinds`: when an object of a kind is ready, in the App's own words. Read once, when the App is read;
// what is wrong with a rule is told by the name of its field.

import { compileExpression, type Expression } from './expression.ts';
import { type Gvk, gvkOf } from './object.ts';
import type { Invalid } from './source-rules.ts';
import { oneLine } from './text.ts';

/** A rule as it stands in the spec. */
export interface KindRuleSpec {
  /** `example.com/v1`; or, for every version, `group`. */
  apiVersion?: string;
  group?: string;
  kind: string;
  current: string;
  failed?: string;
  inProgress?: string;
  message?: string;
}

export interface KindRule {
  group: string;
  /** Undefined: every version. */
  version: string | undefined;
  kind: string;
  current: Expression;
  failed: Expression | undefined;
  inProgress: Expression | undefined;
  /** For people, while the object is not ready. */
  message: string | undefined;
}

export const MAX_KIND_RULES = 50;
const MAX_MESSAGE_LENGTH = 300;
const FIELDS = ['apiVersion', 'group', 'kind', 'current', 'failed', 'inProgress', 'message'];

export function kindRules(given: readonly KindRuleSpec[], invalid: Invalid): KindRule[] {
  if (given.length > MAX_KIND_RULES)
    invalid(`spec.health.kinds has more than ${MAX_KIND_RULES} rules`, 'Leave out those that are not used.');
  const rules = given.slice(0, MAX_KIND_RULES).map((rule, index) => kindRule(rule, index, invalid));
  const seen = new Set<string>();
  for (const [index, { group, version = '', kind }] of rules.entries()) {
    const name = `${group}/${version}/${kind}`;
    if (seen.has(name))
      invalid(
        `spec.health.kinds[${index}] is a second rule for the same kind`,
        'Write one rule for each kind.',
      );
    seen.add(name);
  }
  return rules;
}

/** That of its very version, else that of any version; undefined where the App has none for the kind. */
export function ruleFor(rules: readonly KindRule[], gvk: Gvk): KindRule | undefined {
  const ofKind = rules.filter((rule) => rule.kind === gvk.kind && rule.group === gvk.group);
  return (
    ofKind.find((rule) => rule.version === gvk.version) ?? ofKind.find((rule) => rule.version === undefined)
  );
}

function kindRule(given: KindRuleSpec, index: number, invalid: Invalid): KindRule {
  const field = `spec.health.kinds[${index}]`;
  const rule: Partial<KindRuleSpec> = withoutEmpty(given);
  const unknown = Object.keys(rule).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined)
    invalid(
      `${field} has an unknown field ${JSON.stringify(unknown.slice(0, 60))}`,
      `Known are ${FIELDS.join(', ')}.`,
    );
  if (rule.kind === undefined)
    invalid(`${field}.kind is missing`, 'Write it as the manifests do, like Widget.');
  if ((rule.apiVersion === undefined) === (rule.group === undefined))
    invalid(
      `${field} must have either apiVersion or group`,
      'Write apiVersion: example.com/v1, or group: example.com for every version.',
    );
  if (rule.current === undefined) invalid(`${field}.current is missing`, HINT);
  const expression = (name: 'current' | 'failed' | 'inProgress'): Expression | undefined => {
    const text = rule[name];
    if (text === undefined) return undefined;
    const made = compileExpression(text);
    if ('ok' in made) return made.ok;
    invalid(`${field}.${name} ${made.error}`, HINT);
    return undefined;
  };
  const gvk = rule.apiVersion === undefined ? undefined : gvkOf({ apiVersion: rule.apiVersion, kind: '' });
  return {
    group: gvk?.group ?? rule.group ?? '',
    version: gvk?.version,
    kind: rule.kind ?? '',
    current: expression('current') ?? NEVER,
    failed: expression('failed'),
    inProgress: expression('inProgress'),
    message: rule.message === undefined ? undefined : oneLine(rule.message, MAX_MESSAGE_LENGTH),
  };
}

const HINT = 'Write it like status.phase == "Ready"; docs/health.md says what expressions may hold.';

/** In place of what was refused. */
const NEVER: Expression = { text: 'false', costOver: () => 1, holds: () => false };

/** What is empty or null asks for nothing. */
function withoutEmpty(given: KindRuleSpec): Partial<KindRuleSpec> {
  return Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => (value ?? '') !== ''));
}
