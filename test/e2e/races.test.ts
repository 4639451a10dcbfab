// What others do to the branch between Pawl's decision and its push, and what the way there and back does to it.
import { expect, test, vi } from 'vitest';
import { commitsSince, crashPods, expectImage, image, outcomes, verifying, web } from '../support/plays.ts';
import { liveList } from '../support/objects.ts';
import { inShop, type Shop } from '../support/shop.ts';
import { endedAs, git, looks, readyOf, revertsOf, statusWhere } from '../support/world.ts';

vi.setConfig({ testTimeout: 180_000 });

/** Runs once, when Pawl's push has been sent and the server has not looked at it yet. */
function beforeThePush(shop: Shop, run: () => Promise<void>): void {
  shop.git.setFault({ kind: 'beforeReceive', times: 1, run });
}

/** How often anything was pushed, or tried to be, over HTTP; people push by the folder. */
function pushes(shop: Shop): number {
  return shop.git.requests.filter(({ operation }) => operation === 'receive-pack').length;
}

async function pawlsCommits(shop: Shop): Promise<string> {
  return git(shop, 'log', '--format=%H', '--author=Pawl', '--all');
}

test.concurrent(
  'a push for this App between decision and push: it is released, and nothing is reverted',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    let good = '';
    beforeThePush(shop, async () => {
      good = await shop.person.publish('web 1.19', web('1.19'));
    });
    const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
    await endedAs(shop, bad, 'Superseded');
    await shop.healthyAt(good);
    await looks(shop);
    expect(await shop.head()).toBe(good);
    expect(await pawlsCommits(shop)).toBe('');
    await expectImage(shop, '1.19');
    expect(await outcomes(shop)).toEqual([
      [good, 'Healthy'],
      [bad, 'Superseded'],
      [shop.first, 'Healthy'],
    ]);
  }),
);

test.concurrent(
  'a push elsewhere between decision and push: the bad commit is reverted on top of it',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    let elsewhere = '';
    beforeThePush(shop, async () => {
      elsewhere = await shop.person.publish('say more', { 'README.md': 'Another word.\n' });
    });
    const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
    const revert = await shop.revertOf(bad);
    await shop.healthyAt(revert);
    await looks(shop);
    expect(await commitsSince(shop, elsewhere)).toEqual([revert]);
    expect(await commitsSince(shop, bad)).toEqual([revert, elsewhere]);
    expect(await git(shop, 'show', 'main:README.md')).toBe('Another word.');
    expect(await outcomes(shop)).toEqual([
      [revert, 'Healthy'],
      [bad, 'Reverted'],
      [shop.first, 'Healthy'],
    ]);
  }),
);

test.concurrent(
  'a push that landed and whose answer was lost is counted once',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    shop.git.setFault({ kind: 'afterReceiveDrop', times: 1 });
    const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
    const revert = await shop.revertOf(bad);
    const status = await shop.healthyAt(revert);
    await looks(shop);
    expect(await commitsSince(shop, bad)).toEqual([revert]);
    expect(pushes(shop)).toBe(1);
    expect(status.history?.filter(({ outcome }) => outcome === 'Reverted')).toHaveLength(1);
    // The way is free for the next: neither is it taken for a revert, nor is the limit used up.
    await shop.person.pull();
    const next = await shop.person.publish('web 1.19', web('1.19'));
    await shop.healthyAt(next);
  }),
);

test.concurrent(
  'a replica that lags behind our push changes nothing: the cluster stays at the revert, which is not made again',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    beforeThePush(shop, async () => {
      shop.git.setFault({ kind: 'stale', snapshot: shop.git.freeze('shop') });
    });
    const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
    const revert = await shop.revertOf(bad);
    await shop.healthyAt(revert);
    const { generation } = (await shop.deployment()).metadata;
    await looks(shop, 5);
    const status = await shop.status();
    expect([status.applied?.commit, readyOf(status)?.status]).toEqual([revert, 'True']);
    expect(await commitsSince(shop, bad)).toEqual([revert]);

    shop.git.setFault(undefined);
    await looks(shop, 3);
    expect((await shop.deployment()).metadata.generation).toBe(generation);
    expect(await commitsSince(shop, bad)).toEqual([revert]);
    await shop.person.pull();
    const next = await shop.person.publish('web 1.19', web('1.19'));
    await shop.healthyAt(next);
    expect(await outcomes(shop)).toEqual([
      [next, 'Healthy'],
      [revert, 'Healthy'],
      [bad, 'Reverted'],
      [shop.first, 'Healthy'],
    ]);
  }),
);

test.concurrent(
  'a person was faster and has reverted by hand: that is released, and nothing else is done',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    let byHand = '';
    beforeThePush(shop, async () => {
      await shop.person.git('revert', '--no-edit', 'HEAD');
      await shop.person.push();
      byHand = await shop.person.head();
    });
    const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
    await statusWhere(shop, 'the revert by hand to be seen', ({ head }) => head?.commit === byHand);
    await shop.healthyAt(byHand);
    await looks(shop);
    expect(await shop.head()).toBe(byHand);
    expect(await revertsOf(shop, bad)).toEqual([]);
    expect(await pawlsCommits(shop)).toBe('');
    await expectImage(shop, '1.17');
  }),
);

