// Kinds for which the App itself says when they are ready (`spec.health.kinds`). An expression that cannot be
// evaluated proves nothing: it never makes an object fail.

import type { Health } from '../model/health.ts';
import { type Expression, viewOf } from '../model/expression.ts';
import type { KindRule } from '../model/kind-rules.ts';
import type { KubeObject } from '../model/object.ts';
import { current, failed, inProgress } from './answers.ts';

/**
 * `inProgress`, then `failed`, then `current`: what holds first decides; where none does, it is in progress. What
 * `inProgress` and `failed` cannot say, for lack of a field, say, does not stand in the way of `current`.
 */
export function customHealth(object: KubeObject, rule: KindRule): Health {
  const view = viewOf(object);
  if (view === undefined) return inProgress('RuleNotEvaluated', 'it is too big for expressions to look at');
  const problems: string[] = [];
  const holds = (name: string, expression: Expression | undefined): boolean => {
    const answer = expression === undefined ? false : expression.holds(view);
    if (typeof answer === 'boolean') return answer;
    problems.push(`spec.health.kinds ${rule.kind}: ${name} ${answer.error}`);
    return false;
  };
  if (holds('inProgress', rule.inProgress))
    return inProgress('InProgress', rule.message ?? 'is in progress, as spec.health.kinds tells it');
  if (holds('failed', rule.failed))
    return failed('Stalled', rule.message ?? 'has failed, as spec.health.kinds tells it');
  if (holds('current', rule.current)) return current();
  const [problem] = problems;
  if (problem !== undefined) return inProgress('RuleNotEvaluated', problem);
  return inProgress('NotCurrent', rule.message ?? 'is not ready yet, as spec.health.kinds tells it');
}
