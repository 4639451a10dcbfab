// What a revert leaves in the branch: the tree that `git revert` would have left, with the files of others as they are.
import { expect, test } from 'vitest';
import { commitsSince, web } from '../support/plays.ts';
import { configYaml, inShop, shopFiles } from '../support/shop.ts';
import { git } from '../support/world.ts';

const config = (name: string) => configYaml().replace('name: web', `name: ${name}`);

const files = {
  ...shopFiles(),
  'deploy/removed.yaml': config('removed'),
  'deploy/old-name.yaml': config('renamed'),
  'deploy/deep/er/moved.yaml': config('moved'),
  'elsewhere/config.yaml': config('elsewhere'),
};

/** Adds, changes, renames, moves and deletes, and fails by its image. */
const change = {
  ...web('1.18-notfound'),
  'deploy/config.yaml': configYaml({ banner: 'Open' }),
  'deploy/added.yaml': config('added'),
  'deploy/new/added.yaml': config('added-below'),
  'deploy/removed.yaml': null,
  'deploy/old-name.yaml': null,
  'deploy/new-name.yaml': config('renamed'),
  'deploy/deep/er/moved.yaml': null,
  'deploy/moved.yaml': config('moved'),
};

test.concurrent(
  'a commit that adds, changes, renames and deletes files of the App is reverted to the tree that `git revert` gives',
  inShop({ files }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const bad = await shop.person.publish('everything at once', change);
    const later = await shop.person.publish('elsewhere', { 'elsewhere/more.yaml': config('more') });
    const revert = await shop.revertOf(bad);
    await shop.healthyAt(revert);
    expect(await commitsSince(shop, later)).toEqual([revert]);

    await shop.person.git('revert', '--no-edit', bad);
    const wanted = await shop.person.git('rev-parse', 'HEAD^{tree}');
    expect(await git(shop, 'rev-parse', `${revert}^{tree}`)).toBe(wanted);
    expect(await git(shop, 'rev-parse', `${revert}:deploy`)).toBe(
      await git(shop, 'rev-parse', `${shop.first}:deploy`),
    );
    // Only what is desired is left of the bad commit.
    expect(await shop.cluster.find('configmap', 'renamed', shop.namespace)).toBeDefined();
  }),
);

test.concurrent(
  'what the bad commit changed outside the App stays as it is',
  inShop({ files }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const bad = await shop.person.publish('here and there', {
      ...web('1.18-notfound'),
      'README.md': 'Other words.\n',
      'elsewhere/config.yaml': config('changed'),
      'elsewhere/new.yaml': config('new'),
    });
    const revert = await shop.revertOf(bad);
    await shop.healthyAt(revert);
    const changed = await git(shop, 'diff', '--name-status', shop.first, revert);
    expect(changed.split('\n')).toEqual([
      'M\tREADME.md',
      'M\telsewhere/config.yaml',
      'A\telsewhere/new.yaml',
    ]);
    expect(await git(shop, 'diff', '--name-status', bad, revert)).toBe('M\tdeploy/web.yaml');
  }),
);
