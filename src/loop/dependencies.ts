// Whether a release may begin: each App that this one depends on has to be ready as it stands, and, where both follow
// the same branch, to have dealt with this very head, so that a commit which changes both reaches them in order.

import { type App, appKey, APPLYSET } from '../model/app.ts';
import { short } from '../model/commit.ts';
import type { AppName } from '../model/events.ts';
import { idFromKey } from '../model/object.ts';
import { resolveApp } from '../model/resolve.ts';
import { oneLine } from '../model/text.ts';
import { readyCondition, withState } from '../record/conditions.ts';
import { type Run, save, statusOf, tell } from './context.ts';
import { standingOf } from './dependents.ts';
import type { Target } from './source.ts';

export interface Obstacle {
  /** `DependencyMissing` and `DependencyCycle` need a person. */
  reason: 'DependencyNotReady' | 'DependencyMissing' | 'DependencyCycle';
  message: string;
}

/**
 * Undefined: the release may begin. Otherwise the App is woken when that may have changed. `desired`: object keys of what
 * is to be released; undefined where it cannot be rendered.
 */
export async function findObstacle(
  run: Run,
  target: Target,
  desired: ReadonlySet<string> | undefined,
): Promise<Obstacle | undefined> {
  const { ctx, session, settings } = run;
  if (settings.dependsOn.length === 0) return undefined;
  // Noted before anything is looked at: what changes meanwhile wakes the App again.
  const standings = settings.dependsOn.map(
    (name) => [nameOf(name), standingOf(ctx.store.get(name))] as const,
  );
  ctx.dependents.waits(session, new Map(standings));
  const obstacle = await obstacleOf(run, target, desired);
  if (obstacle === undefined) ctx.dependents.goesOn(session.name);
  return obstacle;
}

async function obstacleOf(
  run: Run,
  target: Target,
  desired: ReadonlySet<string> | undefined,
): Promise<Obstacle | undefined> {
  const { ctx, settings } = run;
  const own = nameOf(settings);
  const cycle = cycleFrom(own, (name) => ctx.store.get(name));
  if (cycle !== undefined) {
    return { reason: 'DependencyCycle', message: `the Apps depend on each other: ${cycle.join(' → ')}` };
  }
  for (const name of settings.dependsOn) {
    const app = ctx.store.get(name);
    if (app === undefined)
      return {
        reason: 'DependencyMissing',
        message: `it depends on App ${nameOf(name)}, which there is not`,
      };
    const why = notReady(app) ?? (await notThere(run, target, name, app));
    if (why === undefined || waitsForUs(run, name, desired)) continue;
    return { reason: 'DependencyNotReady', message: `it waits for App ${nameOf(name)}: ${why}` };
  }
  return undefined;
}

/** The dependency cannot be ready before this App has let go of an object that comes to it: one of the two begins. */
function waitsForUs(run: Run, name: AppName, desired: ReadonlySet<string> | undefined): boolean {
  if (desired === undefined) return false;
  const isHeld = (key: string) => {
    const id = idFromKey(key);
    return id !== undefined && run.ctx.members.get(id)?.metadata.labels?.[APPLYSET.partOf] === run.applySet;
  };
  return isToLetGo(run.ctx.neighbours.waitsOf(name), desired, isHeld);
}

/** Exported for its table of cases. */
export function isToLetGo(
  waitsFor: ReadonlySet<string>,
  desired: ReadonlySet<string>,
  isHeld: (key: string) => boolean,
): boolean {
  return [...waitsFor].some((key) => !desired.has(key) && isHeld(key));
}

/** Why an App is not ready at its own newest state; exported for its table of cases. */
export function notReady(app: App): string | undefined {
  const ready = readyCondition(app.status);
  if (app.metadata.deletionTimestamp !== undefined) return 'it is being deleted';
  if (ready === undefined) return 'it has not been released yet';
  if (ready.status !== 'True')
    return `it is not ready: ${oneLine(ready.reason, 60)}: ${oneLine(ready.message, 300)}`;
  if (ready.observedGeneration !== app.metadata.generation) return 'it has just been changed';
  return app.status?.release === undefined ? undefined : 'a release of it is under way';
}

/** Of the same branch: whether it has dealt with the head that is to be released here, or with a later one. */
async function notThere(run: Run, target: Target, name: AppName, app: App): Promise<string | undefined> {
  const resolved = resolveApp(app);
  if ('refused' in resolved) return 'its spec is refused';
  const { url, branch } = resolved.ok.source;
  const { ctx, repository } = run;
  if (url !== repository.url || branch !== repository.branch) return undefined;
  const head = ctx.dependents.headOf(name);
  if (head === target.head) return undefined;
  if (head !== undefined && (await ctx.git.has(repository, head))) {
    if (await ctx.git.isAncestor(repository, target.head, head)) return undefined;
  }
  // Its own schedule may be slower than this one's.
  ctx.dependents.ask(name);
  return `it has not dealt with ${short(target.head)} yet`;
}

/**
 * `a → b → a`, the way from the App back to itself; undefined where there is none. Apps that merely lead to a cycle
 * of others wait for those, which say so themselves.
 */
export function cycleFrom(own: string, find: (name: AppName) => App | undefined): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const open = [own];
  for (let at = open.shift(); at !== undefined; at = open.shift()) {
    const [namespace = '', name = ''] = at.split('/');
    const app = find({ namespace, name });
    const resolved = app === undefined ? undefined : resolveApp(app);
    if (resolved === undefined || 'refused' in resolved) continue;
    for (const next of resolved.ok.dependsOn.map(nameOf)) {
      if (next === own) return wayTo(at, own, cameFrom);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      open.push(next);
    }
  }
  return undefined;
}

function wayTo(last: string, own: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [last, own];
  for (let at = last; at !== own; ) {
    at = cameFrom.get(at) ?? own;
    way.unshift(at);
  }
  return way;
}

/** Once, however often it is looked at. */
export async function sayObstacle(run: Run, { reason, message }: Obstacle): Promise<void> {
  const said = readyCondition(statusOf(run));
  const { generation } = run.settings;
  if (said?.reason === reason && said.message === message && said.observedGeneration === generation) return;
  const isStalled = reason !== 'DependencyNotReady';
  const state = {
    ready: isStalled ? ('False' as const) : ('Unknown' as const),
    reason,
    message,
    reconciling: !isStalled,
    stalled: isStalled,
  };
  // A change of the App is seen to when it is released, not before.
  const { observedGeneration } = statusOf(run);
  const next = withState(statusOf(run), state, generation, run.ctx.clock.now());
  await save(run, { ...next, observedGeneration });
  if (said?.reason !== reason && isStalled) tell(run, { type: 'problem', code: reason, message });
}

function nameOf({ namespace, name }: AppName): string {
  return appKey({ metadata: { namespace, name } });
}
