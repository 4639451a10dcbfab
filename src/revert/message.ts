// The message of a revert. It is read by people, by git (`This reverts commit …`) and by Pawl (trailers).
// Invariants:
// M1 Only identifiers, reasons, counts and exit codes go in: never a text from the server or from a log.
// M2 Subjects and names come from whoever may push: each stays within its line, quoted or behind words of
//    ours, and none can reach the last paragraph, where alone trailers are read.

import { type Commit, short, subjectOf } from '../model/commit.ts';
import { showId } from '../model/object.ts';
import { oneLine } from '../model/text.ts';
import type { Failure } from '../model/verdict.ts';

export interface RevertFacts {
  /** What is undone, newest first; at least one. */
  commits: readonly Commit[];
  /** The revision whose content is restored. */
  restores: string;
  failures: readonly Failure[];
  /** Who asked for it, for an undo; undefined where Pawl decided. */
  by?: string;
  /** `<cluster>/<namespace>/<name>`. */
  appRef: string;
  /** Other Apps that read the restored files, as `<namespace>/App/<name>`. */
  alsoReleased?: readonly string[];
}

const MAX_SUBJECT = 120;
const MAX_LINES = 20;
const MAX_EVIDENCE = 200;

export function revertMessage(facts: RevertFacts): string {
  const [newest, ...others] = facts.commits;
  if (newest === undefined) throw new Error('a revert undoes at least one commit');
  const body = [
    ...evidence(facts),
    ...atMost(others.map(alsoUndoes), 'commits are undone'),
    ...(facts.alsoReleased ?? []).map((app) => `Also released again: ${oneLine(app, MAX_EVIDENCE)}`),
  ];
  const trailers = [
    `Pawl-App: ${oneLine(facts.appRef, MAX_EVIDENCE)}`,
    ...facts.commits.map((commit) => `Pawl-Reverts: ${commit.oid}`),
    `Pawl-Restores: ${facts.restores}`,
  ];
  const paragraphs = [[title(newest, others.length)], [`This reverts commit ${newest.oid}.`], body, trailers];
  return `${paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function title(newest: Commit, others: number): string {
  const and = others === 0 ? '' : ` and ${others} other commit${others === 1 ? '' : 's'}`;
  return `Revert "${oneLine(subjectOf(newest), MAX_SUBJECT)}"${and}`;
}

function evidence({ by, failures }: RevertFacts): string[] {
  if (by !== undefined) return [`Asked for by ${oneLine(by, 100) || 'somebody'}`];
  return atMost(failures.map(failureLine), 'objects failed');
}

function failureLine(failure: Failure): string {
  const text = oneLine(failure.evidence === '' ? failure.reason : failure.evidence, MAX_EVIDENCE);
  return failure.object === undefined ? text : `${oneLine(showId(failure.object), MAX_EVIDENCE)}: ${text}`;
}

function alsoUndoes(commit: Commit): string {
  const author = oneLine(commit.author.name, 60) || 'somebody';
  return `Also undoes: ${short(commit.oid)} ${author} "${oneLine(subjectOf(commit), MAX_SUBJECT)}"`;
}

function atMost(lines: readonly string[], what: string): string[] {
  if (lines.length <= MAX_LINES) return [...lines];
  return [...lines.slice(0, MAX_LINES - 1), `${lines.length - MAX_LINES + 1} more ${what}`];
}
