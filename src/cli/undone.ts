// Which commits of a branch are undone by later ones, read from the messages of reverts: git's own sentence and
// Pawl's trailers. Anyone can write text, so this is told to people and decides nothing that is written.
//
// 1. A revert that is itself undone undoes nothing: its commits are in effect again.
// 2. A revert by Pawl names the App whose files it put back; it undoes nothing for other Apps.

import type { AppName } from '../model/events.ts';

interface Message {
  oid: string;
  message: string;
}

const SENTENCE = /^This reverts commit ([0-9a-f]{40})\b/gm;
const TRAILER = /^Pawl-Reverts: ([0-9a-f]{40})$/gm;
const OWNER = /^Pawl-App: (.+)$/m;

/** `commits`: children before parents. The answer: undone commit → the commit that undoes it. */
export function undoneIn(commits: readonly Message[], app: AppName): Map<string, string> {
  const undone = new Map<string, string>();
  for (const { oid, message } of commits) {
    if (undone.has(oid)) continue;
    for (const target of targetsOf(message, app)) if (!undone.has(target)) undone.set(target, oid);
  }
  return undone;
}

function targetsOf(message: string, { namespace, name }: AppName): string[] {
  const text = message.replaceAll('\r\n', '\n');
  const owner = OWNER.exec(text)?.[1]?.trim();
  if (owner !== undefined && !owner.endsWith(`/${namespace}/${name}`)) return [];
  const found = [...text.matchAll(SENTENCE), ...text.matchAll(TRAILER)];
  return found.flatMap(([, target]) => (target === undefined ? [] : [target]));
}
