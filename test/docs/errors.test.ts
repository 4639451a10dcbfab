// docs/errors.md names every word by which Pawl says what is wrong, and no word that it does not say.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SIGNALS } from '../../src/model/signal.ts';

const root = new URL('../../', import.meta.url).pathname;
const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
const sources = globSync('src/**/*.ts', { cwd: root })
  .sort()
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** Where such words are made, and what of the source is one. Every place must give at least one. */
const PLACES: { name: string; in: RegExp; words: RegExp }[] = [
  {
    name: 'codes of errors and problems',
    in: /^src\//,
    words: /\bcode: (?:[^',;{}]*\?\? )?'([A-Z]\w+)'/g,
  },
  { name: 'reasons to hold', in: /^src\/decide\/decide\.ts$/, words: /\bheld\(\s*'([A-Z]\w+)'/g },
  {
    name: 'reasons of conditions, outcomes and refusals',
    in: /^src\/(?:decide|loop|model|record|verify)\//,
    words: /\breason: (?:[^',;{}]*[?:] )?'([A-Z]\w+)'/g,
  },
  {
    name: 'reasons that have a name in the code',
    in: /^src\/(?:decide|loop)\//,
    words: /\bconst [A-Z_]+ = '([A-Z]\w+)'/g,
  },
  { name: 'events', in: /^src\/record\/kube-event\.ts$/, words: /\b(?:normal|warning)\(\s*'([A-Z]\w+)'/g },
  {
    name: 'health',
    in: /^src\/verify\//,
    words: /\b(?:inProgress|failed)\(\s*'([A-Z]\w+)'/g,
  },
];

/** Members of a union type, one word each. */
function unionIn(path: string, type: string): string[] {
  const text = sources.find((source) => source.path === path)?.text ?? '';
  const body = new RegExp(`export type ${type} =([^;]*);`).exec(text)?.[1] ?? '';
  return [...body.matchAll(/'([A-Z]\w+)'/g)].map(([, word = '']) => word);
}

const UNIONS = [
  ['src/model/app.ts', 'Outcome'],
  ['src/model/plan.ts', 'RefusalKind'],
  ['src/render/problem.ts', 'ProblemCode'],
] as const;

/** Words of the page's tables: what stands in backticks in the first cell of a row. */
const explained = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([A-Z]\w+)`/g)])
  .map(([, word = '']) => word);

describe('docs/errors.md', () => {
  test.each(PLACES)('explains all $name', ({ in: where, words }) => {
    const said = sources
      .filter(({ path }) => where.test(path))
      .flatMap(({ text }) => [...text.matchAll(words)].map(([, word = '']) => word));
    expect(said.length).toBeGreaterThan(0);
    expect([...new Set(said)].filter((word) => !explained.includes(word))).toEqual([]);
  });

  test.each(UNIONS)('explains every word of the type in %s: %s', (path, type) => {
    const words = unionIn(path, type);
    expect(words.length).toBeGreaterThan(3);
    expect(words.filter((word) => !explained.includes(word))).toEqual([]);
  });

  test('explains every signal, with its threshold as it is', () => {
    for (const [name, { afterMs, count }] of Object.entries(SIGNALS)) {
      expect(page, name).toContain(`| \`${name}\` | ${afterMs / 1000} s | ${count} |`);
    }
  });

  test('explains a word once in a section', () => {
    for (const section of page.split(/^## /m)) {
      const words = section
        .split('\n')
        .filter((line) => line.startsWith('| `'))
        .map((line) => line.split('|')[1]?.trim());
      expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
    }
  });

  test('explains nothing that the sources do not say', () => {
    const all = sources.map(({ text }) => text).join('\n');
    const unknown = explained.filter((word) => !new RegExp(`\\b${word}\\b`).test(all));
    expect(unknown).toEqual([]);
  });
});