test.concurrent(
  'a branch that is deleted is never made again, and its return is noticed',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    beforeThePush(shop, async () => {
      await git(shop, 'update-ref', '-d', 'refs/heads/main');
    });
    await shop.person.publish('web 1.18', web('1.18-notfound'));
    await statusWhere(
      shop,
      'the branch to be missed',
      (status) => readyOf(status)?.reason === 'BranchNotFound' && readyOf(status)?.status === 'False',
    );
    await looks(shop, 2);
    expect(await git(shop, 'for-each-ref')).toBe('');
    expect(readyOf(await shop.status())?.message).toContain('no branch main');

    await shop.person.git('reset', '--quiet', '--hard', shop.first);
    const good = await shop.person.publish('web 1.19', web('1.19'));
    await shop.healthyAt(good);
    expect(await shop.head()).toBe(good);
  }),
);

test.concurrent(
  'history rewritten while a release waits: the commit that is gone is not reverted, nor pushed back',
  inShop({ spec: { health: { timeout: '5m' } } }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const bad = await shop.person.publish('web 1.18', web('1.18-neverready'));
    await verifying(shop, bad);
    await shop.person.git('reset', '--quiet', '--hard', shop.first);
    shop.person.write(web('1.19'));
    const good = await shop.person.commit('web 1.19');
    await shop.person.push('--force', 'origin', 'HEAD');
    await shop.healthyAt(good);
    await looks(shop);
    expect(await shop.head()).toBe(good);
    expect(await pawlsCommits(shop)).toBe('');
    await expectImage(shop, '1.19');
  }),
);

test.concurrent(
  'a bad commit that is dropped from the branch between decision and push is not reverted',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    let dropped = false;
    beforeThePush(shop, async () => {
      await git(shop, 'update-ref', 'refs/heads/main', shop.first);
      dropped = true;
    });
    const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
    await statusWhere(
      shop,
      'the first commit to run again',
      (status) => dropped && status.applied?.commit === shop.first,
    );
    await shop.healthyAt(shop.first);
    await looks(shop);
    expect(await shop.head()).toBe(shop.first);
    await expectImage(shop, '1.17');
    expect(
      (await shop.status()).history?.some(({ commit, outcome }) => commit === bad && outcome === 'Reverted'),
    ).toBe(false);
    await shop.person.git('reset', '--quiet', '--hard', shop.first);
    const next = await shop.person.publish('web 1.19', web('1.19'));
    await shop.healthyAt(next);
  }),
);

test.concurrent.for([
  {
    given: 'a hook that refuses',
    refuse: (shop: Shop) =>
      shop.git.setHook(
        'shop',
        'pre-receive',
        '#!/bin/sh\n[ -z "$REMOTE_USER" ] && exit 0\necho "main is protected" >&2\nexit 1\n',
      ),
    says: 'main is protected',
  },
  {
    given: 'an account that may not push',
    refuse: (shop: Shop) => shop.git.setUsers({ pawl: { password: 'pawl-secret', push: false } }),
    says: '',
  },
])('$given: the revert is refused once, said loudly, and not tried again', async ({ refuse, says }) => {
  await inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    refuse(shop);
    const bad = await shop.person.publish('web 1.18', web('1.18-notfound'));
    const entry = await endedAs(shop, bad, 'Held');
    expect(entry.reason).toMatch(/^RevertRefused: /);
    expect(entry.reason).toContain(says);
    const tried = () =>
      shop.git.requests.filter(({ operation }) => operation.startsWith('receive-pack')).length;
    const before = tried();
    expect(before).toBeLessThanOrEqual(3);
    await looks(shop, 5);
    expect(tried()).toBe(before);
    const ready = readyOf(await shop.status());
    expect([ready?.status, ready?.reason]).toEqual(['False', 'Held']);
    expect(ready?.message).toContain('RevertRefused');
    const { items } = await liveList(shop.cluster, 'events', shop.namespace);
    expect(items.map(({ reason }: { reason: string }) => reason)).toContain('RevertRefused');

    const fix = await shop.person.publish('web 1.19', web('1.19'));
    await shop.healthyAt(fix);
    expect(await shop.head()).toBe(fix);
  })();
});

test.concurrent(
  'a push elsewhere during each of three pushes: no storm, and the revert is made in the end',
  inShop({ spec: { health: { timeout: '5m' } } }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    let count = 0;
    shop.git.setFault({
      kind: 'beforeReceive',
      times: 4,
      run: async () => {
        count += 1;
        await shop.person.publish(`say more ${count}`, { 'README.md': `Word ${count}.\n` });
      },
    });
    const bad = await shop.person.publish('web 1.18', web('1.18-neverready'));
    await verifying(shop, bad);
    await crashPods(shop, image('1.18-neverready'));
    const revert = await shop.revertOf(bad);
    await shop.healthyAt(revert);
    expect(count).toBe(4);
    expect(await commitsSince(shop, bad)).toHaveLength(5);
    expect(await revertsOf(shop, bad)).toEqual([revert]);
    expect(pushes(shop)).toBeLessThanOrEqual(6);
  }),
);
