// A copy of a collection, as a list, its watch and our own answers tell of it; pure state, no input or output.
//
// M1 An entry is never replaced by an older version of itself: what a watch repeats after our own answer was
//    taken in is no change.
// M2 An answer about an object that the watch has already seen go does not bring it back.
// M3 Every difference is told once, with the object before and after.

import type { KubeObject } from '../../model/object.ts';
import type { ListQuery, MirrorChange } from '../../ports.ts';

export interface MirrorState {
  get: (namespace: string, name: string) => KubeObject | undefined;
  all: () => KubeObject[];
  /** A whole list, which may come in pages: what none of them holds is gone. */
  listing(): Listing;
  set(object: KubeObject): void;
  gone(object: KubeObject): void;
  /** Up to where the watch has told everything (a bookmark says so). */
  reached(resourceVersion: string): void;
  observe: (object: KubeObject) => void;
}

export interface Listing {
  /** All pages of a list are of one version. */
  page(items: readonly KubeObject[], resourceVersion: string): void;
  /** The last page was the end: what was not listed is gone. */
  end(): void;
}

/** `keep`: what is kept of an object; identity, version and labels at least. */
export function makeMirrorState(
  query: ListQuery,
  tell: (change: MirrorChange) => void,
  keep: (object: KubeObject) => KubeObject = withoutManagedFields,
): MirrorState {
  const entries = new Map<string, KubeObject>();
  const matches = matcherOf(query);
  let seen = '';
  /** The server's data was restored from a backup: until a whole list is in, only what is listed counts. */
  let wentBack = false;

  function put(object: KubeObject): void {
    const key = keyIn(object);
    const previous = entries.get(key);
    entries.set(key, keep(object));
    tell({ kind: 'set', object, previous });
  }

  function drop(key: string, object: KubeObject): void {
    const previous = entries.get(key);
    if (previous === undefined) return;
    entries.delete(key);
    tell({ kind: 'gone', object, previous });
  }

  return {
    get: (namespace, name) => entries.get(`${namespace}/${name}`),
    all: () => [...entries.values()],

    listing() {
      const present = new Set<string>();
      let listed = '';
      return {
        page(items, resourceVersion) {
          if (listed === '') {
            listed = resourceVersion;
            wentBack ||= seen !== '' && isNewer(seen, resourceVersion);
            seen = resourceVersion;
          }
          for (const item of items) {
            const key = keyIn(item);
            present.add(key);
            const entry = entries.get(key);
            if (entry === undefined || versionOf(entry) !== versionOf(item)) {
              if (entry === undefined || wentBack || !isNewer(versionOf(entry), versionOf(item))) put(item);
            }
          }
        },
        end() {
          for (const [key, entry] of entries) {
            // An answer that came while the list was on its way is newer than the list.
            if (!present.has(key) && (wentBack || !isNewer(versionOf(entry), listed))) drop(key, entry);
          }
          wentBack = false;
        },
      };
    },

    set(object) {
      const entry = entries.get(keyIn(object));
      seen = versionOf(object);
      if (entry === undefined || isNewer(versionOf(object), versionOf(entry))) put(object);
    },

    gone(object) {
      seen = versionOf(object);
      const entry = entries.get(keyIn(object));
      // Deleted and made anew: the answer about the new one was here first.
      if (entry !== undefined && !isNewer(versionOf(entry), versionOf(object))) drop(keyIn(object), object);
    },

    reached(resourceVersion) {
      seen = resourceVersion;
    },

    observe(object) {
      const key = keyIn(object);
      const entry = entries.get(key);
      const known = entry === undefined ? seen : versionOf(entry);
      if (!isNewer(versionOf(object), known)) return;
      if (matches(object)) put(object);
      else drop(key, object);
    },
  };
}

/**
 * Resource versions are ordered numbers (so promised since Kubernetes 1.35, and true before). One that is no
 * number, of an odd aggregated API, counts as newer whenever it differs.
 */
export function isNewer(version: string, than: string): boolean {
  if (than === '') return true;
  if (!/^\d+$/.test(version) || !/^\d+$/.test(than)) return version !== than;
  const [left, right] = [version.replace(/^0+/, ''), than.replace(/^0+/, '')];
  return left.length === right.length ? left > right : left.length > right.length;
}

export function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function versionOf(object: KubeObject): string {
  return object.metadata.resourceVersion ?? '';
}

function keyIn(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/**
 * Whether an object belongs into the copy. Knows `key` and `key=value` in a label selector, which is what Pawl
 * uses; where it cannot tell (a field selector, say), only the watch decides what comes in.
 */
function matcherOf(query: ListQuery): (object: KubeObject) => boolean {
  const terms = (query.labelSelector ?? '').split(',').filter((term) => term !== '');
  const plain = terms.every((term) => /^[^!=()\s]+(==?[^!=()\s]*)?$/.test(term));
  return (object) => {
    const { namespace, labels = {} } = object.metadata;
    if (query.namespace !== undefined && (namespace ?? '') !== query.namespace) return false;
    if (!plain || query.fieldSelector !== undefined) return false;
    return terms.every((term) => {
      const [name = '', value] = term.split(/==?/);
      return value === undefined ? labels[name] !== undefined : labels[name] === value;
    });
  };
}
