// The App's definition on a real API server: what it fills in, what it refuses, and in which words.

import { beforeAll, describe, expect, test } from 'vitest';
import { type Json, type TestCluster, testCluster } from '../support/cluster.ts';
import { resolveApp } from '../../src/model/resolve.ts';
import { install } from './install.ts';

let cluster: TestCluster;
let namespace: string;

beforeAll(async () => {
  cluster = await testCluster();
  await install(cluster);
  namespace = await cluster.freshNamespace('crd');
});

const URL_ = 'https://git.example.com/team/shop.git';

function app(name: string, spec: Json): Json {
  return {
    apiVersion: 'pawl.dev/v1alpha1',
    kind: 'App',
    metadata: { name, namespace },
    spec: { source: { url: URL_ }, serviceAccountName: 'deployer', ...spec },
  };
}

/** The server's words, for a request that it must refuse. */
async function refusal(spec: Json): Promise<string> {
  const { code, stderr } = await cluster.tryKubectl(
    ['create', '--dry-run=server', '-f-'],
    JSON.stringify(app('bad', spec)),
  );
  expect(code, 'the server took it').not.toBe(0);
  return stderr;
}

const check = (more: Json): Json => ({
  health: { checks: [{ name: 'smoke', http: { service: 'web', port: 80 }, ...more }] },
});

const source = (more: Json): Json => ({ source: { url: URL_, ...more } });

test('every default of the design is filled in', async () => {
  await cluster.apply(app('defaults', {}));
  const { spec } = await cluster.get('app', 'defaults', namespace);
  expect(spec).toEqual({
    source: { url: URL_, branch: 'main', path: '' },
    serviceAccountName: 'deployer',
    schedule: '*/30 * * * * *',
    prune: true,
    drift: 'Correct',
    deletion: 'Orphan',
    health: { timeout: '5m', soak: '0s' },
    rollback: {
      mode: 'Revert',
      scope: 'App',
      shared: 'Revert',
      whileUnmerged: 'Hold',
      limit: { reverts: 3, per: '1h' },
      author: { name: 'Pawl', email: 'pawl@example.com' },
    },
    suspend: false,
  });
});

test('fields that come later are kept, for Pawl to refuse by name', async () => {
  const later = {
    source: { url: 'ssh://git@git.example.com/team/shop.git', verify: { keys: [{ name: 'k', armor: 'x' }] } },
    dependsOn: [{ name: 'db', namespace: 'data' }],
    health: {
      kinds: [{ group: 'example.com', kind: 'Thing', current: 'true' }],
    },
    rollback: {
      mode: 'PullRequest',
      scope: 'Commit',
      shared: 'Hold',
      whileUnmerged: 'Restore',
      signingKeyRef: { name: 'k' },
    },
  };
  await cluster.apply(app('later', later));
  expect((await cluster.get('app', 'later', namespace)).spec).toMatchObject(later);
});

