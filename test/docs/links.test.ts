// Links of the documentation lead somewhere, and the files that the architecture names are there.

import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const pages = globSync(['*.md', 'docs/**/*.md', 'controlplane/*.md'], { cwd: root });
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** As GitHub makes an anchor of a heading. */
function anchorsOf(path: string): string[] {
  return [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test.each(pages)('the links of %s lead to files and headings', (page) => {
  const broken = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? page : normalize(join(dirname(page), file));
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
  expect(broken).toEqual([]);
});

test('every file that is named in docs/ARCHITECTURE.md and in the decisions exists', () => {
  const missing = pages
    .filter((page) => page.startsWith('docs/'))
    .flatMap((page) => [...read(page).matchAll(/`([\w.-]+(?:\/[\w.-]+)+\.(?:ts|yaml|json|mod))`/g)])
    .map(([, path = '']) => path)
    .filter((path) => !['', 'src'].some((folder) => existsSync(join(root, folder, path))))
    .filter((path) => !path.startsWith('dist/'));
  expect([...new Set(missing)]).toEqual([]);
});
