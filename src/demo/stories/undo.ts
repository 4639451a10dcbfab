// The call at two in the morning: everything is healthy, and still it is wrong. A person looks at the history, sees
// what going back would do, and goes back: by a new commit.

import { short } from '../../model/commit.ts';
import type { Check } from '../check.ts';
import type { Scene, Story } from '../scene.ts';
import { banners } from '../shop.ts';
import type { Snapshot } from '../snapshot.ts';
import { runsAs } from './released.ts';

export const undo: Story = {
  title: 'Going back by hand, to an older revision',
  async play(scene) {
    const { images, namespace, tell } = scene;
    const before = await scene.snapshot();
    const first = before.branch.at(-1);
    const to = first?.oid ?? '';
    const app = ['shop', '--namespace', namespace];
    tell.line('Pods are healthy, customers are not. What was released, and when?');
    const history = await show(scene, ['history', ...app]);
    tell.line(`What would going back to ${short(to)} do?`);
    const preview = await show(scene, ['undo', ...app, '--to', short(to), '--dry-run']);
    const between = await scene.snapshot();
    tell.line('Nothing has changed so far. Now in earnest:');
    const undone = await show(scene, ['undo', ...app, '--to', short(to), '--wait']);
    const after = await scene.snapshot();
    return [
      {
        what: 'the exit codes of history, undo --dry-run and undo',
        want: [0, 0, 0],
        found: [history, preview, undone],
      },
      { what: 'the head after the dry-run', want: before.branch[0]?.oid, found: between.branch[0]?.oid },
      { what: 'the Deployment after the dry-run', want: before.web, found: between.web },
      ...isUndone(before, after, to),
      ...runsAs(after, { commit: after.branch[0]?.oid ?? '', image: images.first, banner: banners.first }),
    ];
  },
};

/** One new commit on the head, with the files of `to`. */
export function isUndone(before: Snapshot, after: Snapshot, to: string): Check[] {
  const [made] = after.branch;
  return [
    { what: 'commits added to the branch', want: 1, found: after.branch.length - before.branch.length },
    { what: 'the parent of the new commit', want: [before.branch[0]?.oid], found: made?.parents },
    {
      what: 'the files at the new commit are those of the old revision',
      want: before.branch.find(({ oid }) => oid === to)?.tree,
      found: made?.tree,
    },
    { what: 'the message says who asked', want: true, found: made?.message.includes('Asked for by ') },
    { what: 'the answer to the undo', want: made?.oid, found: after.status.undo?.commit },
  ];
}

/** Runs it, and shows the command with what it wrote. Returns the exit code. */
async function show({ pawl, tell }: Scene, args: string[]): Promise<number> {
  const { exitCode, lines } = await pawl(args);
  tell.block([`$ pawl ${args.join(' ')}`, ...lines]);
  return exitCode;
}
