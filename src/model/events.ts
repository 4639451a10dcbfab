// One typed stream of what happens; log, Kubernetes Events, metrics and the command line are fed from it.

import type { Cause, Outcome, Phase } from './app.ts';
import type { ObjectId } from './object.ts';
import type { FieldDrift, ForcedField } from './plan.ts';
import type { Verdict } from './verdict.ts';

/** An object that others applied before, or of which an apply took fields that others had set. */
export interface TakenObject {
  object: ObjectId;
  /** The field managers of the tools that applied it; empty for one that was ours already. */
  from: readonly string[];
  forced: readonly ForcedField[];
}

export interface AppName {
  namespace: string;
  name: string;
}

export type AppEvent =
  | { type: 'head-moved'; commit: string; subject: string; author: string; concerns: boolean }
  | { type: 'release-started'; commit: string; subject: string; cause: Cause; attempt: number }
  | { type: 'phase'; commit: string; phase: Phase }
  | {
      type: 'planned';
      commit: string;
      create: number;
      configure: number;
      recreate: number;
      unchanged: number;
      prune: number;
    }
  | { type: 'applied'; commit: string; created: number; configured: number; durationMs: number }
  | { type: 'waiting'; commit: string; ready: number; total: number; message: string }
  | { type: 'sign'; commit: string; object: ObjectId; reason: string; message: string }
  | { type: 'check'; commit: string; check: string; state: 'passed' | 'failing'; message: string }
  | { type: 'verdict'; commit: string; verdict: Verdict; durationMs: number }
  | { type: 'released'; commit: string; outcome: Outcome; reason: string; durationMs: number }
  | {
      type: 'revert-decided';
      commits: string[];
      restores: string;
      revert: string;
      reason: string;
      by?: string;
    }
  | {
      type: 'reverted';
      commits: string[];
      restores: string;
      revert: string;
      reason: string;
      durationMs: number;
    }
  | { type: 'revert-refused'; reason: string; message: string }
  | { type: 'held'; reason: string; message: string }
  | { type: 'pruned'; objects: ObjectId[] }
  /** A pod that held up the object's update was deleted. */
  | { type: 'unstuck'; commit: string; object: ObjectId; pod: string }
  | {
      type: 'drift';
      object: ObjectId;
      manager: string;
      fields: FieldDrift[];
      deleted: boolean;
      corrected: boolean;
      /** Not set back, because somebody changes it again each time. */
      contested?: boolean;
    }
  /** Nothing is left to do for this head. */
  | { type: 'settled'; head: string }
  | { type: 'taken-over'; taken: readonly TakenObject[] }
  | { type: 'suspended' }
  | { type: 'resumed' }
  | { type: 'deleted'; pruned: number }
  | { type: 'problem'; code: string; message: string; hint?: string };

/** What is emitted: the event, whose it is, and when (wall clock, ms). */
export type Emitted = AppEvent & { app: AppName; at: number };
