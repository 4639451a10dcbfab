// What the stories hold to be true, on snapshots that are right but for one thing.
import { expect, test } from 'vitest';
import type { Commit } from '../../src/model/commit.ts';
import { failing } from '../../src/demo/check.ts';
import { banners, simulatedImages as images } from '../../src/demo/shop.ts';
import type { Snapshot } from '../../src/demo/snapshot.ts';
import { isReverted } from '../../src/demo/stories/bad-image.ts';
import { replacedPods, runsAs } from '../../src/demo/stories/released.ts';
import { isUndone } from '../../src/demo/stories/undo.ts';

const ann = { name: 'Ann', email: 'ann@example.com' };
const pawl = { name: 'Pawl', email: 'pawl@example.com' };

function commit(oid: string, more: Partial<Commit> = {}): Commit {
  return { oid, parents: [], tree: `tree of ${oid}`, message: oid, author: ann, authoredAt: 0, ...more };
}

function snapshot(head: string, more: Partial<Snapshot> = {}): Snapshot {
  const at = { commit: head, at: '' };
  return {
    branch: [commit(head)],
    status: { applied: at, healthy: { ...at, source: '', renderHash: '' } },
    isReady: true,
    web: {
      resourceVersion: '1',
      image: images.next,
      checksum: 'x',
      rolledOut: true,
      ready: 3,
      historyLimit: 0,
      changeCause: undefined,
    },
    pods: ['a', 'b', 'c'].map((name) => ({ name, image: images.next, isReady: true, waits: undefined })),
    banner: banners.next,
    hasService: true,
    ...more,
  };
}

const whats = (checks: Parameters<typeof failing>[0]) => failing(checks).map(({ what }) => what);
const wanted = { commit: 'good', image: images.next, banner: banners.next };
const good = snapshot('good');

test.each([
  { name: 'nothing is wrong', given: good, want: [] },
  {
    name: 'the branch has gone on',
    given: { ...good, branch: [commit('other'), ...good.branch] },
    want: ['the head of the branch'],
  },
  {
    name: 'another commit is healthy',
    given: { ...good, status: { ...good.status, healthy: snapshot('older').status.healthy } },
    want: ['the commit that is healthy'],
  },
  { name: 'the App is not Ready', given: { ...good, isReady: false }, want: ['the App is Ready'] },
  {
    name: 'there is no Deployment',
    given: { ...good, web: undefined },
    want: [
      'the image of the Deployment',
      'the Deployment is rolled out',
      'the Deployment keeps no old ReplicaSets',
    ],
  },
  {
    name: 'a pod is missing',
    given: { ...good, pods: good.pods.slice(1) },
    want: ['the images of the pods', 'pods that are ready'],
  },
  {
    name: 'a pod is not ready',
    given: { ...good, pods: good.pods.map((pod, index) => ({ ...pod, isReady: index > 0 })) },
    want: ['pods that are ready'],
  },
  { name: 'the banner is another', given: { ...good, banner: 'x' }, want: ['the banner in the ConfigMap'] },
  { name: 'the Service is gone', given: { ...good, hasService: false }, want: ['the Service is there'] },
])('runs as the commit says: $name', ({ given, want }) => {
  expect(whats(runsAs(given, wanted))).toEqual(want);
});

test('a pod that outlived a rollout is named', () => {
  const after = {
    ...good,
    pods: good.pods.map((pod, index) => (index === 0 ? pod : { ...pod, name: `new ${pod.name}` })),
  };
  expect(failing([replacedPods(good, after)])).toMatchObject([{ found: ['a'] }]);
});

const bad = commit('bad', { parents: ['good'] });
const revert = commit('revert', {
  parents: ['bad'],
  tree: 'tree of good',
  author: pawl,
  message: 'Revert "bad"\n\nThis reverts commit bad.\n\nshop/Deployment/web: CrashLoopBackOff\n',
});
const entry = { commit: 'bad', subject: '', author: '', startedAt: '', finishedAt: '', reason: '' };
const reverted = snapshot('revert', { branch: [revert, bad, ...good.branch] });
reverted.status.history = [{ ...entry, outcome: 'Reverted', revertedBy: 'revert' }];

const withRevert = (more: Partial<Commit>) => ({
  ...reverted,
  branch: [{ ...revert, ...more }, bad, ...good.branch],
});

test.each([
  { name: 'nothing is wrong', given: reverted, want: [] },
  {
    name: 'a second revert followed',
    given: snapshot('again', {
      branch: [commit('again'), ...reverted.branch],
      status: { ...reverted.status },
    }),
    want: expect.arrayContaining(['commits added to the branch']) as string[],
  },
  {
    name: 'it was forced over the bad commit',
    given: withRevert({ parents: ['good'] }),
    want: ['the parent of the revert'],
  },
  {
    name: 'the files are not those of before',
    given: withRevert({ tree: 'another' }),
    want: ['the files at the revert are those of before'],
  },
  { name: 'somebody else made it', given: withRevert({ author: ann }), want: ['the author of the revert'] },
  {
    name: 'there is no evidence',
    given: withRevert({ message: 'Revert\n\nThis reverts commit bad.\n' }),
    want: ['the message holds the evidence'],
  },
  {
    name: 'a pod of the bad image is left',
    given: {
      ...reverted,
      pods: [...good.pods, { name: 'd', image: images.bad, isReady: false, waits: undefined }],
    },
    want: ['the images of the pods', 'pods of the bad image'],
  },
])('a revert: $name', ({ given, want }) => {
  expect(whats(isReverted(good, given, 'bad', images.bad))).toEqual(want);
});

const first = commit('first');
const before = snapshot('good', { branch: [commit('good', { parents: ['first'] }), first] });
const back = commit('back', {
  parents: ['good'],
  tree: first.tree,
  author: pawl,
  message: 'Revert\n\nAsked for by you\n',
});
const undone = snapshot('back', { branch: [back, ...before.branch] });
undone.status.undo = { at: '', by: 'you', to: 'first', commit: 'back' };

test.each([
  { name: 'nothing is wrong', given: undone, want: [] },
  {
    name: 'the branch was set back instead',
    given: { ...undone, branch: [first] },
    want: [
      'commits added to the branch',
      'the parent of the new commit',
      'the message says who asked',
      'the answer to the undo',
    ],
  },
  {
    name: 'it leads elsewhere',
    given: { ...undone, branch: [{ ...back, tree: 'another' }, ...before.branch] },
    want: ['the files at the new commit are those of the old revision'],
  },
  {
    name: 'it was refused',
    given: {
      ...undone,
      status: { ...undone.status, undo: { at: '', by: 'you', to: 'first', refused: 'no' } },
    },
    want: ['the answer to the undo'],
  },
])('an undo: $name', ({ given, want }) => {
  expect(whats(isUndone(before, given, 'first'))).toEqual(want);
});
