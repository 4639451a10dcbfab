import { expect, test } from 'vitest';
import type { App } from '../../src/model/app.ts';
import { idFromKey, type ObjectId } from '../../src/model/object.ts';
import { applySetId, resolveApp } from '../../src/model/resolve.ts';
import { type Context, newSession, type Run } from '../../src/loop/context.ts';
import { comingToOthers, comingWithoutLook, leftTo } from '../../src/loop/moving.ts';
import { Neighbours } from '../../src/loop/neighbours.ts';
import { seeOff } from '../../src/loop/leaving.ts';
import { staying } from '../../src/loop/staying.ts';
import { Wakes } from '../../src/loop/wakes.ts';

const URL = 'https://git.example.com/shop.git';
const HEAD = 'f'.repeat(40);
const X = 'shop/ConfigMap/x';

function app(name: string, spec: Partial<App['spec']> = {}, status: App['status'] = {}): App {
  return {
    apiVersion: 'pawl.dev/v1alpha1',
    kind: 'App',
    metadata: { name, namespace: 'shop', uid: name, generation: 1 },
    spec: { source: { url: URL, path: name }, serviceAccountName: 'deployer', ...spec },
    status,
  };
}

/** `renders`: what each App renders at the head; null: it cannot be rendered. */
async function runOf(own: App, others: App[], renders: Record<string, string[] | null>): Promise<Run> {
  const neighbours = new Neighbours();
  for (const [name, keys] of Object.entries(renders)) {
    const found = others.find(({ metadata }) => metadata.name === name);
    const resolved = resolveApp(found ?? own);
    if ('refused' in resolved) continue;
    const content = `content of ${name}`;
    neighbours.rendered.note(content, keys === null ? undefined : new Set(keys));
    await neighbours.rendered.at(
      `shop/${name}/${resolved.ok.specHash}/${HEAD}`,
      () => Promise.resolve(content),
      () => Promise.reject(new Error('rendered again')),
    );
  }
  const resolved = resolveApp(own);
  if ('refused' in resolved) throw new Error('the App is wrong');
  const session = newSession({ namespace: 'shop', name: own.metadata.name });
  session.look = { head: HEAD };
  const none = { get: () => undefined, of: () => [] };
  return {
    ctx: {
      neighbours,
      store: { all: () => [own, ...others] },
      members: none,
      clock: { monotonic: () => 0 },
    } as unknown as Context,
    session,
    app: own,
    opened: own,
    settings: resolved.ok,
    repository: { url: URL, branch: 'main', credentials: undefined },
    applySet: applySetId(own),
  } as Run;
}

const ids = (...keys: string[]): ObjectId[] => keys.flatMap((key) => idFromKey(key) ?? []);
const deleted = (of: App): App => ({
  ...of,
  metadata: { ...of.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
});
const elsewhere = { source: { url: URL, branch: 'other', path: 'b' } };

test.each([
  { name: 'is left to the App that renders it', b: app('b'), keys: [X], want: 'yes' },
  { name: 'is left to a suspended App', b: app('b', { suspend: true }), keys: [X], want: 'yes' },
  { name: 'stays while an App cannot be rendered', b: app('b'), keys: null, want: 'perhaps' },
  {
    name: 'stays while the spec of one is refused',
    b: app('b', { schedule: 'x' }),
    keys: null,
    want: 'perhaps',
  },
  { name: 'may go where nobody renders it', b: app('b'), keys: [], want: undefined },
  {
    name: 'may go where the other follows another branch',
    b: app('b', elsewhere),
    keys: null,
    want: undefined,
  },
  { name: 'may go where the other goes, too', b: deleted(app('b')), keys: [X], want: undefined },
])('an object that leaves an App $name', async ({ b, keys, want }) => {
  const run = await runOf(app('a'), [b], { b: keys });
  const coming = (await comingToOthers(run, ids(X))).get(X);
  expect(coming?.sure).toBe(want);
  if (coming !== undefined) expect(leftTo(ids(X)[0] as ObjectId, coming).reason).toContain('App shop/b');
  // No deletion of any kind is asked otherwise.
  expect([...(await staying(run, ids(X), undefined)).keys()]).toEqual(want === undefined ? [] : [X]);
});

test('one that is known to render it is told, though another cannot be rendered', async () => {
  const run = await runOf(app('a'), [app('b'), app('c')], { b: null, c: [X] });
  expect((await comingToOthers(run, ids(X))).get(X)).toEqual({
    app: { namespace: 'shop', name: 'c' },
    sure: 'yes',
  });
});

test('an App that goes leaves what others have planned, without a look at the branch', async () => {
  const run = await runOf(app('a'), [app('b')], {});
  run.session.look = undefined;
  const b = { name: { namespace: 'shop', name: 'b' }, wakes: new Wakes() };
  run.ctx.neighbours.plans(applySetId(app('b')), b, new Set([X]));
  expect([...(await comingWithoutLook(run, ids(X))).keys()]).toEqual([X]);
});

test('what a release took over is not deleted, whoever leaves it out', async () => {
  const run = await runOf(app('a', {}, { takenOver: [X] }), [], {});
  const stays = await staying(run, ids(X, 'shop/ConfigMap/y'), undefined);
  expect([...stays]).toEqual([[X, { kind: 'taken' }]]);
});

test('a namespace that was in use is looked at anew before it is pruned: here it is no member any more', async () => {
  const ref = { commit: HEAD, at: '', source: 's' };
  const own = app('a', {}, { applied: ref, healthy: { ...ref, renderHash: 'h' } });
  const run = await runOf(own, [], {});
  run.session.leaving.set(X, { id: ids(X)[0] as ObjectId, sinceMs: 0, told: false });
  run.session.inUse = [{ group: '', kind: 'Namespace', namespace: '', name: 'old' }];
  // Nothing is asked of the API server: there is none.
  await seeOff(run);
  expect(run.session.inUse).toEqual([]);
});
