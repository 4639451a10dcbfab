import { expect, test } from 'vitest';
import { contestedForMs, contestedNow, noteCorrected } from '../../src/loop/contested.ts';
import type { Drifted } from '../../src/loop/context.ts';

const KEY = 'shop/Deployment.apps/web';

function memory() {
  return {
    contested: new Map<string, number>(),
    corrections: new Map<string, number[]>(),
    drifted: new Map<string, Drifted>(),
  };
}

/** Somebody changed it; it is set back where it may be. */
function setBack(session: ReturnType<typeof memory>, atMs: number): 'set back' | number {
  const restMs = contestedForMs(session, KEY, true, atMs);
  if (restMs === undefined) noteCorrected(session, KEY, atMs);
  return restMs ?? 'set back';
}

/** Changed at these times (s), each a change of somebody: what is done about each. */
function play(changes: number[]): ('set back' | number)[] {
  const session = memory();
  return changes.map((at) => setBack(session, at * 1000));
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
  for (const at of [0, 1, 2, 3, 4]) expect(setBack(session, at * 1000)).toBe('set back');
  expect(contestedForMs(session, KEY, true, 5_000)).toBe(60_000);
  // Another object drifts: this one is looked at, too.
  expect(contestedForMs(session, KEY, false, 25_000)).toBe(40_000);
  expect(contestedForMs(session, 'shop/ConfigMap/web', true, 25_000)).toBeUndefined();
  expect(contestedForMs(session, KEY, false, 65_000)).toBeUndefined();
  expect(session.contested.size).toBe(0);
});

test('a correction that the server refuses again and again is nobody’s contest', () => {
  const session = memory();
  expect(contestedForMs(session, KEY, true, 0)).toBeUndefined();
  for (const at of [5, 10, 15, 20, 25, 30])
    expect(contestedForMs(session, KEY, false, at * 1000)).toBeUndefined();
  // Nor is what is changed all the time meanwhile: none of it was set back.
  for (const at of [31, 32, 33, 34, 35, 36])
    expect(contestedForMs(session, KEY, true, at * 1000)).toBeUndefined();
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
