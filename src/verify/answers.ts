// The five answers to "is it ready?", so that the rules of the kinds read as sentences.

import type { Health } from '../model/health.ts';
import type { KindRule } from '../model/kind-rules.ts';

export function current(message = 'as desired', reason = 'Current'): Health {
  return { status: 'Current', reason, message };
}

export function inProgress(reason: string, message: string): Health {
  return { status: 'InProgress', reason, message };
}

export function failed(reason: string, message: string): Health {
  return { status: 'Failed', reason, message };
}

export function suspended(message: string): Health {
  return { status: 'Suspended', reason: 'Suspended', message };
}

export function terminating(message: string): Health {
  return { status: 'Terminating', reason: 'Terminating', message };
}

/** What a rule may need to know beside the object. */
export interface HealthContext {
  /** Wall clock, ms since the epoch. */
  now: number;
  /** What stood before the apply, as `oldNewsOf` (baseline.ts) marks it: old news, ignored. */
  stalledSince?: string;
  /** Of what rolls out another object: that one's pod template differs from the healthy revision's. */
  targetChanged?: boolean;
  /** The generation that our apply was answered with; an older one is a mirror that lags. */
  minGeneration?: number;
  /** The object that generation belongs to; one made anew counts from 1 again. */
  appliedUid?: string;
  /** StorageClass → volumeBindingMode, as far as known. */
  bindingModes?: ReadonlyMap<string, string>;
  /** The App's own rules for kinds. */
  kinds?: readonly KindRule[];
  /** What is left for asking them in this pass over many objects; used up as they are asked. */
  effort?: Effort;
}

/** Of one pass, so that none holds up the process, however many objects there are. */
export interface Effort {
  leftSteps: number;
  /** Something was not asked for lack of it: another pass goes on, as what was asked is remembered. */
  isSpent: boolean;
}
