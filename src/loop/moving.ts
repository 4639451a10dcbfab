// Objects that leave one App and come to another of the same repository. They are not pruned but left to the other,
// whichever of the two has looked at the commit first.

import type { AppName } from '../model/events.ts';
import { keyOf, type ObjectId } from '../model/object.ts';
import { applySetId, resolveApp } from '../model/resolve.ts';
import { newSession, type Run } from './context.ts';
import { desiredAt, isRendered } from './desired.ts';

/** Object key → the App that renders it, or waits for it, beside this one. */
export async function comingToOthers(
  run: Run,
  objects: readonly ObjectId[],
): Promise<ReadonlyMap<string, AppName>> {
  const found = new Map<string, AppName>();
  const open = new Set<string>();
  for (const key of objects.map(keyOf)) {
    const waiting = run.ctx.neighbours.waitingBeside(run.applySet, key);
    if (waiting === undefined) open.add(key);
    else found.set(key, waiting);
  }
  const head = run.session.look?.head;
  if (open.size === 0 || head === undefined) return found;
  for (const other of run.ctx.store.all()) {
    const theirs = runOf(other, run);
    if (theirs === undefined) continue;
    const desired = await desiredAt(theirs, head);
    if (!isRendered(desired)) continue;
    for (const { key } of desired.manifests) if (open.has(key)) found.set(key, theirs.session.name);
  }
  return found;
}

/** Of an App that follows the same branch: enough to render it. Undefined for any other, and for what is suspended. */
function runOf(app: Run['app'], run: Run): Run | undefined {
  const applySet = applySetId(app);
  if (applySet === run.applySet || app.metadata.deletionTimestamp !== undefined) return undefined;
  const resolved = resolveApp(app);
  if ('refused' in resolved || resolved.ok.suspend) return undefined;
  const settings = resolved.ok;
  const { url, branch } = settings.source;
  if (url !== run.repository.url || branch !== run.repository.branch) return undefined;
  const session = newSession({ namespace: settings.namespace, name: settings.name });
  return { ...run, session, app, opened: app, settings, applySet };
}
