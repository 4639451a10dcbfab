import { describe, expect, test } from 'vitest';
import { isBranchName, placeOf } from '../../../src/adapters/git/url.ts';

const shop = { url: 'https://git.example.com/team/shop.git', branch: 'main' };

describe('one repository has one key, however it is spelled', () => {
  const same = [
    'https://git.example.com/team/shop',
    'https://git.example.com/team/shop/',
    'https://git.example.com/team/shop.git/',
    'HTTPS://GIT.example.com:443/team/shop.git',
    'https://git.example.com/team//shop.git',
    'https://git.example.com/other/../team/shop.git',
  ];
  test.each(same)('%s', (url) => {
    expect(placeOf({ ...shop, url }).key).toBe(placeOf(shop).key);
  });
});

describe('what is another repository or branch has another key', () => {
  const other = [
    { name: 'another branch', place: { ...shop, branch: 'next' } },
    { name: 'another path', place: { ...shop, url: 'https://git.example.com/team/shop2' } },
    { name: 'another case', place: { ...shop, url: 'https://git.example.com/team/Shop' } },
    { name: 'another host', place: { ...shop, url: 'https://git.example.org/team/shop' } },
    { name: 'another port', place: { ...shop, url: 'https://git.example.com:8443/team/shop' } },
  ];
  test.each(other)('$name', ({ place }) => {
    expect(placeOf(place).key).not.toBe(placeOf(shop).key);
  });
});

describe('URLs that are refused', () => {
  const table = [
    { url: 'ssh://git@git.example.com/team/shop.git', want: 'GitUnsupported' },
    { url: 'git@git.example.com:team/shop.git', want: 'GitUnsupported' },
    { url: 'https://ann:hunter2@git.example.com/team/shop.git', want: 'GitBadUrl' },
    { url: 'https://hunter2@git.example.com/team/shop.git', want: 'GitBadUrl' },
    { url: 'file:///etc/passwd', want: 'GitBadUrl' },
    { url: 'git://git.example.com/shop.git', want: 'GitBadUrl' },
    { url: 'https://git.example.com/shop.git?token=hunter2', want: 'GitBadUrl' },
    { url: 'https://git.example.com/shop.git#hunter2', want: 'GitBadUrl' },
    { url: 'shop.git', want: 'GitBadUrl' },
    { url: '', want: 'GitBadUrl' },
  ];
  test.each(table)('$url: $want, without repeating what may be secret', ({ url, want }) => {
    let error: unknown;
    try {
      placeOf({ ...shop, url });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: want, hint: expect.any(String) });
    expect((error as Error).message).not.toContain('hunter2');
  });
});

describe('names of branches', () => {
  const good = ['main', 'release/1.18', 'ü', 'a-b_c.d', 'feature/@x'];
  const bad = [
    '',
    '@',
    '-f',
    '../x',
    'a..b',
    'a//b',
    '/a',
    'a/',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[',
    'a\\b',
    'a\nb',
    'a\u0000',
    '.a',
    'a/.b',
    'a.lock',
    'a.',
    'a@{0}',
    'x'.repeat(201),
  ];
  test.each(good)('%j is one', (name) => expect(isBranchName(name)).toBe(true));
  test.each(bad)('%j is none', (name) => {
    expect(isBranchName(name)).toBe(false);
    expect(() => placeOf({ ...shop, branch: name })).toThrow(
      expect.objectContaining({ code: 'GitBadBranch' }),
    );
  });
});
