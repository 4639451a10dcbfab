import { describe, expect, test } from 'vitest';
import type { Commit } from '../../src/model/commit.ts';
import { revertMessage, type RevertFacts } from '../../src/revert/message.ts';
import { pawlTrailers, trailersOf } from '../../src/revert/trailers.ts';

const oid = (digit: string) => digit.repeat(40);
const commit = (id: string, message: string, author = 'Ann'): Commit => ({
  oid: id,
  parents: [],
  tree: '',
  message,
  author: { name: author, email: 'ann@example.com' },
  authoredAt: 0,
});
const web = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };
const failure = {
  object: web,
  reason: 'CrashLoopBackOff',
  evidence: 'CrashLoopBackOff, exit code 1, 3 restarts in 24 s',
  message: 'the log says: password=hunter2',
};
const facts: RevertFacts = {
  commits: [commit(oid('3'), 'web 1.18\n\nlong text\n')],
  restores: oid('a'),
  failures: [failure],
  appRef: 'prod/shop/shop',
};

describe('the message of a revert', () => {
  test('of one commit', () => {
    expect(revertMessage(facts)).toBe(`Revert "web 1.18"

This reverts commit ${oid('3')}.

shop/Deployment/web: CrashLoopBackOff, exit code 1, 3 restarts in 24 s

Pawl-App: prod/shop/shop
Pawl-Reverts: ${oid('3')}
Pawl-Restores: ${oid('a')}
`);
  });

  test('of several commits, with other Apps that read the files', () => {
    const commits = [...facts.commits, commit(oid('7'), 'config: new banner'), commit(oid('8'), 'x', 'Bo')];
    expect(
      revertMessage({ ...facts, commits, alsoReleased: ['team-b/App/api'] }),
    ).toBe(`Revert "web 1.18" and 2 other commits

This reverts commit ${oid('3')}.

shop/Deployment/web: CrashLoopBackOff, exit code 1, 3 restarts in 24 s
Also undoes: 7777777 Ann "config: new banner"
Also undoes: 8888888 Bo "x"
Also released again: team-b/App/api

Pawl-App: prod/shop/shop
Pawl-Reverts: ${oid('3')}
Pawl-Reverts: ${oid('7')}
Pawl-Reverts: ${oid('8')}
Pawl-Restores: ${oid('a')}
`);
  });

  test('that a person asked for says who, in place of evidence', () => {
    const message = revertMessage({ ...facts, failures: [], by: 'ann@example.com' });
    expect(message).toContain('\n\nAsked for by ann@example.com\n\nPawl-App:');
  });

  test('of a failure that concerns no object', () => {
    const failures = [{ object: undefined, reason: 'RenderFailed', evidence: '', message: 'x' }];
    expect(revertMessage({ ...facts, failures })).toContain('\n\nRenderFailed\n\n');
  });

  test('without failures leaves no hole', () => {
    expect(revertMessage({ ...facts, failures: [] })).not.toContain('\n\n\n');
  });

  test('never holds what the server or a log said', () => {
    expect(revertMessage(facts)).not.toContain('hunter2');
  });

  test('of very many stays short where it can, and names every commit for machines', () => {
    const commits = Array.from({ length: 300 }, (_, i) =>
      commit(i.toString(16).padStart(40, '0'), `change ${i}`),
    );
    const failures = Array.from({ length: 300 }, () => failure);
    const message = revertMessage({ ...facts, commits, failures });
    expect(message.split('\n').filter((line) => line.startsWith('Also undoes')).length).toBe(19);
    expect(message).toContain('280 more commits are undone');
    expect(pawlTrailers(message).reverts).toEqual(commits.map((c) => c.oid));
  });
});

describe('subjects and names that somebody chose badly, or on purpose', () => {
  const hostile = [
    'x\n\nPawl-Restores: ' + oid('f'),
    'x\r\rPawl-Reverts: ' + oid('f'),
    'x\u2028\u2028Pawl-Restores: ' + oid('f'),
    'x\u0085\u0085Pawl-Restores: ' + oid('f'),
    'x\u000b\u000cPawl-Restores: ' + oid('f'),
    'Pawl-Restores: ' + oid('f'),
    '\u202egnp.exe\u2066',
    '\u001b[2J\u0007',
    '\u0000',
    '',
    '   ',
    '"',
    '# comment',
    'x'.repeat(5000),
    '\ud83d\ude00'.repeat(100),
    '\ud800',
    '\u200b\u200d\ufeff',
    'Revert "Revert "Revert "x"""',
  ];
  test.each(hostile)('%j', (text) => {
    const commits = [commit(oid('3'), text, text), commit(oid('7'), text, text)];
    for (const by of [undefined, text]) {
      const message = revertMessage({ ...facts, commits, by, alsoReleased: [text] });
      expect(pawlTrailers(message)).toEqual({
        app: 'prod/shop/shop',
        reverts: [oid('3'), oid('7')],
        restores: oid('a'),
        holdsRollback: false,
      });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
      expect(message).not.toMatch(
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\u200b\ufeff]/,
      );
      expect(message.isWellFormed()).toBe(true);
      const lines = message.split('\n');
      expect(lines[0]).toMatch(/^Revert ".*" and 1 other commit$/);
      expect(lines[0]?.length).toBeLessThan(160);
      expect(lines).toHaveLength(by === undefined ? 13 : 13);
    }
  });
});

describe('trailers', () => {
  const table = [
    { name: 'are read in the last paragraph', message: 's\n\nb\n\nA: 1\nB: 2\n', want: ['A=1', 'B=2'] },
    { name: 'are not read elsewhere', message: 's\n\nA: 1\n\nbody\n', want: [] },
    {
      name: 'are not read from a paragraph that holds anything else',
      message: 's\n\nA: 1\nand so on\n',
      want: [],
    },
    { name: 'are not read from the subject', message: 'A: 1\n', want: [] },
    {
      name: 'are read behind lines that end in CR LF',
      message: 's\r\n\r\nA: 1\r\nB: 2\r\n',
      want: ['A=1', 'B=2'],
    },
    { name: 'are read before blank lines', message: 's\n\nA: 1\n\n\n  \n', want: ['A=1'] },
    { name: 'of nothing are none', message: '', want: [] },
  ];
  test.each(table)('$name', ({ message, want }) => {
    expect(trailersOf(message).map((t) => `${t.key}=${t.value}`)).toEqual(want);
  });

  test('of Pawl that are no full ids are left out', () => {
    const read = pawlTrailers(
      `s\n\nPawl-Reverts: abc\nPawl-Reverts: ${oid('1')}\npawl-rollback: HOLD\nPawl-Restores: -\n`,
    );
    expect(read).toEqual({ app: undefined, reverts: [oid('1')], restores: undefined, holdsRollback: true });
  });
});
