// Whether a spec has the types that an App's spec has. The cluster's schema sees to it, but the cluster may hold
// the schema of another version, and what follows must neither crash nor take an unknown word for a known one.

import { isMapping } from './mapping.ts';

type Shape = 'text' | 'flag' | 'number' | 'mapping' | 'list' | readonly string[];

const SHAPES: readonly (readonly [field: string, shape: Shape])[] = [
  ['source', 'mapping'],
  ['source.url', 'text'],
  ['source.branch', 'text'],
  ['source.path', 'text'],
  ['source.secretRef', 'mapping'],
  ['source.secretRef.name', 'text'],
  ['source.verify', 'mapping'],
  ['schedule', 'text'],
  ['defaultNamespace', 'text'],
  ['serviceAccountName', 'text'],
  ['dependsOn', 'list'],
  ['prune', 'flag'],
  ['drift', ['Correct', 'Report']],
  ['deletion', ['Orphan', 'Prune']],
  ['health', 'mapping'],
  ['health.timeout', 'text'],
  ['health.soak', 'text'],
  ['health.checks', 'list'],
  ['health.thresholds', 'mapping'],
  ['health.thresholds.*', 'mapping'],
  ['health.thresholds.*.after', 'text'],
  ['health.thresholds.*.count', 'number'],
  ['health.kinds', 'list'],
  ['health.kinds.*', 'mapping'],
  ['health.kinds.*.apiVersion', 'text'],
  ['health.kinds.*.group', 'text'],
  ['health.kinds.*.kind', 'text'],
  ['health.kinds.*.current', 'text'],
  ['health.kinds.*.failed', 'text'],
  ['health.kinds.*.inProgress', 'text'],
  ['health.kinds.*.message', 'text'],
  ['rollback', 'mapping'],
  ['rollback.mode', ['Revert', 'PullRequest', 'Hold']],
  ['rollback.scope', ['App', 'Commit']],
  ['rollback.shared', ['Revert', 'Hold']],
  ['rollback.whileUnmerged', ['Hold', 'Restore']],
  ['rollback.limit', 'mapping'],
  ['rollback.limit.reverts', 'number'],
  ['rollback.limit.per', 'text'],
  ['rollback.author', 'mapping'],
  ['rollback.author.name', 'text'],
  ['rollback.author.email', 'text'],
  ['rollback.signingKeyRef', 'mapping'],
  ['suspend', 'flag'],
];

export interface ShapeProblem {
  field: string;
  /** What it should be: `a text`, `one of Correct, Report`. */
  wanted: string;
}

/** Empty where all is well. Fields that are not there, or null, are. */
export function shapeProblems(spec: unknown): ShapeProblem[] {
  if (!isMapping(spec)) return [{ field: 'spec', wanted: 'a mapping' }];
  return SHAPES.flatMap(([field, shape]) =>
    valuesAt(spec, field.split('.')).some((value) => !fits(value, shape))
      ? [{ field: `spec.${field}`, wanted: describe(shape) }]
      : [],
  );
}

function valuesAt(value: unknown, path: readonly string[]): unknown[] {
  const [field, ...rest] = path;
  if (field === undefined) return [value];
  if (field === '*' && Array.isArray(value)) return value.flatMap((each) => valuesAt(each, rest));
  if (!isMapping(value)) return [];
  if (field === '*') return Object.values(value).flatMap((each) => valuesAt(each, rest));
  return Object.hasOwn(value, field) ? valuesAt(value[field], rest) : [];
}

function fits(value: unknown, shape: Shape): boolean {
  if (value === undefined || value === null) return true;
  switch (shape) {
    case 'text':
      return typeof value === 'string';
    case 'flag':
      return typeof value === 'boolean';
    case 'number':
      return typeof value === 'number';
    case 'mapping':
      return isMapping(value);
    case 'list':
      return Array.isArray(value);
    default:
      return typeof value === 'string' && shape.includes(value);
  }
}

function describe(shape: Shape): string {
  if (typeof shape !== 'string') return `one of ${shape.join(', ')}`;
  return shape === 'flag' ? 'true or false' : `a ${shape}`;
}
