// docs/operations.md says of every reason that `Ready` may have what to do.
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/operations.md'), 'utf8');
const sources = globSync('src/loop/**/*.ts', { cwd: root })
  .sort()
  .map((path) => readFileSync(join(root, path), 'utf8'));

/** What stands in backticks in the first cell of a row. */
const explained = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([A-Z]\w+)`/g)])
  .map(([, word]) => word);

test.each([
  { name: 'states', words: /\bready: '\w+'(?: as const)?, reason: (?:[^',;{}]*'\w+' \? )?'([A-Z]\w+)'/g },
  { name: 'Apps that wait for others', words: /'(Dependency[A-Z]\w+)'/g },
])('the table of reasons holds those of $name', ({ words }) => {
  const said = sources.flatMap((text) => [...text.matchAll(words)].map(([, word]) => word));
  expect(new Set(said).size).toBeGreaterThan(2);
  expect([...new Set(said)].filter((word) => !explained.includes(word))).toEqual([]);
});
