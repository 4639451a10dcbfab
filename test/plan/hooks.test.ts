import { describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../src/model/app.ts';
import { parseHook } from '../../src/model/hook.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { type PodsRead, podSelector } from '../../src/plan/at-work.ts';
import { type HookFacts, type HookStep, hookStep, underOtherName } from '../../src/plan/hooks.ts';

test.for<{ given: string; want: ReturnType<typeof parseHook> }>([
  { given: 'pre', want: { when: 'pre', always: false } },
  { given: ' verify , always ', want: { when: 'verify', always: true } },
  { given: 'post,always', want: { when: 'post', always: true } },
  { given: 'always', want: undefined },
  { given: 'pre,post', want: undefined },
  { given: 'PreSync', want: undefined },
  { given: '', want: undefined },
])('the annotation "$given"', ({ given, want }) => {
  expect(parseHook(given)).toEqual(want);
});

const ended = (type: 'Complete' | 'Failed') => ({ conditions: [{ type, status: 'True' }] });
const working = { active: 1, ready: 1 };
/** As the server counts it while a container of preparation runs, and in a pod's first moments, too. */
const stuck = { active: 1, ready: 0 };

type State = 'running' | 'ended' | 'PodInitializing' | 'ImagePullBackOff' | 'CrashLoopBackOff';

const stateOf = (state: State) => {
  if (state === 'running') return { state: { running: { startedAt: 'now' } } };
  if (state === 'ended') return { state: { terminated: { exitCode: 0 } } };
  return { state: { waiting: { reason: state } } };
};

/** A pod of the Job, by what its containers of preparation and its own do. */
function pod(
  init: State[],
  own: State[],
  more: { owner?: string; phase?: string; node?: string } = {},
): KubeObject {
  const owner = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    name: 'm',
    uid: more.owner ?? 'uid-m',
    controller: true,
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'm-1', ownerReferences: [owner] },
    spec: { nodeName: more.node ?? 'n1' },
    status: {
      phase: more.phase ?? 'Pending',
      initContainerStatuses: init.map(stateOf),
      containerStatuses: own.map(stateOf),
    },
  };
}

function job(run: string | undefined, status: object, metadata: object = {}): KubeObject {
  const annotations: Record<string, string> = run === undefined ? {} : { [ANNOTATION.hookRun]: run };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'm', uid: 'uid-m', annotations, ...metadata },
    status,
  };
}

const facts: HookFacts = {
  hasRun: false,
  run: { hash: 'h2', release: 'c2 t2' },
  always: false,
  isMember: true,
  isOverdue: false,
  isSameSpec: false,
};
const same = { isMember: false, isSameSpec: true };

describe('what is done with a hook', () => {
  test.for<{ name: string; live?: KubeObject; more?: Partial<HookFacts>; want: HookStep['do'] }>([
    {
      name: 'that has run, whatever is there',
      live: job('h1 c1 t1', working),
      more: { hasRun: true },
      want: 'nothing',
    },
    { name: 'that is not there', want: 'create' },
    { name: 'that runs', live: job('h2 c2 t2', working), want: 'wait' },
    {
      name: 'that an earlier release of the same content began',
      live: job('h2 c1 t1', working),
      want: 'wait',
    },
    { name: 'that has completed unseen', live: job('h2 c1 t1', ended('Complete')), want: 'note' },
    { name: 'that has failed in this release', live: job('h2 c2 t2', ended('Failed')), want: 'wait' },
    { name: 'that has failed in another one', live: job('h2 c1 t1', ended('Failed')), want: 'replace' },
    { name: 'whose former content has completed', live: job('h1 c1 t1', ended('Complete')), want: 'replace' },
    { name: 'whose former content is at work', live: job('h1 c1 t1', working), want: 'hold' },
    {
      name: 'whose former content is begun, and of whose pods nothing is known yet',
      live: job('h1 c1 t1', stuck),
      want: 'hold',
    },
    { name: 'whose former content the controller has not seen yet', live: job('h1 c1 t1', {}), want: 'hold' },
    {
      name: 'that is on its way out',
      live: job('h2 c2 t2', working, { deletionTimestamp: 'now' }),
      want: 'replace',
    },
    { name: 'that others ran', live: job(undefined, ended('Complete')), more: same, want: 'adopt' },
    { name: 'that others run', live: job(undefined, working), more: same, want: 'adopt' },
    { name: 'that failed with others', live: job(undefined, ended('Failed')), more: same, want: 'leave' },
    {
      name: 'of whose name others have another',
      live: job(undefined, ended('Complete')),
      more: { isMember: false },
      want: 'leave',
    },
    {
      name: 'that runs always and others ran',
      live: job(undefined, ended('Complete')),
      more: { ...same, always: true },
      want: 'leave',
    },
    {
      name: 'that runs always and ran in this release',
      live: job('h2 c2 t2', ended('Complete')),
      more: { always: true },
      want: 'note',
    },
    {
      name: 'that runs always and ran in another one',
      live: job('h2 c1 t1', ended('Complete')),
      more: { always: true },
      want: 'replace',
    },
    {
      name: 'that runs always and is at work for another one',
      live: job('h2 c1 t1', working),
      more: { always: true },
      want: 'hold',
    },
    {
      name: 'that hangs in another release, which was waited for',
      live: job('h2 c1 t1', working),
      more: { always: true, isOverdue: true },
      want: 'replace',
    },
    {
      name: 'whose former content hangs, and was waited for',
      live: job('h1 c1 t1', working),
      more: { isOverdue: true },
      want: 'replace',
    },
    {
      name: 'that runs, however late',
      live: job('h2 c2 t2', working),
      more: { isOverdue: true },
      want: 'wait',
    },
    {
      name: 'of whose name others have one that hangs',
      live: job(undefined, working),
      more: { isMember: false, isOverdue: true },
      want: 'leave',
    },
  ])('$name', ({ live, more, want }) => {
    expect(hookStep(live, { ...facts, ...more })).toEqual({ do: want });
  });
});

