// The stories in their order; each begins with what the one before left.

import { type Check, failing } from './check.ts';
import type { Scene, Story } from './scene.ts';
import { badImage } from './stories/bad-image.ts';
import { configuration } from './stories/configuration.ts';
import { editByHand } from './stories/edit-by-hand.ts';
import { firstRelease } from './stories/first-release.ts';
import { newImage } from './stories/new-image.ts';
import { undo } from './stories/undo.ts';

export const stories: readonly Story[] = [firstRelease, newImage, configuration, editByHand, badImage, undo];

/** Plays one after another up to the first that fails. Returns the checks that failed. */
export async function playAll(scene: Scene, list: readonly Story[] = stories): Promise<Check[]> {
  const { title, line } = scene.tell;
  for (const [index, story] of list.entries()) {
    title(`${index + 1}  ${story.title}`);
    const checks = await story.play(scene);
    const failed = failing(checks);
    if (failed.length > 0) return failed;
    line(
      `Checked: ${checks.length} facts of the branch, the live objects and the App's status are as they should be.`,
    );
  }
  return [];
}
