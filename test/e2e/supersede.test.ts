// A newer commit while a release waits for a verdict: one that concerns the App takes its place, one that does not is
// nobody's business.
import { expect, test, vi } from 'vitest';
import { commitsSince, crashPods, expectImage, image, outcomes, verifying, web } from '../support/plays.ts';
import { inShop } from '../support/shop.ts';
import { git, looks, messageOf, revertsOf } from '../support/world.ts';

vi.setConfig({ testTimeout: 180_000 });

const patient = { spec: { health: { timeout: '5m' } } };

test.concurrent(
  'a good commit takes the place of one that would never have become ready, and nothing is reverted',
  inShop(patient, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const bad = await shop.person.publish('web 1.18', web('1.18-neverready'));
    await verifying(shop, bad);
    const good = await shop.person.publish('web 1.19', web('1.19'));
    await shop.healthyAt(good);
    await looks(shop);
    expect(await shop.head()).toBe(good);
    await expectImage(shop, '1.19');
    expect(await outcomes(shop)).toEqual([
      [good, 'Healthy'],
      [bad, 'Superseded'],
      [shop.first, 'Healthy'],
    ]);
  }),
);

test.concurrent(
  'a bad commit upon a bad one that was not judged yet: both are undone, by one commit that names both',
  inShop(patient, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const one = await shop.person.publish('web 1.18', web('1.18-neverready'));
    await verifying(shop, one);
    const two = await shop.person.publish('web 1.19', web('1.19-crash'));
    const revert = await shop.revertOf(two);
    await shop.healthyAt(revert);
    await looks(shop);

    expect(await commitsSince(shop, two)).toEqual([revert]);
    const message = await messageOf(shop, revert);
    expect(message.match(/^Pawl-Reverts: .*$/gm)).toEqual([`Pawl-Reverts: ${two}`, `Pawl-Reverts: ${one}`]);
    expect(message).toContain(`Pawl-Restores: ${shop.first}`);
    expect(await git(shop, 'rev-parse', `${revert}^{tree}`)).toBe(
      await git(shop, 'rev-parse', `${shop.first}^{tree}`),
    );
    await expectImage(shop, '1.17');
    const { history = [] } = await shop.status();
    expect(history.map(({ commit, outcome, revertedBy }) => [commit, outcome, revertedBy])).toEqual([
      [revert, 'Healthy', undefined],
      [two, 'Reverted', revert],
      [one, 'Superseded', revert],
      [shop.first, 'Healthy', undefined],
    ]);
  }),
);

test.concurrent(
  'a commit elsewhere in the repository neither ends a wait nor saves the bad commit, which is reverted on top of it',
  inShop(patient, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const bad = await shop.person.publish('web 1.18', web('1.18-neverready'));
    await verifying(shop, bad);
    const elsewhere = await shop.person.publish('say more', { 'README.md': 'Another word.\n' });
    await looks(shop);
    const { release, head } = await shop.status();
    expect([release?.commit, head?.commit]).toEqual([bad, bad]);

    await crashPods(shop, image('1.18-neverready'));
    const revert = await shop.revertOf(bad);
    await shop.healthyAt(revert);
    expect(await commitsSince(shop, elsewhere)).toEqual([revert]);
    expect(await revertsOf(shop, elsewhere)).toEqual([]);
    expect(await git(shop, 'show', 'main:README.md')).toBe('Another word.');
    expect(await outcomes(shop)).toEqual([
      [revert, 'Healthy'],
      [bad, 'Reverted'],
      [shop.first, 'Healthy'],
    ]);
  }),
);

test.concurrent(
  'a commit elsewhere in the repository concerns nobody: the App is not written',
  inShop({}, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    await looks(shop);
    const before = (await shop.app()).metadata.resourceVersion;
    await shop.person.publish('say more', { 'README.md': 'Another word.\n' });
    await shop.person.publish('another team', { 'other/config.yaml': 'not: even an object\n' });
    await looks(shop, 4);
    expect((await shop.app()).metadata.resourceVersion).toBe(before);
    const next = await shop.person.publish('web 1.18', web('1.18'));
    await shop.healthyAt(next);
    expect(await outcomes(shop)).toEqual([
      [next, 'Healthy'],
      [shop.first, 'Healthy'],
    ]);
  }),
);
