import { describe, expect, test } from 'vitest';
import type { App, AppSpec } from '../../src/model/app.ts';
import { applySetId, resolveApp, sourceKey } from '../../src/model/resolve.ts';
import type { SpecRefusal } from '../../src/model/resolve.ts';
import type { Settings } from '../../src/model/settings.ts';
import { SIGNALS } from '../../src/model/signal.ts';

const URL_ = 'https://git.example.com/team/shop.git';

function app(spec: Partial<AppSpec> = {}): App {
  return {
    apiVersion: 'pawl.dev/v1alpha1',
    kind: 'App',
    metadata: { name: 'shop', namespace: 'team', uid: 'u', generation: 3 },
    spec: { source: { url: URL_ }, serviceAccountName: 'deployer', ...spec },
  };
}

function settings(spec: Partial<AppSpec> = {}): Settings {
  const result = resolveApp(app(spec));
  if ('refused' in result) throw new Error(JSON.stringify(result.refused));
  return result.ok;
}

function refused(spec: Partial<AppSpec>): SpecRefusal[] {
  const result = resolveApp(app(spec));
  return 'refused' in result ? result.refused : [];
}

const source = (more: Partial<AppSpec['source']>): Partial<AppSpec> => ({ source: { url: URL_, ...more } });

test('fills in every default', () => {
  expect(settings()).toEqual({
    namespace: 'team',
    name: 'shop',
    uid: 'u',
    generation: 3,
    source: { url: URL_, branch: 'main', path: '', secretName: undefined },
    schedule: '*/30 * * * * *',
    defaultNamespace: 'team',
    serviceAccountName: 'deployer',
    dependsOn: [],
    prune: true,
    drift: 'Correct',
    deletion: 'Orphan',
    health: { timeoutMs: 300_000, soakMs: 0, thresholds: SIGNALS, kinds: [], checks: [] },
    rollback: {
      mode: 'Revert',
      limit: { reverts: 3, perMs: 3_600_000 },
      author: { name: 'Pawl', email: 'pawl@example.com' },
    },
    suspend: false,
    specHash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test('takes what is given', () => {
  const given = settings({
    source: { url: URL_, branch: 'release/1.x', path: './deploy//prod/', secretRef: { name: 'git' } },
    schedule: '0 * * * *',
    defaultNamespace: 'shop',
    prune: false,
    drift: 'Report',
    deletion: 'Prune',
    health: {
      timeout: '90s',
      soak: '1m',
      thresholds: { CrashLoopBackOff: { count: 5 }, ImagePull: { after: '1m' } },
    },
    rollback: { mode: 'Hold', limit: { reverts: 0, per: '24h' }, author: { name: 'Bot', email: 'bot@x' } },
    suspend: true,
  });
  expect(given).toMatchObject({
    source: { branch: 'release/1.x', path: 'deploy/prod', secretName: 'git' },
    schedule: '0 * * * *',
    defaultNamespace: 'shop',
    prune: false,
    drift: 'Report',
    deletion: 'Prune',
    health: { timeoutMs: 90_000, soakMs: 60_000 },
    rollback: {
      mode: 'Hold',
      limit: { reverts: 0, perMs: 86_400_000 },
      author: { name: 'Bot', email: 'bot@x' },
    },
    suspend: true,
  });
  expect(given.health.thresholds).toEqual({
    ...SIGNALS,
    CrashLoopBackOff: { afterMs: 0, count: 5 },
    ImagePull: { afterMs: 60_000, count: 1 },
  });
});

describe('one repository has one URL', () => {
  test.for([
    { given: 'https://GIT.Example.com/team/Shop.git', want: 'https://git.example.com/team/Shop.git' },
    { given: 'https://git.example.com:443/team/shop.git/', want: 'https://git.example.com/team/shop.git' },
    { given: 'http://127.0.0.1:3000/a.git', want: 'http://127.0.0.1:3000/a.git' },
    { given: 'HTTPS://git.example.com/a', want: 'https://git.example.com/a' },
  ])('$given', ({ given, want }) => {
    expect(settings(source({ url: given })).source.url).toBe(want);
  });
});

describe('what the design has and this version has not is refused by its name', () => {
  test.for<{ name: string; given: Partial<AppSpec> }>([
    { name: 'spec.source.verify', given: source({ verify: { keys: ['a'] } }) },
    { name: 'spec.rollback.mode PullRequest', given: { rollback: { mode: 'PullRequest' } } },
    { name: 'spec.rollback.scope Commit', given: { rollback: { scope: 'Commit' } } },
    { name: 'spec.rollback.shared Hold', given: { rollback: { shared: 'Hold' } } },
    { name: 'spec.rollback.whileUnmerged Restore', given: { rollback: { whileUnmerged: 'Restore' } } },
    { name: 'spec.rollback.signingKeyRef', given: { rollback: { signingKeyRef: { name: 'key' } } } },
  ])('$name', ({ name, given }) => {
    expect(refused(given)).toEqual([
      {
        reason: 'NotSupported',
        message: `${name} is not supported by this version of Pawl`,
        hint: expect.any(String),
      },
    ]);
  });

  test('but not while it asks for nothing', () => {
    expect(
      refused({
        source: { url: URL_, verify: {} },
        dependsOn: [],
        health: { checks: [], kinds: [] },
        rollback: { scope: 'App', shared: 'Revert', whileUnmerged: 'Hold', signingKeyRef: {} },
      }),
    ).toEqual([]);
  });
});

describe('mistakes are refused by the name of the field', () => {
  test.for<{ name: string; given: Partial<AppSpec>; want: string }>([
    {
      name: 'ssh',
      given: source({ url: 'ssh://git@host/a.git' }),
      want: 'spec.source.url: ssh is not supported by this version of Pawl',
    },
    {
      name: "git's short form",
      given: source({ url: 'git@host:team/a.git' }),
      want: 'spec.source.url: ssh is not supported by this version of Pawl',
    },
    {
      name: 'a file',
      given: source({ url: 'file:///etc' }),
      want: 'spec.source.url is not an http or https URL',
    },
    {
      name: 'no host',
      given: source({ url: 'https:///a.git' }),
      want: 'spec.source.url is not an http or https URL',
    },
    { name: 'no URL', given: source({ url: 'shop' }), want: 'spec.source.url is not an http or https URL' },
    { name: 'nothing', given: source({ url: '' }), want: 'spec.source.url is not an http or https URL' },
    {
      name: 'a token',
      given: source({ url: 'https://tok@host/a' }),
      want: 'spec.source.url holds a user name or password',
    },
    {
      name: 'a query',
      given: source({ url: 'https://host/a?t=tok' }),
      want: 'spec.source.url holds a query, a fragment, a backslash or a blank',
    },
    {
      name: 'a line break',
      given: source({ url: 'https://host/a\nb' }),
      want: 'spec.source.url holds a query, a fragment, a backslash or a blank',
    },
    {
      name: 'a path that climbs',
      given: source({ path: 'a/../../b' }),
      want: "spec.source.path must be relative to the repository's root and hold no '..'",
    },
    {
      name: 'a path from the root',
      given: source({ path: '/a' }),
      want: "spec.source.path must be relative to the repository's root and hold no '..'",
    },
    {
      name: "git's own folder",
      given: source({ path: 'a/.Git' }),
      want: "spec.source.path must be relative to the repository's root and hold no '..'",
    },
    {
      name: 'a branch',
      given: source({ branch: 'a..b' }),
      want: 'spec.source.branch is not a branch name that git accepts',
    },
    {
      name: 'an option',
      given: source({ branch: '--upload-pack=x' }),
      want: 'spec.source.branch is not a branch name that git accepts',
    },
    {
      name: 'a full ref',
      given: source({ branch: 'refs/heads/main' }),
      want: 'spec.source.branch is not a branch name that git accepts',
    },
    {
      name: 'a Secret without a name',
      given: source({ secretRef: {} as { name: string } }),
      want: 'spec.source.secretRef names no Secret',
    },
    { name: 'a schedule', given: { schedule: 'often' }, want: 'spec.schedule is not a cron expression' },
    {
      name: 'a minute that does not exist',
      given: { schedule: '99 * * * *' },
      want: 'spec.schedule is not a cron expression',
    },
    {
      name: 'a namespace',
      given: { defaultNamespace: 'a/b' },
      want: 'spec.defaultNamespace is not the name of a namespace',
    },
    {
      name: 'no service account',
      given: { serviceAccountName: '' },
      want: 'spec.serviceAccountName must name a service account of this namespace',
    },
    {
      name: "another namespace's account",
      given: { serviceAccountName: 'kube-system:admin' },
      want: 'spec.serviceAccountName must name a service account of this namespace',
    },
    {
      name: 'a timeout',
      given: { health: { timeout: '5 min' } },
      want: 'spec.health.timeout is not a duration',
    },
    {
      name: 'no time at all',
      given: { health: { timeout: '0s' } },
      want: 'spec.health.timeout is too short',
    },
    { name: 'a month', given: { health: { soak: '720h' } }, want: 'spec.health.soak is more than 168h' },
    {
      name: 'a limit',
      given: { rollback: { limit: { per: 'day' } } },
      want: 'spec.rollback.limit.per is not a duration',
    },
    {
      name: 'a negative limit',
      given: { rollback: { limit: { reverts: -1 } } },
      want: 'spec.rollback.limit.reverts must be a whole number, 0 or more',
    },
    {
      name: 'an author of two lines',
      given: { rollback: { author: { name: 'a\nb' } } },
      want: 'spec.rollback.author holds what git cannot write',
    },
    {
      name: 'an address in brackets',
      given: { rollback: { author: { email: '<a@b>' } } },
      want: 'spec.rollback.author holds what git cannot write',
    },
    {
      name: 'a threshold without a signal',
      given: { health: { thresholds: { Crash: {} } } },
      want: 'spec.health.thresholds has an unknown signal "Crash"',
    },
    {
      name: "a property of every object's prototype",
      given: { health: { thresholds: { constructor: {} } } },
      want: 'spec.health.thresholds has an unknown signal "constructor"',
    },
    {
      name: 'a count of none',
      given: { health: { thresholds: { OOMKilled: { count: 0 } } } },
      want: 'spec.health.thresholds.OOMKilled.count must be a whole number, 1 or more',
    },
    {
      name: 'a threshold',
      given: { health: { thresholds: { OOMKilled: { after: 'x' } } } },
      want: 'spec.health.thresholds.OOMKilled.after is not a duration',
    },
  ])('$name', ({ given, want }) => {
    expect(refused(given).map(({ message }) => message)).toEqual([want]);
  });

  test.for<{ name: string; given: unknown; want: string }>([
    { name: 'a text', given: { schedule: 5 }, want: 'spec.schedule is not a text' },
    {
      name: 'a word that is known',
      given: { rollback: { mode: 'Undo' } },
      want: 'spec.rollback.mode is not one of Revert, PullRequest, Hold',
    },
    { name: 'true or false', given: { prune: 'no' }, want: 'spec.prune is not true or false' },
    { name: 'a mapping', given: { health: [] }, want: 'spec.health is not a mapping' },
    {
      name: 'a number',
      given: { health: { thresholds: { OOMKilled: { count: '1' } } } },
      want: 'spec.health.thresholds.*.count is not a number',
    },
  ])('what is not $name, from a cluster with another schema', ({ given, want }) => {
    expect(refused(given as Partial<AppSpec>).map(({ message }) => message)).toEqual([want]);
  });

  test('all at once, each with what to write instead', () => {
    const found = refused({
      schedule: 'x',
      serviceAccountName: '',
      dependsOn: [{ name: '' }],
      source: { url: 'x' },
    });
    expect(found).toHaveLength(4);
    expect(found.every(({ hint }) => hint.length > 0)).toBe(true);
  });

  test('an unknown signal is answered with the known ones', () => {
    expect(refused({ health: { thresholds: { X: {} } } })[0]?.hint).toContain('CrashLoopBackOff, OOMKilled');
  });

  test('an App without any spec', () => {
    const empty = { ...app(), spec: undefined } as unknown as App;
    expect(resolveApp(empty)).toHaveProperty('refused');
  });
});

test('no refusal quotes the URL, which may hold a password', () => {
  for (const url of [
    'https://u:S3cret@h/a',
    'ssh://u:S3cret@h/a',
    'ftp://u:S3cret@h/',
    'https://h/?S3cret',
    'S3cret@h:a',
    'https://[S3cret',
  ]) {
    const found = refused(source({ url }));
    expect(found, url).toHaveLength(1);
    expect(JSON.stringify(found)).not.toContain('S3cret');
  }
});

describe('the hash of the spec', () => {
  test.for<{ name: string; given: Partial<AppSpec> }>([
    { name: 'the URL', given: source({ url: 'https://h/b' }) },
    { name: 'the branch', given: source({ branch: 'b' }) },
    { name: 'the path', given: source({ path: 'b' }) },
    { name: 'the default namespace', given: { defaultNamespace: 'b' } },
    { name: 'the service account', given: { serviceAccountName: 'b' } },
    { name: 'prune', given: { prune: false } },
  ])('changes with $name', ({ given }) => {
    expect(settings(given).specHash).not.toBe(settings().specHash);
  });

  test.for<{ name: string; given: Partial<AppSpec> }>([
    { name: 'the schedule', given: { schedule: '* * * * *' } },
    { name: 'the timeout', given: { health: { timeout: '1s' } } },
    { name: 'suspend', given: { suspend: true } },
    { name: 'the Secret that opens the repository', given: source({ secretRef: { name: 'b' } }) },
    { name: 'a default written out', given: source({ branch: 'main', path: '.' }) },
  ])('does not change with $name', ({ given }) => {
    expect(settings(given).specHash).toBe(settings().specHash);
  });
});

describe('the source of a healthy revision', () => {
  const key = (given: Partial<AppSpec>) => sourceKey(settings(given));

  test('is told by URL, branch, namespace and path', () => {
    expect(key({})).toBe(`${URL_} main team `);
    expect(key({ ...source({ path: 'a b', branch: 'x' }), defaultNamespace: 'n' })).toBe(`${URL_} x n a b`);
  });
});

test('the id of an ApplySet is made as kubectl makes it', () => {
  // printf '%s' shop.team.App.pawl.dev | openssl dgst -sha256 -binary | basenc --base64url
  expect(applySetId(app())).toBe('applyset-FzRF-kvJczTXsbr0Hk11CyZiwwAFSpwWRkC_SDI_I6M-v1');
});
