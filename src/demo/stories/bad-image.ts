// A release that fails: noticed, reverted in the branch, healthy again, while the version before goes on serving.

import type { Check } from '../check.ts';
import type { Scene, Story } from '../scene.ts';
import { short } from '../../model/commit.ts';
import { banners, paths, replicas } from '../shop.ts';
import type { Snapshot } from '../snapshot.ts';
import { duration } from '../telling.ts';
import { runsAs, untilHealthy } from './released.ts';

export const badImage: Story = {
  title: 'A bad image',
  async play(scene) {
    const { clock, images, person, shop, tell, timeoutMs, view } = scene;
    const before = await scene.snapshot();
    const serving = countServing(scene, before);
    try {
      const bad = await person.publish('Newer version of web', { [paths.web]: shop.web(images.bad) });
      const pushedAt = clock.monotonic();
      tell.line(`Ann pushes ${short(bad)} "Newer version of web": ${images.bad}; ${images.badBecause}.`);
      await tellTrouble(scene);
      const intent = await view.until(() => {
        const { revert } = view.status();
        return revert?.commits.includes(bad) ? revert : undefined;
      }, timeoutMs);
      const noticedAt = clock.monotonic();
      if (intent !== undefined) {
        tell.line(`Noticed ${duration(noticedAt - pushedAt)} after the push: ${intent.reason}.`);
      }
      const revert = await view.until(
        () => view.status().history?.find(({ commit }) => commit === bad)?.revertedBy,
        intent === undefined ? 1 : timeoutMs,
      );
      if (revert !== undefined) {
        tell.line(
          `Reverted ${duration(clock.monotonic() - noticedAt)} later, by the commit ${short(revert)} on main:`,
        );
        await untilHealthy(scene, revert);
      }
      const healthyAt = clock.monotonic();
      const after = await scene.snapshot();
      await person.pull();
      tell.block(after.branch[0]?.message.trimEnd().split('\n') ?? []);
      if (revert !== undefined && after.status.healthy?.commit === revert) {
        tell.line(
          `Healthy ${duration(healthyAt - pushedAt)} after the push. At every moment at least ${serving.least()} pods of the version before were ready.`,
        );
      }
      return [...isReverted(before, after, bad, images.bad), ...serving.checks()];
    } finally {
      serving.stop();
    }
  },
};

/** Tells what goes wrong in the first pod that says so. */
async function tellTrouble({ images, tell, timeoutMs, view }: Scene): Promise<void> {
  const waiting = await view.until(
    () =>
      view
        .pods()
        .find(
          ({ image, waits }) => image === images.bad && waits !== undefined && waits !== 'ContainerCreating',
        ),
    timeoutMs,
  );
  if (waiting !== undefined) tell.line(`The new pod ${waiting.name} says ${waiting.waits}.`);
}

/** One commit was added to the bad one, and it leads back to exactly what was there before. */
export function isReverted(before: Snapshot, after: Snapshot, bad: string, badImage: string): Check[] {
  const [revert] = after.branch;
  const [good] = before.branch;
  const message = revert?.message ?? '';
  const entry = after.status.history?.find(({ commit }) => commit === bad);
  return [
    ...runsAs(after, { commit: revert?.oid ?? '', image: before.web?.image ?? '', banner: banners.next }),
    { what: 'commits added to the branch', want: 2, found: after.branch.length - before.branch.length },
    { what: 'the parent of the revert', want: [bad], found: revert?.parents },
    { what: 'the files at the revert are those of before', want: good?.tree, found: revert?.tree },
    { what: 'the author of the revert', want: 'Pawl', found: revert?.author.name },
    {
      what: 'the message says what it reverts',
      want: true,
      found: message.includes(`This reverts commit ${bad}.`),
    },
    { what: 'the message holds the evidence', want: true, found: message.includes('/Deployment/web: ') },
    { what: 'the outcome in the history', want: 'Reverted', found: entry?.outcome },
    { what: 'the commit that reverted it, in the history', want: revert?.oid, found: entry?.revertedBy },
    { what: 'pods of the bad image', want: [], found: after.pods.filter(({ image }) => image === badImage) },
  ];
}

interface Serving {
  /** The fewest pods of the version before that were ready at any moment. */
  least(): number;
  checks(): Check[];
  stop(): void;
}

function countServing({ view }: Scene, before: Snapshot): Serving {
  const count = () =>
    view.pods().filter(({ image, isReady }) => isReady && image === before.web?.image).length;
  let least = count();
  const stop = view.onChange(() => {
    least = Math.min(least, count());
  });
  return {
    least: () => least,
    checks: () => [
      { what: 'pods of the version before that were ready at every moment', want: replicas, found: least },
    ],
    stop,
  };
}