describe('mistakes are refused in words that say what to write', () => {
  test.for<{ name: string; given: Json; want: string }>([
    {
      name: 'a URL without a scheme',
      given: source({ url: 'git@git.example.com:team/shop.git' }),
      want: 'spec.source.url: Invalid value: "git@git.example.com:team/shop.git": the url must start with https://, http:// or ssh://, followed by the host',
    },
    {
      name: 'a password in the URL',
      given: source({ url: 'https://u:S3cret@git.example.com/a' }),
      want: 'spec.source.url: Invalid value: the url must hold no user name or password: put them into a Secret and name it in spec.source.secretRef',
    },
    {
      name: 'a password for ssh',
      given: source({ url: 'ssh://u:S3cret@git.example.com/a' }),
      want: 'spec.source.url: Invalid value: the url must hold no user name or password: put them into a Secret and name it in spec.source.secretRef',
    },
    {
      name: 'a token in the query',
      given: source({ url: 'https://git.example.com/a?token=S3cret' }),
      want: 'spec.source.url: Invalid value: the url must hold no blanks, no query (?) and no fragment (#)',
    },
    {
      name: 'a branch that is no branch',
      given: source({ branch: 'a..b' }),
      want: 'spec.source.branch: Invalid value: "a..b": not a branch name that git accepts',
    },
    {
      name: 'a full ref',
      given: source({ branch: 'refs/heads/main' }),
      want: 'spec.source.branch: Invalid value: "refs/heads/main": write the branch by its short name: main, not refs/heads/main',
    },
    {
      name: 'a path that climbs',
      given: source({ path: 'a/../b' }),
      want: `spec.source.path: Invalid value: "a/../b": the path must not contain '..'`,
    },
    {
      name: 'a path from the root',
      given: source({ path: '/a' }),
      want: `spec.source.path: Invalid value: "/a": the path is relative to the repository's root: write it without the leading slash`,
    },
    {
      name: 'a backslash',
      given: source({ path: 'a\\b' }),
      want: 'the path must hold no backslash and no control character',
    },
    {
      name: 'a schedule',
      given: { schedule: 'hourly' },
      want: `spec.schedule: Invalid value: "hourly": the schedule is cron with five fields, or six where the first is seconds, such as '*/30 * * * * *'`,
    },
    {
      name: 'a duration',
      given: { health: { timeout: '5 min' } },
      want: 'spec.health.timeout: Invalid value: "5 min": not a duration: write it like 500ms, 30s, 5m, 1m30s or 1h',
    },
    {
      name: 'a rule for a kind without an expression',
      given: { health: { kinds: [{ group: 'example.com', kind: 'Widget' }] } },
      want: 'spec.health.kinds[0].current: Required value',
    },
    {
      name: 'a rule for a kind of no group',
      given: { health: { kinds: [{ kind: 'Widget', current: 'true' }] } },
      want: 'spec.health.kinds[0]: Invalid value: must have either apiVersion or group',
    },
    {
      name: 'a check of two kinds',
      given: check({ job: { name: 'a' } }),
      want: 'spec.health.checks[0]: Invalid value: needs exactly one of http, job and prometheus',
    },
    {
      name: 'two checks of one name',
      given: {
        health: {
          checks: [
            { name: 'a', job: { name: 'j' } },
            { name: 'a', job: { name: 'k' } },
          ],
        },
      },
      want: 'spec.health.checks[1]: Duplicate value: {"name":"a"}',
    },
    {
      name: 'a path of a check that is a URL',
      given: check({ http: { service: 'web', port: 80, path: 'http://169.254.169.254/' } }),
      want: "not a path: write it from '/' on, without blanks and '#', escaped as in a URL",
    },
    {
      name: 'a check of an address',
      given: check({ http: { service: '10.0.0.1:80/', port: 80 } }),
      want: "not the name of such an object: lower-case letters, digits and '-' only",
    },
    {
      name: 'a check by a method that writes',
      given: check({ http: { service: 'web', port: 80, method: 'POST' } }),
      want: 'spec.health.checks[0].http.method: Unsupported value: "POST": supported values: "GET", "HEAD"',
    },
    {
      name: 'a body of an answer to HEAD',
      given: check({ http: { service: 'web', port: 80, method: 'HEAD', body: 'ok' } }),
      want: 'an answer to HEAD has no body: use GET',
    },
    {
      name: 'bounds that cross',
      given: check({ http: undefined, prometheus: { query: 'up', min: 2, max: 1 } }),
      want: 'min is more than max',
    },
    {
      name: 'a query without bounds',
      given: check({ http: undefined, prometheus: { query: 'up' } }),
      want: 'has neither min nor max: say within which bounds the value must stay',
    },
    {
      name: "a Prometheus of the App's own",
      given: check({ http: undefined, prometheus: { query: 'up', min: 1, url: 'http://x' } }),
      want: 'unknown field "spec.health.checks[0].prometheus.url"',
    },
    {
      name: "a threshold's duration",
      given: { health: { thresholds: { OOMKilled: { after: '1d' } } } },
      want: 'spec.health.thresholds[OOMKilled].after: Invalid value: "1d": not a duration: write it like 500ms, 30s, 5m, 1m30s or 1h',
    },
    {
      name: 'a namespace',
      given: { defaultNamespace: 'Shop' },
      want: `spec.defaultNamespace: Invalid value: "Shop": not the name of a namespace: lower-case letters, digits and '-' only, with a letter or digit at both ends`,
    },
    {
      name: "another namespace's service account",
      given: { serviceAccountName: 'kube-system:default' },
      want: `spec.serviceAccountName: Invalid value: "kube-system:default": not the name of a service account: write it without its namespace; lower-case letters, digits, '-' and '.' only`,
    },
    {
      name: 'no service account',
      given: { serviceAccountName: undefined },
      want: 'spec.serviceAccountName: Required value',
    },
    {
      name: 'an author that git cannot write',
      given: { rollback: { author: { name: 'Pawl <x' } } },
      want: `spec.rollback.author.name: Invalid value: "Pawl <x": git takes no '<', '>', control characters or blanks around a name or an address`,
    },
    {
      name: 'a mode',
      given: { rollback: { mode: 'Undo' } },
      want: 'spec.rollback.mode: Unsupported value: "Undo": supported values: "Revert", "PullRequest", "Hold"',
    },
    {
      name: 'a misspelt field',
      given: { rollbacks: {} },
      want: 'strict decoding error: unknown field "spec.rollbacks"',
    },
  ])('$name', async ({ given, want }) => {
    const words = await refusal(given);
    expect(words).toContain(want);
    expect(words).not.toContain('S3cret');
  });
});

