// What the Apps of one process know of each other's releases: which head each has dealt with, and who waits for whom, so
// that those who wait go on at once, and ask nothing meanwhile.

import { type App, appKey } from '../model/app.ts';
import type { AppName } from '../model/events.ts';
import { readyCondition } from '../record/conditions.ts';
import type { Wakes } from './wakes.ts';

interface Waiting {
  wakes: Wakes;
  /** App → how it stood when the wait began. */
  for: ReadonlyMap<string, string>;
}

export class Dependents {
  readonly #wakes = new Map<string, Wakes>();
  readonly #heads = new Map<string, string>();
  readonly #waiting = new Map<string, Waiting>();

  /** The App is followed. */
  follows({ name, wakes }: { name: AppName; wakes: Wakes }): void {
    this.#wakes.set(keyOf(name), wakes);
  }

  /** Nothing is left to do for the App at this head of its branch. */
  dealtWith(name: AppName, head: string): void {
    const key = keyOf(name);
    if (this.#heads.get(key) === head) return;
    this.#heads.set(key, head);
    for (const waiting of this.#waiting.values()) if (waiting.for.has(key)) waiting.wakes.add('retry');
  }

  headOf(name: AppName): string | undefined {
    return this.#heads.get(keyOf(name));
  }

  /** The App has to look at its branch before others can go on. */
  ask(name: AppName): void {
    this.#wakes.get(keyOf(name))?.add('look');
  }

  waits(who: { name: AppName; wakes: Wakes }, standings: ReadonlyMap<string, string>): void {
    this.#waiting.set(keyOf(who.name), { wakes: who.wakes, for: standings });
  }

  goesOn(name: AppName): void {
    this.#waiting.delete(keyOf(name));
  }

  /** The watch of Apps brought something; undefined: the App is gone. Only what matters to them wakes who waits. */
  changed(name: AppName, app: App | undefined): void {
    const key = keyOf(name);
    const standing = standingOf(app);
    for (const waiting of this.#waiting.values()) {
      const before = waiting.for.get(key);
      if (before !== undefined && before !== standing) waiting.wakes.add('retry');
    }
    if (app !== undefined) return;
    this.#heads.delete(key);
    this.#wakes.delete(key);
    this.#waiting.delete(key);
  }
}

/** All that a dependent looks at in an App. */
export function standingOf(app: App | undefined): string {
  if (app === undefined) return 'gone';
  const ready = readyCondition(app.status);
  const { generation } = app.metadata;
  const { release } = app.status ?? {};
  return JSON.stringify([generation, ready?.status, ready?.observedGeneration, release === undefined]);
}

function keyOf({ namespace, name }: AppName): string {
  return appKey({ metadata: { namespace, name } });
}
