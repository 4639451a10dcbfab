import { expect, test } from 'vitest';
import { contestedForMs, contestedNow } from '../../src/loop/contested.ts';
import type { Drifted } from '../../src/loop/context.ts';

const KEY = 'shop/Deployment.apps/web';

function memory() {
  return {
    contested: new Map<string, number>(),
    corrections: new Map<string, number[]>(),
    drifted: new Map<string, Drifted>(),
  };
}

/** Changed at these times (s), each a change of somebody: what is done about each. */
function play(changes: number[]): ('set back' | number)[] {
  const session = memory();
  return changes.map((at) => contestedForMs(session, KEY, true, at * 1000) ?? 'set back');
}

test.each<{ name: string; given: number[]; want: ('set back' | number)[] }>([
  {
    name: 'now and then is set back each time',
    given: [0, 20, 40, 60, 80, 100, 120],
    want: Array(7).fill('set back'),
  },
  {
    name: 'the sixth time within a minute is left for a minute',
    given: [0, 1, 2, 3, 4, 5],
    want: [...Array(5).fill('set back'), 60_000],
  },
  {
    name: 'while they go on it stays left, however long',
    given: [0, 1, 2, 3, 4, 5, 50, 100, 155, 200],
    want: [...Array(5).fill('set back'), 60_000, 60_000, 60_000, 60_000, 60_000],
  },
  {
    name: 'after a minute of peace it is set back',
    given: [0, 1, 2, 3, 4, 5, 66],
    want: [...Array(5).fill('set back'), 60_000, 60_000],
  },
])('who changes an object again $name', ({ given, want }) => {
  expect(play(given)).toEqual(want);
});

test('it is set back when the time has come and nobody has changed it again', () => {
  const session = memory();
  for (const at of [0, 1, 2, 3, 4]) expect(contestedForMs(session, KEY, true, at * 1000)).toBeUndefined();
  expect(contestedForMs(session, KEY, true, 5_000)).toBe(60_000);
  // Another object drifts: this one is looked at, too.
  expect(contestedForMs(session, KEY, false, 25_000)).toBe(40_000);
  expect(contestedForMs(session, 'shop/ConfigMap/web', true, 25_000)).toBeUndefined();
  expect(contestedForMs(session, KEY, false, 65_000)).toBeUndefined();
  expect(session.contested.size).toBe(0);
});

test('what is contested is named with field and manager, on one line', () => {
  const session = memory();
  expect(contestedNow(session)).toBeUndefined();
  session.contested.set(KEY, 0).set('shop/Service/web', 0).set('shop/ConfigMap/over', 0);
  const fields = [{ path: 'metadata.annotations[a\nb]', desired: 'x', found: 'y' }];
  session.drifted.set(KEY, { fields, manager: 'a\u202eb', deleted: false });
  session.drifted.set('shop/Service/web', { fields: [], manager: 'kubectl', deleted: true });
  expect(contestedNow(session)).toBe(
    'contested: shop/Deployment/web metadata.annotations[a b], which is changed again each time it is set back, by a b; and 1 more objects',
  );
});
