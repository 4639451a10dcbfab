// What follows from a verdict. Pure: every fact is handed in, every answer says why, in a word and a sentence.
// 1. Only a failed commit is ever reverted; the surroundings never are a reason.
// 2. I3: there is a healthy revision of the same source and an ancestor of the head, and an object that failed
//    was healthy before (or is new) and was changed by the commits since.
// 3. Our own revert is never reverted, and the same content is not reverted for ever.

import type { Baseline, Cause } from '../model/app.ts';
import type { Rendered } from '../model/manifest.ts';
import { showId } from '../model/object.ts';
import type { Settings } from '../model/settings.ts';
import type { Failure, Verdict } from '../model/verdict.ts';
import { type Blame, blameOf } from './blame.ts';

export interface DecideFacts {
  verdict: Verdict;
  /** What the release was made for. A request to judge a commit that has had no verdict yet is `commit`. */
  cause: Cause;
  mode: Settings['rollback']['mode'];
  /** The commit that was released. */
  head: string;
  healthy: { commit: string; source: string } | undefined;
  /** Compared with `healthy.source`: url, branch, path and namespace. */
  currentSource: string;
  healthyIsAncestor: boolean;
  /** The healthy revision as it renders now; undefined where it does not, or there is none. */
  healthyRender: Rendered | undefined;
  /** Undefined: the render of the head failed. */
  headRender: Rendered | undefined;
  baseline: Baseline | undefined;
  /** The head is the commit of our stored intent. Trailers alone prove nothing: anyone can write text. */
  headIsOurRevert: boolean;
  revertsInWindow: number;
  limit: number;
  /** An object that the release changes, or a trailer, says that Pawl must not revert it. */
  rollbackHold: boolean;
  /** Commits that concern the App exist after the healthy revision. */
  changesSinceHealthy: boolean;
  /** How often this content has failed before, under other commits. */
  rejectedBefore: number;
  /** Whether the API server would take the healthy revision now. Asked only for `ask-healthy`. */
  healthyDryRun: DenialNow | 'not-asked';
}

/** `over`: what was denied is no longer: it was never a matter of the commit alone. */
export type DenialNow = 'passes' | 'refused' | 'over';

export type Step =
  | { do: 'record'; outcome: 'Healthy' | 'Superseded'; reason: string; message: string }
  | { do: 'revert'; reason: string; message: string; restores: string; failures: Failure[] }
  /** `Held`: no further release until a person or a commit asks. `Failed`: the same, by the App's own choice. */
  | { do: 'hold'; outcome: 'Held' | 'Failed'; reason: string; message: string }
  /** Judged again later. */
  | { do: 'wait'; outcome: 'Unknown'; reason: string; message: string; retryAfterMs?: number }
  /** Dry-run the healthy revision, then decide again with the answer. */
  | { do: 'ask-healthy'; reason: string; message: string };

/** Content is reverted under this many commits; more would be a fight with whoever pushes it. */
const REVERTS_OF_CONTENT = 2;

export function decide(facts: DecideFacts): Step {
  const { verdict } = facts;
  switch (verdict.kind) {
    case 'healthy':
      return {
        do: 'record',
        outcome: 'Healthy',
        reason: 'Healthy',
        message: 'everything is as the commit says',
      };
    case 'superseded':
      return {
        do: 'record',
        outcome: 'Superseded',
        reason: 'Superseded',
        message: `a newer commit came: ${verdict.by}`,
      };
    case 'unknown':
      return {
        do: 'wait',
        outcome: 'Unknown',
        reason: verdict.reason,
        message: `${verdict.message}; nothing is reverted for this`,
        retryAfterMs: verdict.retryAfterMs,
      };
    case 'failed':
      return decideFailed(facts, verdict.failures);
  }
}

function decideFailed(facts: DecideFacts, failures: readonly Failure[]): Step {
  return refusedByRole(facts, failures) ?? refusedBySource(facts, failures) ?? decideBlame(facts, failures);
}

/** What forbids a revert whatever failed: whose release it is, and what the App and its objects say. */
function refusedByRole(facts: DecideFacts, failures: readonly Failure[]): Step | undefined {
  if (facts.headIsOurRevert) {
    return held('RevertFailed', 'the revert is not healthy either, and a revert is never reverted', failures);
  }
  if (facts.mode === 'Hold') {
    return {
      do: 'hold',
      outcome: 'Failed',
      reason: reasonOf(failures),
      message: sentence('rollback.mode is Hold, so it is left as it is', failures),
    };
  }
  switch (facts.cause) {
    case 'commit':
      break;
    case 'spec':
      return held('AppChanged', 'the App was changed, not the branch, so no commit is reverted', failures);
    case 'drift':
      return held(
        'DriftCorrected',
        'it failed after drift was corrected, so no commit is reverted',
        failures,
      );
    case 'request':
      return held('Requested', 'the release was asked for and brought no new commit to revert', failures);
  }
  if (facts.rollbackHold)
    return held('RollbackHold', 'the change says that it must not be reverted', failures);
  return undefined;
}

