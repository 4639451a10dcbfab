// A new image: the rollout replaces the pods, and the change cause on the object names the commit.

import type { Story } from '../scene.ts';
import { banners, paths } from '../shop.ts';
import { podNames, release, replacedPods, runsAs } from './released.ts';

export const newImage: Story = {
  title: 'A new image',
  async play(scene) {
    const { images, shop, tell } = scene;
    const before = await scene.snapshot();
    const { commit, after } = await release(scene, 'New version of web', {
      [paths.web]: shop.web(images.next),
    });
    tell.line(`Pods ${podNames(before)} made way for ${podNames(after)}.`);
    const cause = after.web?.changeCause;
    return [
      ...runsAs(after, { commit, image: images.next, banner: banners.first }),
      replacedPods(before, after),
      {
        what: 'the change cause of the Deployment names the commit',
        want: true,
        found: cause?.includes(commit.slice(0, 7)),
      },
    ];
  },
};
