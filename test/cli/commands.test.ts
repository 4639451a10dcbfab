// Every command on a real cluster: what it prints, its exit code, and its errors. The agent's part, the status, is
// written by the tests.
import { beforeAll, describe, expect, test } from 'vitest';
import type { AppStatus, HistoryEntry } from '../../src/model/app.ts';
import { applySetId } from '../../src/model/resolve.ts';
import { type Json, type TestCluster, testCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { failOnLeaks } from '../support/leaks.ts';
import {
  type Admin,
  adminOf,
  type CommandLine,
  commandLine,
  kubeconfigOf,
  userWith,
} from './command-line.ts';

failOnLeaks({ ignore: ['TCPServerWrap', 'TCPSocketWrap', 'TLSWrap'] });

const id = (letter: string) => letter.repeat(40);
const [a, b, c, r] = [id('a'), id('b'), id('c'), id('e')];
const time = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

let cluster: TestCluster;
let namespace: string;
let admin: Admin;
let pawl: CommandLine;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await cluster.freshNamespace('cli');
  admin = await adminOf(cluster, namespace);
  pawl = commandLine({ kubeconfig: cluster.kubeconfig, namespace });
});

async function makeApp(name: string, status?: AppStatus, spec: object = {}): Promise<void> {
  const source = { url: 'https://git.example.com/team/shop.git', branch: 'main', path: 'deploy' };
  await admin.makeApp(name, status, { source, serviceAccountName: 'deployer', ...spec });
}

const appOf = (name: string) => admin.app(name);

function entry(
  commit: string,
  outcome: HistoryEntry['outcome'],
  more: Partial<HistoryEntry> = {},
): HistoryEntry {
  const times = { startedAt: time(0), finishedAt: time(12) };
  return { commit, subject: 'web 1.18', author: 'Ann', ...times, outcome, reason: '', ...more };
}

function conditions(
  ready: 'True' | 'False' | 'Unknown',
  more: object = {},
  stalled = 'False',
): AppStatus['conditions'] {
  const common = { reason: 'Healthy', message: 'all is well', lastTransitionTime: time(0), ...more };
  return [
    { type: 'Ready', status: ready, ...common },
    { type: 'Reconciling', status: 'False', ...common },
    { type: 'Stalled', status: stalled as 'True' | 'False', ...common },
  ];
}

const healthy: AppStatus = {
  conditions: conditions('True'),
  head: { commit: r, at: time(20) },
  applied: { commit: r, at: time(20) },
  healthy: { commit: r, at: time(20), source: 's', renderHash: 'h' },
  objects: {
    total: 3,
    ready: 3,
    outcomes: [{ object: `x/Service/web`, outcome: 'refused', reason: 'port is taken' }],
  },
  history: [
    entry(r, 'Healthy', { subject: 'Revert "web 1.18"', author: 'Pawl' }),
    entry(c, 'Reverted', { revertedBy: r, reason: 'CrashLoopBackOff' }),
    entry(b, 'Healthy', { subject: 'web \u001b[2J1.17' }),
    entry(a, 'Healthy', { subject: 'first' }),
  ],
};