/** Whether there is anything to go back to, and anything to undo. */
function refusedBySource(facts: DecideFacts, failures: readonly Failure[]): Step | undefined {
  const { healthy } = facts;
  if (healthy === undefined) {
    return held(
      'NoHealthyRevision',
      'no revision has been healthy yet, so there is none to go back to',
      failures,
    );
  }
  if (healthy.source !== facts.currentSource) {
    return held('SourceChanged', 'the healthy revision was of another source', failures);
  }
  // Asked first: of a branch that was rewritten no commits since the healthy revision are known.
  if (!facts.healthyIsAncestor) {
    return held('HealthyNotAncestor', 'the healthy revision is not part of the branch any more', failures);
  }
  if (healthy.commit === facts.head || !facts.changesSinceHealthy) {
    return held('NothingToRevert', 'no commit since the healthy revision concerns the App', failures);
  }
  if (facts.baseline === undefined) {
    return held('NoBaseline', 'it is not known what was healthy before the release', failures);
  }
  if (facts.healthyRender === undefined) {
    return held('HealthyNotRendered', 'the healthy revision cannot be rendered now', failures);
  }
  return undefined;
}

function decideBlame(facts: DecideFacts, failures: readonly Failure[]): Step {
  const { baseline, healthy, healthyRender, headRender } = facts;
  if (baseline === undefined || healthy === undefined || healthyRender === undefined) {
    return held('NoHealthyRevision', 'there is no revision to go back to', failures);
  }
  const blamed = (blame: Blame) =>
    failures.filter((failure) => blameOf(failure, { baseline, healthyRender, headRender }) === blame);
  const guilty = blamed('commit');
  if (guilty.length === 0) return notToBlame(failures, blamed('unhealthy-before').length > 0);
  const denied = answerToDenial(facts, guilty);
  if (denied !== undefined) return denied;
  if (facts.rejectedBefore >= REVERTS_OF_CONTENT) {
    return held('RejectedAgain', `the same content has failed ${facts.rejectedBefore} times before`, guilty);
  }
  if (facts.revertsInWindow >= facts.limit) {
    return held(
      'RevertLimit',
      `${facts.revertsInWindow} reverts were made lately, the limit is ${facts.limit}`,
      guilty,
    );
  }
  return {
    do: 'revert',
    reason: reasonOf(guilty),
    message: sentence('going back to the healthy revision', guilty),
    restores: healthy.commit,
    failures: guilty,
  };
}

function notToBlame(failures: readonly Failure[], wasUnhealthy: boolean): Step {
  if (wasUnhealthy) return held('UnhealthyBefore', 'what fails was unhealthy before the release', failures);
  return {
    do: 'wait',
    outcome: 'Unknown',
    reason: 'NotChanged',
    message: sentence('no commit since the healthy revision changed what fails', failures),
  };
}

/** Admission policies change too: a denial is the commit's fault only if the healthy revision passes now. */
function answerToDenial(facts: DecideFacts, guilty: readonly Failure[]): Step | undefined {
  if (guilty.some((failure) => failure.reason !== 'Denied')) return undefined;
  switch (facts.healthyDryRun) {
    case 'passes':
      return undefined;
    case 'not-asked':
      return {
        do: 'ask-healthy',
        reason: 'Denied',
        message: sentence('asking whether the healthy revision would be denied too', guilty),
      };
    case 'refused':
      return {
        do: 'wait',
        outcome: 'Unknown',
        reason: 'Denied',
        message: sentence('the healthy revision would be refused now too', guilty),
      };
    case 'over':
      return {
        do: 'wait',
        outcome: 'Unknown',
        reason: 'Denied',
        message: sentence('it is no longer denied', guilty),
      };
  }
}

function held(reason: string, why: string, failures: readonly Failure[]): Step {
  return { do: 'hold', outcome: 'Held', reason, message: sentence(why, failures) };
}

function reasonOf(failures: readonly Failure[]): string {
  return failures[0]?.reason ?? 'Failed';
}

/** `shop/Deployment/web: CrashLoopBackOff, exit code 1 (and 2 more); <why>` */
function sentence(why: string, failures: readonly Failure[]): string {
  const first = failures[0];
  if (first === undefined) return why;
  const where = first.object === undefined ? '' : `${showId(first.object)}: `;
  const more = failures.length > 1 ? ` (and ${failures.length - 1} more)` : '';
  return `${where}${first.evidence}${more}; ${why}`;
}
