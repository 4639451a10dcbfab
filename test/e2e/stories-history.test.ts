// S3, S5, S6: the history says what was released; the cluster keeps no second way back; an undo that a person asks
// for is a new commit.
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { patch, pathOf } from '../support/objects.ts';
import { inShop, type Shop, shopFiles, webYaml } from '../support/shop.ts';
import { git, imageOf, looks, messageOf, revertsOf, statusWhere } from '../support/world.ts';

const image = (tag: string) => `registry.example.com/shop/web:${tag}`;
const web = (tag: string) => ({ 'deploy/web.yaml': webYaml({ image: image(tag) }) });
const changeCause = 'kubernetes.io/change-cause';

test(
  'the history tells of every release what it was, how it ended, and what reverted it (S3)',
  inShop({}, async (shop) => {
    const began = Date.now();
    await shop.agent();
    await shop.healthyAt(shop.first);
    const good = await shop.person.publish('web 1.18\n\nA longer text.', web('1.18'));
    await shop.healthyAt(good);
    const bad = await shop.person.publish('web 1.19', web('1.19-crash'));
    const revert = await shop.revertOf(bad);
    const { history = [] } = await shop.healthyAt(revert);

    expect(
      history.map(({ commit, author, subject, outcome, reason, revertedBy }) => ({
        commit,
        author,
        subject,
        outcome,
        reason,
        revertedBy,
      })),
    ).toEqual([
      {
        commit: revert,
        author: 'Pawl',
        subject: 'Revert "web 1.19"',
        outcome: 'Healthy',
        reason: '',
        revertedBy: undefined,
      },
      {
        commit: bad,
        author: 'Ann',
        subject: 'web 1.19',
        outcome: 'Reverted',
        reason: 'CrashLoopBackOff',
        revertedBy: revert,
      },
      {
        commit: good,
        author: 'Ann',
        subject: 'web 1.18',
        outcome: 'Healthy',
        reason: '',
        revertedBy: undefined,
      },
      {
        commit: shop.first,
        author: 'Ann',
        subject: 'first commit',
        outcome: 'Healthy',
        reason: '',
        revertedBy: undefined,
      },
    ]);
    const times = history
      .toReversed()
      .flatMap((one) => [Date.parse(one.startedAt), Date.parse(one.finishedAt)]);
    const inOrder = [began, ...times, Date.now()];
    expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
  }),
);

test(
  'the change cause of an object is the commit that changed it, and no later one (S3)',
  inShop({}, async (shop) => {
    const agent = await shop.agent();
    await shop.healthyAt(shop.first);
    const causes = async () => [
      (await shop.deployment()).metadata.annotations[changeCause],
      (await shop.cluster.find('configmaps', 'web', shop.namespace)).metadata.annotations[changeCause],
      (await shop.cluster.find('services', 'web', shop.namespace)).metadata.annotations[changeCause],
    ];
    const first = `${shop.first} first commit`;
    expect(await causes()).toEqual([first, first, first]);
    // Released by a process that knows nothing of the objects, and then set back after a person's change.
    await agent.stop();
    const second = await shop.person.publish('web 1.18\n\nA longer text.', web('1.18'));
    await shop.agent();
    await shop.healthyAt(second);
    expect(await causes()).toEqual([`${second} web 1.18`, first, first]);
    await patch(shop.cluster, pathOf('configmaps', shop.namespace, 'web'), { data: { banner: 'Hacked' } });
    await eventually(async () => {
      const { data } = await shop.cluster.get('configmaps', 'web', shop.namespace);
      expect(data.banner).toBe('Welcome to the shop');
    });
    await looks(shop);
    expect(await causes()).toEqual([`${second} web 1.18`, first, first]);
    const listed = await shop.cluster.kubectl(['rollout', 'history', 'deployment/web', '-n', shop.namespace]);
    expect(listed).toContain(`${second} web 1.18`);
    expect(listed).not.toContain('<none>');
  }),
);

/** All kinds that keep revisions, each asking for a history of its own. */
const keepers = (tag: string) => ({
  'deploy/web.yaml': webYaml({ image: image(tag), replicas: 1 }).replace(
    'replicas: 1',
    'replicas: 1\n  revisionHistoryLimit: 10',
  ),
  'deploy/others.yaml': ['StatefulSet', 'DaemonSet']
    .map(
      (kind) => `apiVersion: apps/v1
kind: ${kind}
metadata: { name: ${kind.toLowerCase()} }
spec:
  revisionHistoryLimit: 10
  ${kind === 'StatefulSet' ? 'serviceName: web' : ''}
  selector: { matchLabels: { app: ${kind.toLowerCase()} } }
  template:
    metadata: { labels: { app: ${kind.toLowerCase()} } }
    spec:
      containers: [{ name: main, image: "${image(tag)}" }]
`,
    )
    .join('---\n'),
});