describe('status', () => {
  test('lists the Apps of the namespace, or of all', async () => {
    await makeApp('listed', healthy);
    const here = await pawl.run('status');
    expect(here).toMatchObject({ code: 0, stderr: '' });
    expect(here.stdout).toMatch(/^NAME +STATE +REVISION +HEALTHY +PHASE +MESSAGE\n/);
    expect(here.stdout).toMatch(/^listed +Healthy +eeeeeee +eeeeeee +all is well$/m);
    const everywhere = await pawl.run('status', '-A');
    expect(everywhere.stdout).toMatch(new RegExp(`^${namespace} +listed +Healthy`, 'm'));
    const { data } = await pawl.json('status', '--all-namespaces');
    expect(data.apps).toContainEqual(
      expect.objectContaining({ namespace, name: 'listed', state: 'Healthy', applied: r }),
    );
  });

  test('says so where there are none', async () => {
    const empty = await pawl.run('status', '-n', 'kube-public');
    expect(empty).toEqual({
      code: 0,
      stdout: 'There are no Apps in the namespace kube-public.\n',
      stderr: '',
    });
  });

  test('of one App says in words what runs, what is healthy, and what became of its objects', async () => {
    await makeApp('one', healthy);
    const { code, stdout } = await pawl.run('status', `${namespace}/one`);
    expect(code).toBe(0);
    expect(stdout).toContain(`${namespace}/one: Healthy\n`);
    expect(stdout).toMatch(/ Ready for .* \(Healthy\): all is well/);
    expect(stdout).toContain(`Applied  main@sha1:${r}, `);
    expect(stdout).toContain('Objects  3 of 3 ready');
    expect(stdout).toContain('Last     Healthy eeeeeee "Revert "web 1.18"" by Pawl');
    expect(stdout).toMatch(/x\/Service\/web +refused +port is taken/);
    const { data } = await pawl.json('status', 'one');
    expect(data).toMatchObject({ state: 'Healthy', applied: r, rollouts: [], objects: { total: 3 } });
  });

  test.each<{ name: string; status: AppStatus | undefined; spec?: Json; want: RegExp }>([
    { name: 'untouched', status: undefined, want: /untouched: New\n +No agent has looked at it yet/ },
    {
      name: 'held',
      status: {
        conditions: conditions(
          'False',
          { reason: 'Held', message: 'MassDeletion: it would delete 7' },
          'True',
        ),
      },
      want: /held: Held\n.*MassDeletion: it would delete 7\n.*\n +Push a commit/,
    },
    {
      name: 'invalid',
      status: { conditions: conditions('False', { reason: 'InvalidSpec', message: 'm' }, 'True') },
      want: /invalid: Invalid\n[^]*kubectl edit app invalid/,
    },
    { name: 'asleep', status: healthy, spec: { suspend: true }, want: /asleep: Suspended\n[^]*pawl resume/ },
  ])('tells what to do: $name', async ({ name, status, spec, want }) => {
    await makeApp(name, status, spec);
    expect((await pawl.run('status', name)).stdout).toMatch(want);
  });

  test('shows a rollout pod by pod, and the last change by others', async () => {
    const metadata = { name: 'rolling', namespace };
    const labels = { 'applyset.kubernetes.io/part-of': applySetId({ metadata }) };
    const startedAt = new Date(Date.now() - 5_000).toISOString();
    const release = {
      commit: c,
      phase: 'Verifying' as const,
      startedAt,
      elapsed: 1,
      attempt: 1,
      cause: 'commit' as const,
    };
    await makeApp('rolling', { ...healthy, release });
    const app = await appOf('rolling');
    const template = {
      metadata: { labels: { app: 'rolling' } },
      spec: { containers: [{ name: 'web', image: 'registry.example.com/shop/web:1.18-crash' }] },
    };
    await cluster.apply(
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'rolling', namespace, labels },
        spec: { replicas: 1, selector: { matchLabels: { app: 'rolling' } }, template },
      },
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'rolling.1', namespace },
        involvedObject: {
          apiVersion: 'pawl.dev/v1alpha1',
          kind: 'App',
          name: 'rolling',
          namespace,
          uid: app.metadata.uid,
        },
        reason: 'DriftCorrected',
        message: 'kubectl-edit changed shop/Deployment/web',
        lastTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
        type: 'Warning',
      },
    );
    await eventually(async () => {
      const { stdout } = await pawl.run('status', 'rolling');
      expect(stdout).toMatch(/Release +verifying ccccccc for \d/);
      expect(stdout).toMatch(/Deployment\/rolling: 1 of 1 updated, 0 ready/);
      expect(stdout).toMatch(/ rolling-\w+-\w+ +new +0\/1 +\d+ +CrashLoopBackOff/);
      expect(stdout).toMatch(/Drift +.* ago: kubectl-edit changed/);
    });
    await cluster.kubectl(['delete', 'deployment', 'rolling', '-n', namespace]);
  });

  test('leaves out what the user may not read, and says so', async () => {
    await makeApp('partly', healthy);
    const kubeconfig = await userWith(cluster, namespace, 'reader', [
      { apiGroups: ['pawl.dev'], resources: ['apps'], verbs: ['get', 'list', 'watch'] },
    ]);
    const { code, stdout } = await commandLine({ kubeconfig, namespace }).run('status', 'partly');
    expect(code).toBe(0);
    expect(stdout).toContain(`(Deployments of ${namespace} are not shown: you may not list them)`);
    expect(stdout).toContain(`(events of ${namespace} are not shown`);
  });

  test('--watch draws it anew when the App changes, and Ctrl-C ends it well', async () => {
    await makeApp('watched', healthy);
    const watch = pawl.start('status', 'watched', '--watch');
    await eventually(() => expect(watch.stdout()).toContain('watched: Healthy'));
    const before = watch.stdout().length;
    await admin.writeStatus('watched', {
      ...healthy,
      conditions: conditions('False', { message: 'broken' }),
    });
    await eventually(() => expect(watch.stdout().slice(before)).toContain('watched: Unhealthy'));
    watch.interrupt();
    expect(await watch.ended).toMatchObject({ code: 0, stderr: '' });
  });

  test('--watch of a list shows an App that comes', async () => {
    const watch = pawl.start('status', '--watch');
    await eventually(() => expect(watch.stdout()).toContain('NAME'));
    await makeApp('newcomer');
    await eventually(() => expect(watch.stdout()).toMatch(/^newcomer +New/m));
  });

  test('a name and all namespaces cannot both be meant', async () => {
    expect(await pawl.run('status', 'one', '-A')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('history', () => {
  test('shows every release, newest first, and no escape sequence of a subject', async () => {
    await makeApp('old', healthy);
    const { code, stdout } = await pawl.run('history', 'old');
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[1]).toMatch(/^\* +eeeeeee +Healthy .* 12s +Pawl +Revert "web 1\.18"/);
    expect(lines[2]).toMatch(/^ +ccccccc +Reverted .* 12s +Ann +web 1\.18 +eeeeeee +CrashLoopBackOff$/);
    expect(stdout).not.toContain('\u001b');
    const { data } = await pawl.json('history', 'old');
    expect(data.releases[1]).toMatchObject({
      commit: c,
      outcome: 'Reverted',
      revertedBy: r,
      durationMs: 12_000,
    });
  });

  test('says so where nothing was released', async () => {
    await makeApp('fresh');
    expect((await pawl.run('history', 'fresh')).stdout).toBe(
      `${namespace}/fresh has not been released from main yet.\n`,
    );
  });
});

describe('suspend and resume', () => {
  test('set it, and say when it was so already', async () => {
    await makeApp('switched');
    expect((await pawl.run('suspend', 'switched')).stdout).toContain('is suspended: nothing is polled');
    expect((await appOf('switched')).spec.suspend).toBe(true);
    expect((await pawl.run('suspend', 'switched')).stdout).toContain('already suspended');
    const { data } = await pawl.json('resume', 'switched');
    expect(data).toMatchObject({ suspended: false, already: false });
    expect((await appOf('switched')).spec.suspend).toBe(false);
  });
});

describe('release', () => {
  const requestedAt = async (name: string): Promise<string | undefined> =>
    eventually(async () => {
      const at = (await appOf(name)).metadata.annotations?.['pawl.dev/requested-at'];
      expect(at).toBeDefined();
      return at;
    });

  test('asks for one', async () => {
    await makeApp('asked');
    const { code, data } = await pawl.json('release', 'asked');
    expect(code).toBe(0);
    expect(data).toMatchObject({ outcome: 'Requested', requestedAt: await requestedAt('asked') });
  });

  test.each([
    { name: 'well', status: conditions('True'), code: 0, words: /well: Healthy: all is well/ },
    {
      name: 'ill',
      status: conditions('False', { message: 'a pod crashes' }, 'True'),
      code: 1,
      words: /ill: Failed: a pod crashes/,
    },
  ])('--wait waits for the outcome: $name', async ({ name, status, code, words }) => {
    await makeApp(name, healthy);
    const waiting = pawl.start('release', name, '--wait');
    const lastHandledRequest = await requestedAt(name);
    await admin.writeStatus(name, { ...healthy, conditions: status, lastHandledRequest });
    const outcome = await waiting.ended;
    expect(outcome.stdout).toMatch(words);
    expect(outcome.code).toBe(code);
  });

  test('--wait ends undecided when the time is up', async () => {
    await makeApp('slow', healthy);
    expect(await pawl.run('release', 'slow', '--wait', '--timeout', '200ms')).toMatchObject({
      code: 3,
      stderr: '',
    });
  });
});

describe('undo', () => {
  const request = async (name: string): Promise<{ to: string; by: string; at: string }> =>
    eventually(async () => {
      const text = (await appOf(name)).metadata.annotations?.['pawl.dev/undo-requested'];
      expect(text).toBeDefined();
      return JSON.parse(text ?? '');
    });

  test('asks for the previous healthy revision in the name of the user, and prints the commit that was made', async () => {
    await makeApp('back', healthy);
    const undoing = pawl.start('undo', 'back');
    const { to, by, at } = await request('back');
    // What runs is a revert to b, so the revision before is a.
    expect({ to, by }).toEqual({ to: a, by: 'sandbox:admin' });
    await admin.writeStatus('back', { ...healthy, undo: { at, by, to, commit: id('d') } });
    expect(await undoing.ended).toMatchObject({
      code: 0,
      stdout: `${namespace}/back: the commit ${id('d')} takes it back to aaaaaaa.\n`,
    });
  });

  test('prints the refusal', async () => {
    await makeApp('refused', healthy);
    const undoing = pawl.start('undo', 'refused', '--to', `main@sha1:${b}`);
    const { to, by, at } = await request('refused');
    expect(to).toBe(b);
    await admin.writeStatus('refused', {
      ...healthy,
      undo: { at, by, to, refused: 'not in the branch' },
    });
    expect(await undoing.ended).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('was refused: not in the branch'),
    });
  });

  test('an answer to an older request is no answer', async () => {
    await makeApp('impatient', { ...healthy, undo: { at: time(0), by: 'x', to: a, commit: b } });
    const undoing = pawl.start('undo', 'impatient', '--to', 'bbbbbbb');
    const { to, by, at } = await request('impatient');
    await admin.writeStatus('impatient', { ...healthy, undo: { at, by, to, commit: id('d') } });
    expect((await undoing.ended).stdout).toContain(id('d'));
  });

  test.each([
    { name: 'nowhere', args: [], status: { ...healthy, history: [] }, code: /no healthy revision before/ },
    { name: 'elsewhere', args: ['--to', `next@sha1:${b}`], status: healthy, code: /follows main/ },
    {
      name: 'unknown',
      args: ['--to', 'abcdef0'],
      status: healthy,
      code: /no commit that starts with abcdef0/,
    },
    { name: 'nonsense', args: ['--to', 'HEAD~1'], status: healthy, code: /does not name a commit/ },
  ])('an undo to $name is refused before anything is asked', async ({ name, args, status, code }) => {
    await makeApp(`undo-${name}`, status);
    const outcome = await pawl.run('undo', `undo-${name}`, ...args);
    expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(code) });
    expect((await appOf(`undo-${name}`)).metadata.annotations?.['pawl.dev/undo-requested']).toBeUndefined();
  });

  test('of a suspended App is refused', async () => {
    await makeApp('frozen', healthy, { suspend: true });
    expect(await pawl.run('undo', 'frozen')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('pawl resume'),
    });
  });
});