test('checks of every kind are taken', async () => {
  const checks = [
    {
      name: 'smoke',
      http: {
        service: 'web',
        port: 'http',
        path: '/healthz?deep=1&x=%20',
        headers: { 'X-Probe': 'pawl' },
        status: '2xx,301-302',
        times: 3,
        latency: '500ms',
      },
    },
    { name: 'number', http: { service: 'web', port: 80, status: 204 } },
    { name: 'orders', job: { name: 'verify.orders' } },
    { name: 'errors', prometheus: { query: 'rate(errors[1m])', max: 0.05, for: '1m' } },
  ];
  await cluster.apply(app('checks', { health: { checks } }));
  const made = await cluster.get('app', 'checks', namespace);
  expect(made.spec.health.checks).toEqual(checks);
  expect(resolveApp(made)).toHaveProperty('ok');
});

test('kubectl get pawl shows the columns', async () => {
  await cluster.apply(app('columns', {}));
  const commit = 'a'.repeat(40);
  const status = {
    conditions: [
      {
        type: 'Ready',
        status: 'False',
        reason: 'Verifying',
        message: '2 of 3 objects are ready',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
    applied: { commit, at: '2026-01-01T00:00:00Z' },
    healthy: { commit: 'b'.repeat(40), at: '2026-01-01T00:00:00Z' },
    release: { commit, phase: 'Verifying' },
  };
  await cluster.kubectl([
    'patch',
    'app',
    'columns',
    '-n',
    namespace,
    '--subresource=status',
    '--type=merge',
    '-p',
    JSON.stringify({ status }),
  ]);
  const table = (await cluster.kubectl(['get', 'pawl', 'columns', '-n', namespace])).trim().split('\n');
  expect(table[0]?.split(/\s+/)).toEqual(['NAME', 'READY', 'REVISION', 'HEALTHY', 'PHASE', 'AGE', 'MESSAGE']);
  expect(table[1]).toMatch(
    new RegExp(
      `^columns\\s+False\\s+${commit}\\s+${'b'.repeat(40)}\\s+Verifying\\s+\\d+s\\s+2 of 3 objects are ready$`,
    ),
  );
});

test('the status keeps what this version does not know, and is written on its own', async () => {
  await cluster.apply(app('status', {}));
  const status = {
    future: { a: [1] },
    release: { commit: 'a', future: 'x' },
    baseline: { at: 'x', unhealthy: { 'shop/Deployment.apps/web': 'CrashLoopBackOff' } },
    revert: { commits: ['a'], bytes: 'x', future: true },
    history: [{ commit: 'a', future: { b: 1 } }],
    objects: { total: 1, ready: 1, outcomes: [{ object: 'a', outcome: 'created' }] },
  };
  await cluster.kubectl([
    'patch',
    'app',
    'status',
    '-n',
    namespace,
    '--subresource=status',
    '--type=merge',
    '-p',
    JSON.stringify({ status, spec: { suspend: true } }),
  ]);
  const found = await cluster.get('app', 'status', namespace);
  expect(found.status).toEqual(status);
  expect(found.spec.suspend).toBe(false);
  expect(found.metadata.generation).toBe(1);
});
