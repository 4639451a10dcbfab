// What a release ends with, and what is done about it.

import type { ObjectId } from './object.ts';

/** One object (or the render, or a check) that failed. */
export interface Failure {
  /** Undefined where the failure concerns no object, such as a file that is not YAML. */
  object: ObjectId | undefined;
  /** The check or hook that failed: it speaks of the whole commit, whichever object it names. */
  check?: string;
  /** One word: `CrashLoopBackOff`, `Invalid`, `RenderFailed`, `TimedOut`, … */
  reason: string;
  /** For the commit's message: identifiers, reasons, counts and exit codes only. */
  evidence: string;
  /** For the status and the terminal; may quote the server, never a Secret. */
  message: string;
}

export type Verdict =
  | { kind: 'healthy' }
  | { kind: 'failed'; failures: Failure[] }
  | { kind: 'unknown'; reason: string; message: string; retryAfterMs?: number }
  | { kind: 'superseded'; by: string };
