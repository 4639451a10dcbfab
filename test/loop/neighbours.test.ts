import { describe, expect, test } from 'vitest';
import { Neighbours } from '../../src/loop/neighbours.ts';
import { RenderedKeys } from '../../src/loop/rendered-keys.ts';
import { Wakes } from '../../src/loop/wakes.ts';

const app = (name: string) => ({ name: { namespace: 'shop', name }, wakes: new Wakes() });

function two() {
  const neighbours = new Neighbours();
  const plans = (name: string, ...keys: string[]) => neighbours.plans(name, app(name), new Set(keys));
  return { neighbours, plans };
}

describe('a claim', () => {
  test('is nothing that a manifest makes: only one whose dry-run passed is first', () => {
    const { neighbours, plans } = two();
    plans('intruder', 'new');
    plans('a', 'new');
    expect(neighbours.firstBeside('a', 'new')).toBeUndefined();
    expect(neighbours.claims('a', 'new')).toBeUndefined();
    expect(neighbours.claims('intruder', 'new')).toEqual({ namespace: 'shop', name: 'a' });
  });

  test.each(['refused', 'blocked'] as const)('does not outlive a plan that was %s', (outcome) => {
    const { neighbours, plans } = two();
    plans('b', 'new', 'forbidden');
    neighbours.claims('b', 'new');
    neighbours.planned('b', outcome);
    plans('a', 'new');
    expect(neighbours.firstBeside('a', 'new')).toBeUndefined();
  });

  test('stands once the plan is taken, for all that it renders, and until the App is gone', () => {
    const { neighbours, plans } = two();
    plans('a', 'new', 'later');
    neighbours.claims('a', 'new');
    neighbours.planned('a', 'taken');
    for (const key of ['new', 'later'])
      expect(neighbours.firstBeside('b', key)).toEqual({ namespace: 'shop', name: 'a' });
    neighbours.leaves('a');
    expect(neighbours.firstBeside('b', 'new')).toBeUndefined();
  });
});

describe('Apps that swap objects in one commit', () => {
  test('do not wait for each other: one that has begun nothing lets go of what it is to lose', () => {
    const { neighbours, plans } = two();
    plans('a', 'x');
    plans('b', 'y');
    for (const name of ['a', 'b']) neighbours.rests(name);
    plans('a', 'y');
    plans('b', 'x');
    expect(neighbours.holds('b', 'y').kind).toBe('unsettled');
    neighbours.planned('a', 'blocked');
    neighbours.planned('b', 'blocked');
    // Also where both try again at the same moment.
    plans('a', 'y');
    plans('b', 'x');
    expect([neighbours.holds('b', 'y').kind, neighbours.holds('a', 'x').kind]).toEqual(['let-go', 'let-go']);
  });

  test('keep what they have while a release is under way, or was refused for another reason', () => {
    const { neighbours, plans } = two();
    plans('a', 'y');
    neighbours.planned('a', 'blocked');
    expect(neighbours.holds('a', 'x').kind).toBe('let-go');
    expect(neighbours.holds('a', 'y').kind).toBe('renders');
    neighbours.planned('a', 'taken');
    expect(neighbours.holds('a', 'x').kind).toBe('unsettled');
    neighbours.planned('a', 'refused');
    expect(neighbours.holds('a', 'x').kind).toBe('unsettled');
    neighbours.planned('a', 'blocked');
    plans('a', 'y', 'more');
    expect(neighbours.holds('a', 'x').kind).toBe('unsettled');
  });
});

describe('what an App renders at a commit', () => {
  test('is rendered once for all who ask, at any commit with the same content', async () => {
    const rendered = new RenderedKeys();
    let renders = 0;
    let looks = 0;
    const ask = (commit: string, content: string) =>
      rendered.at(
        `shop/a/spec/${commit}`,
        () => {
          looks++;
          return Promise.resolve(content);
        },
        () => {
          renders++;
          const keys = new Set([content]);
          rendered.note(content, keys);
          return Promise.resolve(keys);
        },
      );
    for (let i = 0; i < 100; i++) expect(await ask('one', 'this')).toEqual(new Set(['this']));
    for (let i = 0; i < 100; i++) await ask('two', 'this');
    expect([renders, looks]).toEqual([1, 2]);
    expect(await ask('three', 'that')).toEqual(new Set(['that']));
    expect([renders, looks]).toEqual([2, 3]);
  });

  test('is known from its own render, and so is that it cannot be rendered', async () => {
    const rendered = new RenderedKeys();
    rendered.note('bad', undefined);
    const never = () => Promise.reject(new Error('rendered again'));
    expect(await rendered.at('one', () => Promise.resolve('bad'), never)).toBeUndefined();
  });
});
