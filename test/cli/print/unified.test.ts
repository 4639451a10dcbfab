import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { diffLines, unified } from '../../../src/cli/print/unified.ts';

const names = { before: 'a/file', after: 'b/file' };

describe('a unified diff', () => {
  test.each([
    { name: 'equal texts', before: 'a\nb\n', after: 'a\nb\n', want: [] },
    { name: 'two empty texts', before: '', after: '', want: [] },
    {
      name: 'a changed line',
      before: 'a\nb\nc\n',
      after: 'a\nB\nc\n',
      want: ['--- a/file', '+++ b/file', '@@ -1,3 +1,3 @@', ' a', '-b', '+B', ' c'],
    },
    {
      name: 'a new file',
      before: undefined,
      after: 'a\n',
      want: ['--- /dev/null', '+++ b/file', '@@ -0,0 +1 @@', '+a'],
    },
    {
      name: 'a removed file',
      before: 'a\n',
      after: undefined,
      want: ['--- a/file', '+++ /dev/null', '@@ -1 +0,0 @@', '-a'],
    },
    {
      name: 'a last line that loses its end',
      before: 'a\n',
      after: 'a',
      want: ['--- a/file', '+++ b/file', '@@ -1 +1 @@', '-a', '+a', '\\ No newline at end of file'],
    },
  ])('$name', ({ before, after, want }) => {
    expect(unified(before, after, names)).toEqual(want);
  });

  test('changes that are far apart stand in hunks of their own, near ones in one', () => {
    const lines = Array.from({ length: 30 }, (_, i) => `line ${i}\n`);
    const changed = (...at: number[]) => lines.map((line, i) => (at.includes(i) ? 'new\n' : line)).join('');
    const hunks = (after: string) =>
      unified(lines.join(''), after, names).filter((line) => line.startsWith('@@'));
    expect(hunks(changed(5, 25))).toEqual(['@@ -3,7 +3,7 @@', '@@ -23,7 +23,7 @@']);
    expect(hunks(changed(5, 13))).toEqual(['@@ -3,7 +3,7 @@', '@@ -11,7 +11,7 @@']);
    expect(hunks(changed(5, 12))).toEqual(['@@ -3,14 +3,14 @@']);
  });

  test('git applies it, whatever the texts are', () => {
    const random = pseudoRandom(7);
    const dir = mkdtempSync(join(tmpdir(), 'pawl-test-diff-'));
    try {
      for (let round = 0; round < 40; round++) {
        const before = randomText(random);
        const after = round % 3 === 0 ? randomText(random) : edited(before, random);
        const lines = unified(before, after, names);
        if (lines.length === 0) {
          expect(after).toBe(before);
          continue;
        }
        const file = join(dir, 'file');
        writeFileSync(file, before);
        execFileSync('git', ['apply', '--unidiff-zero', '-'], { cwd: dir, input: `${lines.join('\n')}\n` });
        expect(existsSync(file) ? readFileSync(file, 'utf8') : '').toBe(after);
        rmSync(file, { force: true });
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('it is as short as can be', () => {
    const before = 'abcabba'.split('');
    const after = 'cbabac'.split('');
    expect(diffLines(before, after).filter((line) => line.kind !== 'same')).toHaveLength(5);
  });

  test('two long texts that have nothing in common take no time', () => {
    const many = (word: string) => Array.from({ length: 20_000 }, (_, i) => `${word} ${i}\n`).join('');
    const started = performance.now();
    expect(unified(many('a'), many('b'), names)).toHaveLength(40_003);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

function pseudoRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

function randomText(random: (below: number) => number): string {
  const lines = Array.from({ length: 1 + random(25) }, () => 'abcdef'[random(6)]);
  return lines.join('\n') + (random(4) === 0 ? '' : '\n');
}

function edited(text: string, random: (below: number) => number): string {
  const lines = text.split('\n');
  for (let i = 0; i < 3; i++) lines.splice(random(lines.length), random(2), 'x');
  return lines.join('\n');
}
