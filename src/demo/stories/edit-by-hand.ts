// Somebody edits a live object. It is set back at once, and told with who did it and which field it was.

import type { Story } from '../scene.ts';
import { banners } from '../shop.ts';
import { duration } from '../telling.ts';
import { runsAs, settled } from './released.ts';

const FIELD = 'spec.template.spec.containers[name=web].image';
const MANAGER = 'kubectl-set';

export const editByHand: Story = {
  title: 'An edit by hand',
  async play(scene) {
    const { images, namespace, tell, timeoutMs, view } = scene;
    const before = await scene.snapshot();
    const edited = watchEdit(scene);
    const arguments_ = ['set', 'image', 'deployment/web', `web=${images.byHand}`, '--namespace', namespace];
    tell.line(`Somebody runs: kubectl ${arguments_.join(' ')}`);
    try {
      await scene.kubectl(arguments_);
      await view.until(
        () => (edited.setBackAt() !== undefined && setBack() !== undefined ? true : undefined),
        timeoutMs,
      );
    } finally {
      edited.stop();
    }
    const [from, to] = [edited.at(), edited.setBackAt()];
    if (from !== undefined && to !== undefined) {
      tell.line(`Set back ${duration(to - from)} after it came. Pawl says of it:`);
      tell.block([setBack() ?? '(nothing)']);
    }
    const after = await settled(scene);
    return [
      ...runsAs(after, { commit: before.branch[0]?.oid ?? '', image: images.next, banner: banners.next }),
      { what: 'the edit was seen in the cluster', want: true, found: from !== undefined },
      { what: 'the event names who made the edit', want: true, found: setBack()?.includes(MANAGER) },
      { what: 'the event names the field', want: true, found: setBack()?.includes(FIELD) },
      { what: 'commits on the branch', want: before.branch.length, found: after.branch.length },
    ];

    function setBack(): string | undefined {
      return view.told('DriftCorrected').find((message) => message.includes(images.byHand));
    }
  },
};

interface Edit {
  /** When the edit was seen, and when it was gone again; on the monotonic clock. */
  at(): number | undefined;
  setBackAt(): number | undefined;
  stop(): void;
}

function watchEdit({ clock, images, view }: Parameters<Story['play']>[0]): Edit {
  let at: number | undefined;
  let setBackAt: number | undefined;
  const stop = view.onChange(() => {
    const isEdited = view.web()?.image === images.byHand;
    if (isEdited) at ??= clock.monotonic();
    else if (at !== undefined) setBackAt ??= clock.monotonic();
  });
  return { at: () => at, setBackAt: () => setBackAt, stop };
}