describe('previews', () => {
  const secret = (value: string): Json => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'db', namespace: 'shop', resourceVersion: '7' },
    data: { password: Buffer.from(value).toString('base64') },
  });
  const config = (banner: string): Json => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'web' },
    data: { banner },
  });
  const objectId = (kind: string, name: string) => ({ group: '', kind, namespace: 'shop', name });
  const changed = {
    id: objectId('ConfigMap', 'web'),
    action: 'configure' as const,
    before: config('new'),
    after: config('old'),
  };
  const hidden = {
    id: objectId('Secret', 'db'),
    action: 'configure' as const,
    before: secret('hunter2!'),
    after: secret('swordfish'),
  };
  const same = { id: objectId('Service', 'web'), action: 'unchanged' as const };

  const withPreview = (preview: Json) =>
    commandLine({ kubeconfig: cluster.kubeconfig, namespace, environment: { preview } });

  test('undo --dry-run shows the commit and what the server says, and asks for nothing', async () => {
    await makeApp('previewed', healthy);
    const files = [
      { path: 'deploy/config.yaml', before: 'banner: new\n', after: 'banner: old\n', binary: false },
    ];
    const undo = async (_: unknown, app: Json, to: string) => {
      expect([app.metadata.name, to]).toEqual(['previewed', b]);
      return {
        message: `Revert "web 1.18"\n\nThis reverts commit ${c}.\n`,
        parent: r,
        commits: [c],
        restores: b,
        files,
        objects: [changed, hidden, same],
      };
    };
    const { code, stdout } = await withPreview({ undo }).run('undo', 'previewed', '--to', b, '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain(`    Revert "web 1.18"\n\n    This reverts commit ${c}.\n`);
    expect(stdout).toContain(
      '--- a/deploy/config.yaml\n+++ b/deploy/config.yaml\n@@ -1 +1 @@\n-banner: new\n+banner: old\n',
    );
    expect(stdout).toContain('asked by a dry-run: 2 to change, 1 unchanged\n');
    expect(stdout).toContain('shop/ConfigMap/web: would be changed\n');
    expect(stdout).toContain('-  password: (hidden 1)\n+  password: (hidden 2)\n');
    expect(stdout).not.toMatch(/hunter2|swordfish|aHVudGVy|c3dvcmRm/);
    expect((await appOf('previewed')).metadata.annotations?.['pawl.dev/undo-requested']).toBeUndefined();
  });

  test('undo --dry-run of what would be refused says why', async () => {
    await makeApp('refusing', healthy);
    const undo = async () => ({ refused: 'it is not in the branch' });
    const outcome = await withPreview({ undo }).run('undo', 'refusing', '--to', b, '--dry-run');
    expect(outcome).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('would be refused: it is not in the branch'),
    });
  });

  test.each<{ name: string; objects: Json[]; code: number; words: RegExp }>([
    { name: 'no difference', objects: [same], code: 0, words: /at eeeeeee: 1 unchanged\n$/ },
    {
      name: 'a difference',
      objects: [changed, same],
      code: 1,
      words: /1 to change, 1 unchanged\n\nshop\/ConfigMap\/web: would be changed/,
    },
    {
      name: 'an object to create',
      objects: [{ ...changed, action: 'create', before: undefined }],
      code: 1,
      words: /--- \/dev\/null\n\+\+\+ desired\/shop\/ConfigMap\/web/,
    },
    {
      name: 'an object to delete',
      objects: [{ ...same, action: 'delete' }],
      code: 1,
      words: /shop\/Service\/web: would be deleted/,
    },
    {
      name: 'a refusal',
      objects: [{ ...same, action: 'refused', reason: 'Forbidden' }],
      code: 2,
      words: /refused by the server: Forbidden/,
    },
  ])('diff with $name has exit code $code', async ({ objects, code, words }) => {
    await makeApp('differing', healthy);
    const outcome = await withPreview({ diff: async () => ({ commit: r, objects }) }).run(
      'diff',
      'differing',
    );
    expect(outcome.stdout).toMatch(words);
    expect(outcome.code).toBe(code);
  });

  test('diff -o json holds no value of a Secret', async () => {
    await makeApp('differing', healthy);
    const { data, stdout } = await withPreview({ diff: async () => ({ commit: r, objects: [hidden] }) }).json(
      'diff',
      'differing',
    );
    expect(data.objects[0]).toMatchObject({
      object: 'shop/Secret/db',
      action: 'configure',
      before: { data: { password: '(hidden 1)' } },
    });
    expect(stdout).not.toMatch(/hunter2|aHVudGVy/);
  });
});

