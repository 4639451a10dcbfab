import { expect, test } from 'vitest';
import { type Check, describe as lines, failing } from '../../src/demo/check.ts';

const cases: { name: string; given: Check; fails: boolean }[] = [
  { name: 'equal values', given: { what: 'x', want: 'a', found: 'a' }, fails: false },
  { name: 'equal lists', given: { what: 'x', want: ['a'], found: ['a'] }, fails: false },
  { name: 'another value', given: { what: 'x', want: 'a', found: 'b' }, fails: true },
  { name: 'another order', given: { what: 'x', want: ['a', 'b'], found: ['b', 'a'] }, fails: true },
  { name: 'nothing found', given: { what: 'x', want: 'a', found: undefined }, fails: true },
  { name: 'true is not the same as something', given: { what: 'x', want: true, found: 'yes' }, fails: true },
  { name: '3 is not "3"', given: { what: 'x', want: 3, found: '3' }, fails: true },
];

test.each(cases)('$name: fails $fails', ({ given, fails }) => {
  expect(failing([given])).toEqual(fails ? [given] : []);
});

test('a check that failed is told with what was expected and what was found', () => {
  expect(lines({ what: 'the head of the branch', want: 'abc', found: undefined })).toEqual([
    'not so: the head of the branch',
    '  expected "abc"',
    '  found    nothing',
  ]);
  expect(lines({ what: 'x', want: 1, found: 'y'.repeat(9_999) })[2]?.length).toBeLessThan(400);
});
