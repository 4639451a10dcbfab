// Objects that leave one App and come to another of the same repository. They are not deleted but left to the other,
// whichever of the two has looked at the commit first, and whether or not the other is suspended. Of an App that cannot
// be rendered nobody knows what comes to it: what it may hold stays, and that is said.

import { appKey } from '../model/app.ts';
import { PawlError } from '../model/errors.ts';
import type { AppName } from '../model/events.ts';
import { keyOf, type ObjectId } from '../model/object.ts';
import type { Change } from '../model/plan.ts';
import { applySetId, resolveApp } from '../model/resolve.ts';
import { newSession, type Run } from './context.ts';
import { contentAt, desiredAt, keysIn } from './desired.ts';
import type { Keys } from './rendered-keys.ts';
import { credentialsOf } from './source.ts';

export interface Coming {
  app: AppName;
  /** `perhaps`: it cannot be rendered. */
  sure: 'yes' | 'perhaps';
}

/** Object key → the App that renders it, or waits for it, beside this one. Costs nothing where all is known. */
export async function comingToOthers(
  run: Run,
  objects: readonly ObjectId[],
): Promise<ReadonlyMap<string, Coming>> {
  const found = new Map<string, Coming>();
  const open = new Set<string>();
  for (const key of objects.map(keyOf)) {
    const app = run.ctx.neighbours.waitingBeside(run.applySet, key);
    if (app === undefined) open.add(key);
    else found.set(key, { app, sure: 'yes' });
  }
  const head = run.session.look?.head;
  if (head === undefined) return found;
  const perhaps: AppName[] = [];
  for (const other of run.ctx.store.all()) {
    if (open.size === 0) break;
    const theirs = besideOf(other, run);
    if (theirs === undefined) continue;
    const keys = theirs.run === undefined ? undefined : await keysAt(theirs.run, head);
    if (keys === undefined) {
      perhaps.push(theirs.app);
      continue;
    }
    for (const key of open) {
      if (!keys.has(key)) continue;
      found.set(key, { app: theirs.app, sure: 'yes' });
      open.delete(key);
    }
  }
  const [app] = perhaps;
  if (app !== undefined) for (const key of open) found.set(key, { app, sure: 'perhaps' });
  return found;
}

/** Of an object that is not deleted. */
export function leftTo(id: ObjectId, { app, sure }: Coming): Change {
  const name = appKey({ metadata: app });
  const reason =
    sure === 'yes'
      ? `left to App ${name}, which renders it`
      : `it stays, as App ${name} of the same branch cannot be rendered, and may hold it`;
  return { id, key: keyOf(id), outcome: 'skipped', reason };
}

/** What the App renders at this commit of its branch; undefined where it cannot be rendered. */
export function keysAt(run: Run, commit: string): Promise<Keys> {
  return run.ctx.neighbours.rendered.at(
    `${run.settings.namespace}/${run.settings.name}/${run.settings.specHash}/${commit}`,
    () => contentAt(run, commit),
    async () => keysIn(await desiredAt(run, commit)),
  );
}

/** What another App renders at the head that this one has seen; undefined where that is not known. */
export async function keysOf(run: Run, name: AppName): Promise<Keys> {
  const app = run.ctx.store.get(name);
  const head = run.session.look?.head;
  if (app === undefined || head === undefined) return undefined;
  const theirs = besideOf(app, run)?.run;
  return theirs === undefined ? undefined : keysAt(theirs, head);
}

/** An App that follows the same branch, with enough to render it unless its spec is refused; undefined for any other. */
function besideOf(app: Run['app'], run: Run): { app: AppName; run?: Run } | undefined {
  const applySet = applySetId(app);
  if (applySet === run.applySet || app.metadata.deletionTimestamp !== undefined) return undefined;
  const resolved = resolveApp(app);
  const { namespace, name } = app.metadata;
  const { repository } = run;
  if ('refused' in resolved) {
    const source = (app.spec as Partial<Run['app']['spec']> | undefined)?.source;
    const isBeside =
      (source?.url === repository.url || source?.url === run.app.spec.source.url) &&
      (source.branch ?? 'main') === repository.branch;
    return isBeside ? { app: { namespace, name } } : undefined;
  }
  const settings = resolved.ok;
  const { url, branch } = settings.source;
  if (url !== repository.url || branch !== repository.branch) return undefined;
  const session = newSession({ namespace, name });
  return { app: session.name, run: { ...run, session, app, opened: app, settings, applySet } };
}

/**
 * As {@link comingToOthers} for an App that goes, which may not have looked at its branch. Where the branch cannot be
 * read, what others have planned has to do: an App is never kept from going.
 */
export async function comingWithoutLook(
  run: Run,
  objects: readonly ObjectId[],
): Promise<ReadonlyMap<string, Coming>> {
  const { git, neighbours } = run.ctx;
  const planned = new Map<string, Coming>();
  for (const key of objects.map(keyOf)) {
    const app = neighbours.renderingBeside(run.applySet, key);
    if (app !== undefined) planned.set(key, { app, sure: 'yes' });
  }
  const rest = objects.filter((id) => !planned.has(keyOf(id)));
  const isAlone = run.ctx.store.all().every((app) => besideOf(app, run) === undefined);
  if (rest.length === 0 || isAlone) return planned;
  try {
    const repository = { ...run.repository, credentials: await credentialsOf(run) };
    const wanted = await git.head(repository, run.hard);
    if (wanted === undefined) return planned;
    const head = await git.fetch(repository, { head: wanted }, run.hard);
    const session = { ...run.session, look: { head } };
    const coming = await comingToOthers({ ...run, repository, session }, rest);
    return new Map([...planned, ...coming]);
  } catch (error) {
    if (!(error instanceof PawlError)) throw error;
    return planned;
  }
}
