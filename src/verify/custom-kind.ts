// Kinds for which the App itself says when they are ready (`spec.health.kinds`).
// 1. An expression that cannot be evaluated proves nothing: it never makes an object fail.
// 2. All expressions of a rule together are bounded for one object, and all objects for one pass: the process serves
//    other Apps too. What is left over is asked in the next pass.
// 3. One and the same live object is asked once by a rule: a mirror replaces what changes.

import type { Health } from '../model/health.ts';
import {
  type Expression,
  MAX_NODES,
  MAX_PARTS,
  MAX_STEPS,
  type ObjectView,
  viewOf,
} from '../model/expression.ts';
import type { KindRule } from '../model/kind-rules.ts';
import type { KubeObject } from '../model/object.ts';
import { type Effort, current, failed, inProgress } from './answers.ts';
import { remembered } from './memo.ts';

/** Steps: some 5 to 20 ms, and enough for any one object. */
const MAX_STEPS_PER_PASS = 150_000;
/** Steps that it takes to make a node of an object visible to expressions. */
const STEPS_PER_NODE = 4;

/** Ms until the next pass, where one was not enough. */
export const NEXT_PASS_MS = 50;

export function newEffort(): Effort {
  return { leftSteps: MAX_STEPS_PER_PASS, isSpent: false };
}

/** What was answered, by which words; losing it costs time. */
const answered = new WeakMap<KubeObject, { words: string; health: Health }>();
const wordsByRule = new WeakMap<KindRule, string>();

/**
 * `inProgress`, then `failed`, then `current`: what holds first decides; where none does, it is in progress. What
 * `inProgress` and `failed` cannot say, for lack of a field, say, does not stand in the way of `current`.
 */
export function customHealth(object: KubeObject, rule: KindRule, effort: Effort = newEffort()): Health {
  const words = remembered(wordsByRule, rule, () => wordsOf(rule));
  const before = answered.get(object);
  if (before?.words === words) return before.health;
  if (effort.isSpent) return later();
  const view = viewOf(object);
  const steps =
    STEPS_PER_NODE * (view?.shape.size ?? MAX_NODES) + (view === undefined ? 0 : askingCost(rule, view));
  if (steps > effort.leftSteps) {
    effort.isSpent = true;
    return later();
  }
  effort.leftSteps -= steps;
  const health = ask(view, rule);
  answered.set(object, { words, health });
  return health;
}

function later(): Health {
  return inProgress(
    'RuleNotEvaluated',
    'spec.health.kinds has not been asked about it yet: there is much to ask',
  );
}

/** Of all its expressions; where that is too much, of finding it out. */
function askingCost(rule: KindRule, view: ObjectView): number {
  const expressions = expressionsOf(rule);
  const steps = costOver(expressions, view);
  const telling = Math.min(steps, MAX_PARTS * expressions.length);
  return telling + (steps > MAX_STEPS ? 0 : steps);
}

function costOver(expressions: readonly Expression[], view: ObjectView): number {
  return expressions.reduce((sum, expression) => sum + expression.costOver(view), 0);
}

function ask(view: ObjectView | undefined, rule: KindRule): Health {
  if (view === undefined) return inProgress('RuleNotEvaluated', 'it is too big for expressions to look at');
  if (costOver(expressionsOf(rule), view) > MAX_STEPS) {
    const message = `spec.health.kinds ${rule.kind}: is too costly for an object of this size`;
    return inProgress('RuleNotEvaluated', message);
  }
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

function expressionsOf({ inProgress, failed, current }: KindRule): Expression[] {
  return [inProgress, failed, current].filter((expression) => expression !== undefined);
}

/** Rules of the same words answer the same; they are compiled anew whenever the App is read. */
function wordsOf(rule: KindRule): string {
  return JSON.stringify([
    rule.kind,
    rule.inProgress?.text,
    rule.failed?.text,
    rule.current.text,
    rule.message,
  ]);
}
