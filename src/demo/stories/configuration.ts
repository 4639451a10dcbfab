// A change of configuration alone. On its own Kubernetes would restart nothing; here the pods' template carries a
// checksum of what they use, so it is a release like any other.

import type { Story } from '../scene.ts';
import { banners, paths } from '../shop.ts';
import { podNames, release, replacedPods, runsAs } from './released.ts';

export const configuration: Story = {
  title: 'A change of configuration alone',
  async play(scene) {
    const { images, shop, tell } = scene;
    const before = await scene.snapshot();
    const files = { [paths.config]: shop.config(banners.next) };
    const { commit, after } = await release(scene, 'Banner for the summer sale', files);
    tell.line(
      `Only the ConfigMap changed, and the pods took it up: ${podNames(before)} made way for ${podNames(after)}.`,
    );
    return [
      ...runsAs(after, { commit, image: images.next, banner: banners.next }),
      replacedPods(before, after),
      {
        what: "the checksum on the pods' template changed",
        want: true,
        found: after.web !== undefined && after.web.checksum !== before.web?.checksum,
      },
    ];
  },
};
