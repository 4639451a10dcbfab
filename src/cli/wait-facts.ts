// The facts that `pawl wait` decides by: from the repository where it can be read, else from the status alone.
//
// 1. What is wrong with the commit itself is an error. That the repository cannot be read from here is none.
// 2. A repository that failed to answer for the moment is asked again; one that refused us is not.

import type { App } from '../model/app.ts';
import { ApiError, PawlError } from '../model/errors.ts';
import type { Connection, Environment } from './environment.ts';
import { explain } from './explain.ts';
import { commitsIn, complete, isFull, type RevisionText } from './revision.ts';
import { type Branch, openBranch, statusOnly } from './wait-branch.ts';
import type { WaitFacts } from './wait-decision.ts';

export interface FactsSource {
  /** Undefined: the repository did not answer; ask again. Throws PawlError. */
  of(app: App, signal: AbortSignal): Promise<WaitFacts | undefined>;
  /** Resolves at once unless the repository failed for the moment: then when it is time to ask again. */
  isComplete(signal: AbortSignal): Promise<boolean>;
  /** As far as it is known, in full. */
  commit(): string;
}

const ABOUT_THE_COMMIT = new Set(['CommitNotInBranch', 'AmbiguousRevision', 'InvalidSpec', 'NotSupported']);
const MAY_PASS = new Set(['GitUnreachable', 'GitTimeout', 'GitMoved', 'GitDamaged', 'GitMissing']);
const AGAIN_MS = 3_000;

export function factsSource(
  environment: Environment,
  connection: Connection,
  revision: RevisionText,
  tell: (line: string) => void,
): FactsSource {
  let branch: Branch | undefined;
  /** Serves while the repository cannot be read. */
  let fallback: Branch | undefined;
  let isRefused = false;

  async function open(app: App, signal: AbortSignal): Promise<void> {
    try {
      branch = await openBranch(environment, connection, app, revision, signal);
    } catch (error) {
      signal.throwIfAborted();
      isRefused = !mayPass(error);
      fallback ??= fallbackFor(error, app, revision, tell);
    }
  }

  return {
    async isComplete(signal) {
      if (branch !== undefined || isRefused) return true;
      await environment.clock.delay(AGAIN_MS, signal);
      return false;
    },
    commit: () => (branch ?? fallback)?.commit ?? revision.hex,
    async of(app, signal) {
      if (branch === undefined && !isRefused) await open(app, signal);
      const source = branch ?? fallback;
      try {
        return await source?.facts(app, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!mayPass(error)) throw error;
        tell(`the repository does not answer, it is asked again: ${explain(error).message}`);
        await environment.clock.delay(AGAIN_MS, signal);
        return undefined;
      }
    },
  };
}

function mayPass(error: unknown): boolean {
  return error instanceof PawlError && MAY_PASS.has(error.code);
}

function fallbackFor(error: unknown, app: App, { hex }: RevisionText, tell: (line: string) => void): Branch {
  if (!(error instanceof PawlError) || ABOUT_THE_COMMIT.has(error.code)) throw error;
  // A cluster that does not answer is no matter of the repository.
  if (error instanceof ApiError && error.status !== 403) throw error;
  const commit = isFull(hex) ? hex : complete(hex, commitsIn(app));
  if (commit === undefined) throw error;
  const { message } = explain(error);
  tell(`the repository cannot be read from here, so only a release of exactly ${commit} counts: ${message}`);
  return statusOnly(commit);
}
