// How people name Apps, commits, durations and kubeconfigs.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { App } from '../../src/model/app.ts';
import { appNameOf } from '../../src/cli/app.ts';
import { timeoutOf } from '../../src/cli/flags.ts';
import { chooseKubeconfig } from '../../src/cli/kubeconfig.ts';
import { complete, onBranch, parseRevision } from '../../src/cli/revision.ts';

const full = '3f2a9c1'.padEnd(40, '0');

describe('the name of an App', () => {
  test.each([
    { text: 'shop', flag: undefined, want: 'current/shop' },
    { text: 'shop', flag: 'team', want: 'team/shop' },
    { text: 'team/shop', flag: undefined, want: 'team/shop' },
    { text: 'team/shop', flag: 'team', want: 'team/shop' },
    { text: 'team/shop', flag: 'other', want: 'BadName' },
    { text: '', flag: undefined, want: 'BadName' },
    { text: 'a/b/c', flag: undefined, want: 'BadName' },
    { text: '../secrets', flag: undefined, want: 'BadName' },
    { text: 'Shop', flag: undefined, want: 'BadName' },
    { text: 'shop?watch=1', flag: undefined, want: 'BadName' },
    { text: '/shop', flag: undefined, want: 'BadName' },
  ])('$text with --namespace $flag: $want', ({ text, flag, want }) => {
    expect(outcome(() => Object.values(appNameOf(text, flag, 'current')).join('/'))).toBe(want);
  });
});

describe('the name of a commit', () => {
  test.each([
    { text: full, want: `${full} of undefined` },
    { text: full.toUpperCase(), want: `${full} of undefined` },
    { text: '3f2a9c1', want: '3f2a9c1 of undefined' },
    { text: `main@sha1:${full}`, want: `${full} of main` },
    { text: `release/1.0@sha1:${full}`, want: `${full} of release/1.0` },
    { text: '3f2a9c', want: 'BadRevision' },
    { text: `${full}0`, want: 'BadRevision' },
    { text: 'main', want: 'BadRevision' },
    { text: 'HEAD~1', want: 'BadRevision' },
    { text: '', want: 'BadRevision' },
    { text: `@sha1:${full}`, want: 'BadRevision' },
  ])('$text', ({ text, want }) => {
    expect(
      outcome(() => {
        const { hex, branch } = parseRevision(text);
        return `${hex} of ${branch}`;
      }),
    ).toBe(want);
  });

  test('a start names the one commit that starts with it', () => {
    const known = [`${'a'.repeat(39)}1`, `${'a'.repeat(39)}2`, 'b'.repeat(40), 'b'.repeat(40)];
    expect(complete('bbbbbbb', known)).toBe('b'.repeat(40));
    expect(complete('ccccccc', known)).toBeUndefined();
    expect(outcome(() => complete('aaaaaaa', known) ?? '')).toBe('AmbiguousRevision');
  });

  test('a revision of another branch is refused', () => {
    const app = {
      metadata: { name: 'shop' },
      spec: { source: { url: '', branch: 'main' } },
    } as unknown as App;
    expect(outcome(() => onBranch(parseRevision(`next@sha1:${full}`), app))).toBe('BadRevision');
    expect(outcome(() => onBranch(parseRevision(`main@sha1:${full}`), app))).toBeUndefined();
  });
});

describe('--timeout', () => {
  test.each([
    { text: '90s', want: 90_000 },
    { text: '1m30s', want: 90_000 },
    { text: '0', want: 0 },
  ])('$text is $want ms', ({ text, want }) => {
    expect(timeoutOf(text)).toBe(want);
  });

  test.each(['10', '-1s', 'soon', '', '8760h'])('%s is refused', (text) => {
    expect(() => timeoutOf(text)).toThrow(/Write it like/);
  });
});

describe('the kubeconfig of a user', () => {
  const usual = join('/home/ann', '.kube', 'config');
  test.each<{ name: string; flag?: string; env: NodeJS.ProcessEnv; there: string[]; want: object }>([
    {
      name: 'the flag first',
      flag: 'f',
      env: { KUBECONFIG: 'e' },
      there: ['e', usual],
      want: { files: ['f'] },
    },
    { name: 'then KUBECONFIG', env: { KUBECONFIG: 'e' }, there: ['e', usual], want: { files: ['e'] } },
    {
      name: 'which may name several',
      env: { KUBECONFIG: 'e::g' },
      there: ['e', 'g'],
      want: { files: ['e', 'g'] },
    },
    {
      name: 'of which some may be missing',
      env: { KUBECONFIG: 'e:g' },
      there: ['g'],
      want: { files: ['g'] },
    },
    { name: 'but not all', env: { KUBECONFIG: 'e:g' }, there: [usual], want: { files: ['e'] } },
    { name: 'then the usual file', env: { KUBECONFIG: '' }, there: [usual], want: { files: [usual] } },
    {
      name: 'then the pod',
      env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
      there: [],
      want: { inCluster: true },
    },
  ])('$name', ({ flag, env, there, want }) => {
    const exists = (path: string) => there.includes(path);
    expect(chooseKubeconfig({ flag, env, homeDir: '/home/ann', exists })).toEqual(want);
  });

  test('none is an error that says where it looked', () => {
    const facts = { flag: undefined, env: {}, homeDir: '/home/ann', exists: () => false };
    expect(() => chooseKubeconfig(facts)).toThrow(usual);
  });
});

function outcome(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
