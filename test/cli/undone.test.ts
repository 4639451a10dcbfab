import { describe, expect, test } from 'vitest';
import { undoneIn } from '../../src/cli/undone.ts';

const id = (letter: string) => letter.repeat(40);
const [a, b, c, d] = [id('a'), id('b'), id('c'), id('d')];
const shop = { namespace: 'team-a', name: 'shop' };

describe('commits that later ones undo', () => {
  test.each([
    { name: 'git revert', message: `Revert "x"\n\nThis reverts commit ${a}.\n`, want: [a] },
    {
      name: 'a revert by Pawl of several',
      message: `Revert "x"\n\nThis reverts commit ${a}.\n\nPawl-App: c/team-a/shop\nPawl-Reverts: ${a}\nPawl-Reverts: ${b}\nPawl-Restores: ${c}\n`,
      want: [a, b],
    },
    {
      name: 'a revert by Pawl for another App',
      message: `Revert "x"\n\nThis reverts commit ${a}.\n\nPawl-App: c/team-b/shop\nPawl-Reverts: ${a}\n`,
      want: [],
    },
    {
      name: 'an App whose name ends like this one',
      message: `x\n\nPawl-App: c/team-a/bookshop\nPawl-Reverts: ${a}\n`,
      want: [],
    },
    {
      name: 'Windows line ends',
      message: `x\r\n\r\nPawl-App: c/team-a/shop\r\nPawl-Reverts: ${a}\r\n`,
      want: [a],
    },
    { name: 'a shortened id', message: `This reverts commit ${a.slice(0, 12)}.`, want: [] },
    { name: 'an id that is longer than one', message: `This reverts commit ${a}aa.`, want: [] },
    { name: 'a word in a sentence', message: `Perhaps This reverts commit ${a}.`, want: [] },
    { name: 'no message', message: '', want: [] },
  ])('$name', ({ message, want }) => {
    expect([...undoneIn([{ oid: d, message }], shop).keys()]).toEqual(want);
  });

  test('a revert that was reverted undoes nothing, and a third revert undoes it again', () => {
    const revert = (oid: string, target: string) => ({ oid, message: `This reverts commit ${target}.` });
    expect(undoneIn([revert(c, b), revert(b, a)], shop)).toEqual(new Map([[b, c]]));
    expect(undoneIn([revert(d, c), revert(c, b), revert(b, a)], shop)).toEqual(
      new Map([
        [c, d],
        [a, b],
      ]),
    );
  });
});
