// The first release: an empty namespace, a repository, and an App that leads from one to the other.

import { short } from '../../model/commit.ts';
import type { Story } from '../scene.ts';
import { banners, paths } from '../shop.ts';
import { duration } from '../telling.ts';
import { readyPods, runsAs, untilHealthy } from './released.ts';

export const firstRelease: Story = {
  title: 'A first release',
  async play(scene) {
    const { clock, images, namespace, person, shop, tell } = scene;
    const message = 'Open the shop';
    const commit = await person.publish(message, {
      [paths.readme]: shop.readme,
      [paths.web]: shop.web(images.first),
      [paths.config]: shop.config(banners.first),
    });
    tell.line(`Ann pushes ${short(commit)} "${message}": a Deployment, a Service and a ConfigMap.`);
    await scene.createApp();
    const createdAt = clock.monotonic();
    tell.line(`The App ${namespace}/shop is made: it follows the branch main of that repository.`);
    await untilHealthy(scene, commit);
    const tookMs = clock.monotonic() - createdAt;
    const after = await scene.snapshot();
    if (after.status.healthy?.commit === commit) {
      tell.line(`Healthy ${duration(tookMs)} later: ${readyPods(after)} run ${after.web?.image}.`);
    }
    return [
      ...runsAs(after, { commit, image: images.first, banner: banners.first }),
      ...(scene.writers === undefined ? [] : [{ what: "who wrote the App's objects", ...scene.writers() }]),
      { what: 'commits on the branch', want: [commit], found: after.branch.map(({ oid }) => oid) },
    ];
  },
};