describe('a former run of other content', () => {
  test.for<{ name: string; status?: object; pods: PodsRead; want: HookStep['do'] }>([
    { name: 'runs', pods: [pod([], ['running'])], want: 'hold' },
    { name: 'still prepares', pods: [pod(['running'], ['PodInitializing'])], want: 'hold' },
    {
      name: 'is between two containers',
      pods: [pod(['ended', 'PodInitializing'], ['PodInitializing'])],
      want: 'hold',
    },
    { name: 'has ended this moment, and is not counted yet', pods: [pod([], ['ended'])], want: 'hold' },
    { name: 'has a pod on a node that says nothing yet', pods: [pod([], [])], want: 'hold' },
    { name: 'has a pod that no node has', pods: [pod([], [], { node: '' })], want: 'replace' },
    { name: 'has no image', pods: [pod([], ['ImagePullBackOff'])], want: 'replace' },
    { name: 'waits after a crash', pods: [pod([], ['CrashLoopBackOff'])], want: 'replace' },
    {
      name: 'has one pod that cannot start, and one that runs',
      status: { active: 2, ready: 0 },
      pods: [pod([], ['ImagePullBackOff']), pod(['running'], [])],
      want: 'hold',
    },
    { name: 'counts a pod that was not read', pods: [], want: 'hold' },
    {
      name: 'counts a pod, and only a stranger was read',
      pods: [pod([], ['ImagePullBackOff'], { owner: 'uid-other' })],
      want: 'hold',
    },
    {
      name: 'waits between two tries',
      status: { failed: 1 },
      pods: [pod([], ['ended'], { phase: 'Failed' })],
      want: 'replace',
    },
    {
      name: 'counts no pod yet, and has one that runs',
      status: {},
      pods: [pod([], ['running'])],
      want: 'hold',
    },
    { name: 'has none yet', status: {}, pods: [], want: 'replace' },
    { name: 'may not be looked at, and counts pods', pods: 'unreadable', want: 'hold' },
    { name: 'may not be looked at, and counts none', status: {}, pods: 'unreadable', want: 'replace' },
    { name: 'has ended', status: ended('Failed'), pods: [pod([], ['running'])], want: 'replace' },
  ])('that $name', ({ status = stuck, pods, want }) => {
    expect(hookStep(job('h1 c1 t1', status), { ...facts, pods })).toEqual({ do: want });
  });
});

test('the pods of a Job are found by its own selector', () => {
  const spec = { selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u', x: 'y' } } };
  expect(podSelector({ ...job(undefined, {}), spec })).toBe('batch.kubernetes.io/controller-uid=u,x=y');
  expect(podSelector(job(undefined, {}))).toBeUndefined();
});

test('another name for a dry-run is a name that the server takes for a Job', () => {
  const named = (name: string) => underOtherName(job(undefined, {}, { name })).metadata.name;
  for (const name of ['m', 'a'.repeat(63), `${'a'.repeat(51)}-.b`]) {
    expect(named(name)).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
    expect(named(name).length).toBeLessThanOrEqual(63);
    expect(named(name)).not.toBe(name);
  }
});
