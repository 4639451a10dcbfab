import { expect, test } from 'vitest';
import { isNewer, makeMirrorState } from '../../../src/adapters/cluster/mirror.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import type { ListQuery, MirrorChange } from '../../../src/ports.ts';

const gvk = { group: '', version: 'v1', kind: 'ConfigMap' };

function object(
  name: string,
  resourceVersion: number,
  labels: Record<string, string> = { of: 'a' },
): KubeObject {
  const metadata = {
    name,
    namespace: 'n',
    resourceVersion: String(resourceVersion),
    labels,
    managedFields: [],
  };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata };
}

function mirror(query: Partial<ListQuery> = {}) {
  const told: string[] = [];
  const changes: MirrorChange[] = [];
  const state = makeMirrorState({ gvk, ...query }, (change) => {
    changes.push(change);
    const from = change.previous?.metadata.resourceVersion ?? '-';
    told.push(
      `${change.kind} ${change.object.metadata.name} ${from}→${change.object.metadata.resourceVersion}`,
    );
  });
  /** A list of one page. */
  const replace = (items: KubeObject[], resourceVersion: string) => {
    const listing = state.listing();
    listing.page(items, resourceVersion);
    listing.end();
  };
  return { ...state, replace, told, changes };
}

const version = (state: { get(namespace: string, name: string): KubeObject | undefined }, name: string) =>
  state.get('n', name)?.metadata.resourceVersion;

test('a second list tells only the differences', () => {
  const state = mirror();
  state.replace([object('same', 1), object('changed', 2), object('removed', 3)], '5');
  state.told.length = 0;
  state.replace([object('same', 1), object('changed', 7), object('new', 8)], '9');
  expect(state.told).toEqual(['set changed 2→7', 'set new -→8', 'gone removed 3→3']);
});

test('what is kept has no managedFields, what is told has', () => {
  const state = mirror();
  state.set(object('a', 1));
  state.set(object('a', 2));
  expect(state.get('n', 'a')?.metadata).not.toHaveProperty('managedFields');
  expect(state.changes[1]?.object.metadata).toHaveProperty('managedFields');
  expect(state.changes[1]?.previous?.metadata).not.toHaveProperty('managedFields');
});

test('an answer is taken in at once, and the watch’s echo of it is no change', () => {
  const state = mirror();
  state.replace([object('a', 1)], '5');
  state.told.length = 0;
  state.observe(object('a', 12));
  state.set(object('a', 10));
  state.set(object('a', 12));
  state.set(object('a', 13));
  expect(state.told).toEqual(['set a 1→12', 'set a 12→13']);
});

test('an answer older than what the watch told is left aside', () => {
  const state = mirror();
  state.replace([object('a', 9)], '9');
  state.observe(object('a', 8));
  expect(version(state, 'a')).toBe('9');
});

test('versions are numbers: 10 is newer than 9', () => {
  const state = mirror();
  state.replace([object('a', 9)], '9');
  state.observe(object('a', 10));
  expect(version(state, 'a')).toBe('10');
});

test('a late answer does not bring back what the watch saw go', () => {
  const state = mirror();
  state.replace([object('a', 1)], '1');
  state.gone(object('a', 6));
  state.observe(object('a', 5));
  expect(state.all()).toEqual([]);
});

test('what was made anew is not taken away by the end of the old one', () => {
  const state = mirror();
  state.replace([object('a', 1)], '1');
  state.observe(object('a', 8));
  state.gone(object('a', 6));
  expect(version(state, 'a')).toBe('8');
});

test('an answer that came while a list was on its way outlives the list', () => {
  const state = mirror();
  state.replace([object('old', 1)], '5');
  state.observe(object('new', 12));
  state.replace([object('old', 1)], '10');
  expect(state.all().map((each) => each.metadata.name)).toEqual(['old', 'new']);
});

test('after a restored backup only the list counts', () => {
  const state = mirror();
  state.replace([object('a', 900), object('b', 901)], '1000');
  state.replace([object('a', 90)], '100');
  expect(version(state, 'a')).toBe('90');
  expect(version(state, 'b')).toBeUndefined();
});

test('a list that comes in pages drops nothing before its end', () => {
  const state = mirror();
  state.replace([object('a', 1), object('b', 2), object('c', 3)], '5');
  state.told.length = 0;
  const listing = state.listing();
  listing.page([object('a', 1), object('new', 8)], '9');
  expect(state.told).toEqual(['set new -→8']);
  listing.page([object('c', 7)], '9');
  listing.end();
  expect(state.told).toEqual(['set new -→8', 'set c 3→7', 'gone b 2→2']);
});

test('a list of a restored backup that breaks off and begins again is still all that counts', () => {
  const state = mirror();
  state.replace([object('a', 900), object('b', 901), object('c', 902)], '1000');
  state.listing().page([object('a', 90)], '100');
  state.replace([object('a', 90), object('b', 91)], '105');
  expect(version(state, 'a')).toBe('90');
  expect(version(state, 'b')).toBe('91');
  expect(version(state, 'c')).toBeUndefined();
});

test('what is kept of an object can be chosen', () => {
  const state = makeMirrorState(
    { gvk },
    () => {},
    ({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }),
  );
  state.set({ ...object('a', 1), spec: { large: true } });
  expect(state.get('n', 'a')).not.toHaveProperty('spec');
});

test('an answer that no longer belongs here is gone', () => {
  const state = mirror({ labelSelector: 'of' });
  state.replace([object('a', 1)], '1');
  state.observe(object('a', 2, {}));
  expect(state.told).toEqual(['set a -→1', 'gone a 1→2']);
});

test('an answer of another namespace is not taken in', () => {
  const state = mirror({ namespace: 'elsewhere' });
  state.observe(object('a', 2));
  expect(state.all()).toEqual([]);
});

test('with a selector that cannot be judged here only the watch decides', () => {
  const state = mirror({ labelSelector: 'of in (a,b)' });
  state.observe(object('a', 2));
  expect(state.all()).toEqual([]);
  state.set(object('a', 3));
  expect(version(state, 'a')).toBe('3');
});

test.each([
  { name: 'larger', given: ['12', '9'], want: true },
  { name: 'equal', given: ['9', '9'], want: false },
  { name: 'beyond 2^53', given: ['9007199254740993', '9007199254740992'], want: true },
  { name: 'leading zeros', given: ['010', '9'], want: true },
  { name: 'no number at all', given: ['b', 'a'], want: true },
  { name: 'no number, but equal', given: ['a', 'a'], want: false },
])('versions: $name', ({ given: [version = '', than = ''], want }) => {
  expect(isNewer(version, than)).toBe(want);
});
