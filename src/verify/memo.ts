// What judging need not find out twice: kept by the identity of the very values it was found in, which mirrors
// replace when they change. It makes a judgement cheap, and never another one; losing it costs time.
// One for a wait: rules, thresholds and desired objects are the same all along.

import type { KubeObject } from '../model/object.ts';
import type { Restarts } from './soak.ts';
import type { Read, Watched } from './watched.ts';

export interface JudgeMemo {
  /** Of objects that are as desired, or suspended: no pod has a say in these. */
  settled: WeakMap<Watched, Read>;
  pods: Grouping | undefined;
  replicaSets: Grouping | undefined;
  events: Grouping | undefined;
  owners: OwnersMemo;
  seenReady: WeakMap<readonly string[], ReadonlySet<string>>;
  operatorSecrets: WeakMap<readonly KubeObject[], (secret: string) => boolean>;
}

/** What is known of whose pods are whose, as long as the groups are the same. */
export interface OwnersMemo {
  newSets: WeakMap<KubeObject, { among: readonly KubeObject[]; found: KubeObject | undefined }>;
  telling: WeakMap<readonly KubeObject[], KubeObject[]>;
  /** Of these pods. */
  restarts: WeakMap<readonly KubeObject[], Restarts[]>;
}

export function newMemo(): JudgeMemo {
  return {
    settled: new WeakMap(),
    pods: undefined,
    replicaSets: undefined,
    events: undefined,
    owners: newOwnersMemo(),
    seenReady: new WeakMap(),
    operatorSecrets: new WeakMap(),
  };
}

export function newOwnersMemo(): OwnersMemo {
  return { newSets: new WeakMap(), telling: new WeakMap(), restarts: new WeakMap() };
}

/** The value that was made of this key before, else a new one. */
export function remembered<Key extends object, Value>(
  known: WeakMap<Key, Value> | undefined,
  key: Key,
  make: () => Value,
): Value {
  const before = known?.get(key);
  if (before !== undefined) return before;
  const made = make();
  known?.set(key, made);
  return made;
}

/** Objects by a key. Never changed once it is handed out; a group without a change stays the same array. */
export interface Grouping {
  items: readonly KubeObject[];
  groups: ReadonlyMap<string, readonly KubeObject[]>;
  /** What is new against the grouping before; undefined where something has gone, or there was none. */
  changed: readonly KubeObject[] | undefined;
}

/** Most often one object in thousands has been replaced by its successor, or a few have come at the end. */
export function group(
  items: readonly KubeObject[],
  keyOf: (item: KubeObject) => string,
  before: Grouping | undefined,
): Grouping {
  if (before === undefined || items.length < before.items.length) return whole(items, keyOf, before);
  const changed: KubeObject[] = [];
  const groups = new Map<string, readonly KubeObject[]>();
  for (const [index, item] of items.entries()) {
    const old = before.items[index];
    if (old === item) continue;
    const key = keyOf(item);
    const inside = groups.get(key) ?? before.groups.get(key) ?? [];
    if (old === undefined) groups.set(key, [...inside, item]);
    else if (old.metadata.uid === item.metadata.uid && keyOf(old) === key)
      groups.set(
        key,
        inside.map((one) => (one === old ? item : one)),
      );
    else return whole(items, keyOf, before);
    changed.push(item);
  }
  if (changed.length === 0) return { items, groups: before.groups, changed };
  return { items, groups: overlaid(before.groups, groups), changed };
}

function overlaid<Value>(
  below: ReadonlyMap<string, Value>,
  above: ReadonlyMap<string, Value>,
): ReadonlyMap<string, Value> {
  const all = new Map(below);
  for (const [key, value] of above) all.set(key, value);
  return all;
}

function whole(
  items: readonly KubeObject[],
  keyOf: (item: KubeObject) => string,
  before: Grouping | undefined,
): Grouping {
  const groups = new Map<string, readonly KubeObject[]>(Map.groupBy(items, keyOf));
  for (const [key, inside] of groups) {
    const old = before?.groups.get(key);
    if (old?.length === inside.length && old.every((one, index) => one === inside[index]))
      groups.set(key, old);
  }
  return { items, groups, changed: undefined };
}
