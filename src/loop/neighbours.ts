// What the Apps of one process know of each other: which objects each renders, so that no two of them write the
// same one, and so that an object which moves from one App to another is neither deleted nor fought over.
//
// N1 Of two Apps that render the same object the one that holds it keeps it; where nobody holds it, the first to
//    plan it whose dry-run of it passed: a manifest alone is no claim, and a plan that was refused keeps none. The
//    other is refused, and told by whom.
// N2 An App lets go of an object when a revision without it was found healthy: before that it may still be reverted.
//    One that has begun nothing, because it waits for what others hold, keeps nothing from them that it is to lose:
//    Apps that swap objects would wait for each other for ever.
// N3 What another App waits for is not pruned but left to it.

import type { AppName } from '../model/events.ts';
import { RenderedKeys } from './rendered-keys.ts';
import type { Wakes } from './wakes.ts';

interface Neighbour {
  name: AppName;
  wakes: Wakes;
  /** Object keys of the newest render that was planned. */
  keys: ReadonlySet<string>;
  /** That render was found healthy, and nothing is in flight. */
  isAtRest: boolean;
  /** Nothing of it was applied, for the only reason that others hold what it renders. */
  isBlocked: boolean;
  /** What it may not have yet. */
  waitsFor: Set<string>;
}

export type Hold =
  /** No App of this process. */
  | { kind: 'unknown' }
  | { kind: 'renders'; name: AppName }
  /** A release is in flight, or was not healthy. */
  | { kind: 'unsettled'; name: AppName }
  | { kind: 'let-go'; name: AppName };

export class Neighbours {
  readonly #apps = new Map<string, Neighbour>();
  /** Object key → the App that may write it, where several render it. */
  readonly #first = new Map<string, string>();
  /** What each App of the process renders at a commit. */
  readonly rendered = new RenderedKeys();

  /** The App begins to plan a render. */
  plans(applySet: string, app: { name: AppName; wakes: Wakes }, keys: ReadonlySet<string>): void {
    this.#free(applySet, keys);
    const before = this.#apps.get(applySet);
    // Two that try again at the same moment must see each other as they stand.
    const isBlocked = before?.isBlocked === true && isSame(before.keys, keys);
    const { name, wakes } = app;
    this.#apps.set(applySet, { name, wakes, keys, isAtRest: false, isBlocked, waitsFor: new Set() });
  }

  /** N1: the dry-run of it passed. Returns the other App that was first, if one was. */
  claims(applySet: string, key: string): AppName | undefined {
    const first = this.firstBeside(applySet, key);
    if (first === undefined) this.#first.set(key, applySet);
    return first;
  }

  /** How the plan ended: `blocked` where all that was refused is held by others. Nobody is woken: all try again. */
  planned(applySet: string, outcome: 'taken' | 'blocked' | 'refused'): void {
    const app = this.#apps.get(applySet);
    if (app === undefined) return;
    app.isBlocked = outcome === 'blocked';
    if (outcome !== 'taken') this.#free(applySet, new Set());
    else for (const key of app.keys) if (!this.#first.has(key)) this.#first.set(key, applySet);
  }

  /** What was planned last is healthy: from here on it holds nothing else. */
  rests(applySet: string): void {
    const app = this.#apps.get(applySet);
    if (app === undefined) return;
    app.isAtRest = true;
    this.#wakeOthers(applySet);
  }

  /** The App is gone. */
  leaves(applySet: string): void {
    this.#free(applySet, new Set());
    this.#apps.delete(applySet);
    this.#wakeOthers(applySet);
  }

  waits(applySet: string, key: string): void {
    this.#apps.get(applySet)?.waitsFor.add(key);
  }

  /** How an App that holds the object stands to it. */
  holds(applySet: string, key: string): Hold {
    const app = this.#apps.get(applySet);
    if (app === undefined) return { kind: 'unknown' };
    const { name } = app;
    if (app.keys.has(key)) return { kind: 'renders', name };
    return { kind: app.isAtRest || app.isBlocked ? 'let-go' : 'unsettled', name };
  }

  /** N1: the other App that was first to plan an object that nobody holds. */
  firstBeside(applySet: string, key: string): AppName | undefined {
    const first = this.#first.get(key);
    return first === undefined || first === applySet ? undefined : this.#apps.get(first)?.name;
  }

  /** N3. */
  waitingBeside(applySet: string, key: string): AppName | undefined {
    for (const [other, app] of this.#apps) if (other !== applySet && app.waitsFor.has(key)) return app.name;
    return undefined;
  }

  /** Another App whose newest render, as far as it was planned, holds the object. */
  renderingBeside(applySet: string, key: string): AppName | undefined {
    for (const [other, app] of this.#apps) if (other !== applySet && app.keys.has(key)) return app.name;
    return undefined;
  }

  /** The objects that the App may not have yet. */
  waitsOf({ namespace, name }: AppName): ReadonlySet<string> {
    for (const app of this.#apps.values())
      if (app.name.namespace === namespace && app.name.name === name) return app.waitsFor;
    return new Set();
  }

  /** The next to plan it is the first. */
  #free(applySet: string, stays: ReadonlySet<string>): void {
    for (const key of this.#apps.get(applySet)?.keys ?? [])
      if (!stays.has(key) && this.#first.get(key) === applySet) this.#first.delete(key);
  }

  /** Those that wait may go on. */
  #wakeOthers(applySet: string): void {
    for (const [other, app] of this.#apps)
      if (other !== applySet && app.waitsFor.size > 0) app.wakes.add('retry');
  }
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((key) => other.has(key));
}