test(
  'no old revision stays behind a release, so that `kubectl rollout undo` has nowhere to go (S5)',
  inShop({ files: { ...shopFiles(), ...keepers('1.17') } }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    for (const tag of ['1.18', '1.19']) {
      const commit = await shop.person.publish(`web ${tag}`, keepers(tag));
      await shop.healthyAt(commit);
    }
    const { cluster, namespace } = shop;
    for (const [kind, name] of [
      ['deployments', 'web'],
      ['statefulsets', 'statefulset'],
      ['daemonsets', 'daemonset'],
    ] as const) {
      expect((await cluster.find(kind, name, namespace)).spec.revisionHistoryLimit, kind).toBe(0);
    }
    await eventually(async () => {
      expect(await cluster.list('replicasets', namespace)).toHaveLength(1);
      // One of the StatefulSet, one of the DaemonSet.
      expect(await cluster.list('controllerrevisions', namespace)).toHaveLength(2);
    });
    for (const target of ['deployment/web', 'statefulset/statefulset', 'daemonset/daemonset']) {
      const undo = await cluster.tryKubectl(['rollout', 'undo', target, '-n', namespace]);
      expect(undo.stderr, target).toMatch(/no (last revision|rollout history)/);
      expect(undo.code).not.toBe(0);
    }
    expect(imageOf(await shop.deployment())).toBe(image('1.19'));
  }),
);

async function askForUndo(shop: Shop, to: string, at: string, by = 'Bo'): Promise<void> {
  await shop.annotate({ 'pawl.dev/undo-requested': JSON.stringify({ to, by, at }) });
}

test(
  'an undo that a person asks for is a new commit that names them, and the cluster follows it (S6)',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const second = await shop.person.publish('web 1.18', web('1.18'));
    await shop.healthyAt(second);
    const third = await shop.person.publish('web 1.19', web('1.19'));
    await shop.healthyAt(third);

    const at = new Date().toISOString();
    await askForUndo(shop, shop.first, at);
    const { undo } = await statusWhere(shop, 'the undo to be answered', (status) => status.undo?.at === at);
    const commit = undo?.commit ?? '';
    expect(undo).toEqual({ at, by: 'Bo', to: shop.first, commit });
    const { history = [] } = await shop.healthyAt(commit);

    expect(await shop.head()).toBe(commit);
    expect(await git(shop, 'rev-parse', `${commit}^`)).toBe(third);
    expect(await git(shop, 'rev-parse', `${commit}^{tree}`)).toBe(
      await git(shop, 'rev-parse', `${shop.first}^{tree}`),
    );
    const message = await messageOf(shop, commit);
    expect(message).toContain('Asked for by Bo');
    expect(message).toContain(`Pawl-Restores: ${shop.first}`);
    expect(message.match(/^Pawl-Reverts: .*$/gm)).toEqual([
      `Pawl-Reverts: ${third}`,
      `Pawl-Reverts: ${second}`,
    ]);
    expect(imageOf(await shop.deployment())).toBe(image('1.17'));
    expect(history.map((one) => [one.commit, one.outcome, one.revertedBy])).toEqual([
      [commit, 'Healthy', undefined],
      [third, 'Healthy', commit],
      [second, 'Healthy', commit],
      [shop.first, 'Healthy', undefined],
    ]);
  }),
);

test(
  'an undo is done once, however often the same request is seen, and one that cannot be is refused (S6)',
  inShop({}, async (shop) => {
    const agent = await shop.agent();
    await shop.healthyAt(shop.first);
    const second = await shop.person.publish('web 1.18', web('1.18'));
    await shop.healthyAt(second);
    const at = new Date().toISOString();
    await askForUndo(shop, shop.first.slice(0, 8), at);
    const done = await statusWhere(shop, 'the undo to be answered', (status) => status.undo?.at === at);
    const commit = done.undo?.commit ?? '';
    await shop.healthyAt(commit);

    // Again by hand, with other words, and by a new process that finds it.
    await askForUndo(shop, second, at, 'Cy');
    await looks(shop);
    await agent.stop();
    await shop.agent();
    await looks(shop);

    // A commit that nobody pushed; its refusal shows that the former request has been seen.
    const unpushed = await shop.person.commit('never pushed');
    const later = new Date(Date.parse(at) + 1).toISOString();
    await askForUndo(shop, unpushed, later);
    const refused = await statusWhere(shop, 'the undo to be refused', (status) => status.undo?.at === later);
    expect(refused.undo?.commit).toBeUndefined();
    expect(refused.undo?.refused).toContain('is not in the branch');

    expect(await shop.head()).toBe(commit);
    expect(await revertsOf(shop, second)).toEqual([commit]);
    expect(refused.healthy?.commit).toBe(commit);
    expect(imageOf(await shop.deployment())).toBe(image('1.17'));
  }),
);