describe('errors', () => {
  test('no such App', async () => {
    expect(await pawl.run('status', 'nobody')).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: there is no App nobody in the namespace ${namespace}\nhint: \`pawl status -A\` shows all Apps; name another namespace with -n.\n`,
    });
    for (const command of ['history', 'diff', 'undo', 'release', 'suspend', 'resume']) {
      expect(await pawl.run(command, 'nobody')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('no App nobody'),
      });
    }
  });

  test('a user who may not', async () => {
    await makeApp('locked', healthy);
    const kubeconfig = await userWith(cluster, namespace, 'stranger', []);
    for (const args of [['status'], ['status', 'locked'], ['history', 'locked'], ['suspend', 'locked']]) {
      const outcome = await commandLine({ kubeconfig, namespace }).run(...args);
      expect(outcome).toMatchObject({ code: 2, stdout: '' });
      expect(outcome.stderr).toMatch(/^error: .*answered 403.*\nhint: .*your own rights/);
    }
  });

  test('a server that does not answer', async () => {
    const unreachable = commandLine({ kubeconfig: kubeconfigOf({ server: 'https://127.0.0.1:9' }) });
    const outcome = await unreachable.run('status');
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toMatch(/^error: .*127\.0\.0\.1:9.*\nhint: .*--kubeconfig and --context/);
  });
});
