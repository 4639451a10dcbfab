// What the Apps of one process know of each other: which objects each renders, so that no two of them write the
// same one, and so that an object which moves from one App to another is neither deleted nor fought over.
//
// N1 Of two Apps that render the same object the one that holds it keeps it; where nobody holds it, the first to
//    plan it. The other is refused, and told by whom.
// N2 An App lets go of an object when a revision without it was found healthy: before that it may still be reverted.
// N3 What another App waits for is not pruned but left to it.

import type { AppName } from '../model/events.ts';
import type { Wakes } from './wakes.ts';

interface Neighbour {
  name: AppName;
  wakes: Wakes;
  /** Object keys of the newest render that was planned. */
  keys: ReadonlySet<string>;
  /** That render was found healthy, and nothing is in flight. */
  isAtRest: boolean;
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

  /** The App begins to plan a render. */
  plans(applySet: string, app: { name: AppName; wakes: Wakes }, keys: ReadonlySet<string>): void {
    this.#free(applySet, keys);
    for (const key of keys) if (!this.#first.has(key)) this.#first.set(key, applySet);
    const { name, wakes } = app;
    this.#apps.set(applySet, { name, wakes, keys, isAtRest: false, waitsFor: new Set() });
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
    return { kind: app.isAtRest ? 'let-go' : 'unsettled', name };
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

  #free(applySet: string, stays: ReadonlySet<string>): void {
    for (const key of this.#apps.get(applySet)?.keys ?? []) {
      if (stays.has(key) || this.#first.get(key) !== applySet) continue;
      this.#first.delete(key);
      const next = [...this.#apps].find(([other, app]) => other !== applySet && app.keys.has(key));
      if (next !== undefined) this.#first.set(key, next[0]);
    }
  }

  /** Those that wait may go on. */
  #wakeOthers(applySet: string): void {
    for (const [other, app] of this.#apps)
      if (other !== applySet && app.waitsFor.size > 0) app.wakes.add('retry');
  }
}
