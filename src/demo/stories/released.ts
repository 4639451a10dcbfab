// What several stories share: waiting for a commit to be healthy, and what must be true then.

import { short } from '../../model/commit.ts';
import type { Check } from '../check.ts';
import type { Scene } from '../scene.ts';
import { replicas } from '../shop.ts';
import type { Snapshot } from '../snapshot.ts';
import { duration } from '../telling.ts';

/** Waits until the commit is healthy, or the time is up: then the checks tell what is wrong. */
export async function untilHealthy({ view, timeoutMs }: Scene, commit: string): Promise<void> {
  await view.until(() => {
    return view.status().healthy?.commit === commit && isReady(view) ? true : undefined;
  }, timeoutMs);
}

/**
 * A snapshot with everything rolled out and the App Ready; the last one taken where the time is up. The status
 * follows the objects by a moment, so both are read until they agree.
 */
export async function settled({ clock, snapshot, timeoutMs, view }: Scene): Promise<Snapshot> {
  const until = clock.monotonic() + timeoutMs;
  for (;;) {
    const leftMs = until - clock.monotonic();
    await view.until(
      () => (isReady(view) && view.web()?.rolledOut === true ? true : undefined),
      Math.max(leftMs, 1),
    );
    const found = await snapshot();
    if ((found.isReady && found.web?.rolledOut === true) || leftMs <= 0) return found;
  }
}

function isReady(view: Scene['view']): boolean {
  const { conditions = [] } = view.status();
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** Publishes files as Ann does, waits, and tells it. */
export async function release(
  scene: Scene,
  message: string,
  files: Record<string, string>,
): Promise<{ commit: string; after: Snapshot }> {
  const { clock, person, tell } = scene;
  const commit = await person.publish(message, files);
  const pushedAt = clock.monotonic();
  tell.line(`Ann pushes ${short(commit)} "${message}".`);
  await untilHealthy(scene, commit);
  const tookMs = clock.monotonic() - pushedAt;
  const after = await scene.snapshot();
  if (after.status.healthy?.commit === commit) {
    tell.line(`Healthy ${duration(tookMs)} after the push: ${readyPods(after)} run ${after.web?.image}.`);
  }
  return { commit, after };
}

export function readyPods({ pods }: Snapshot): string {
  return `${pods.filter((pod) => pod.isReady).length} of ${pods.length} pods`;
}

export interface Wanted {
  commit: string;
  image: string;
  banner: string;
}

/** The branch, the status and the live objects agree that this commit runs, and nothing else does. */
export function runsAs(found: Snapshot, { commit, image, banner }: Wanted): Check[] {
  const { branch, status, web, pods } = found;
  return [
    { what: 'the head of the branch', want: commit, found: branch[0]?.oid },
    { what: 'the commit that was applied', want: commit, found: status.applied?.commit },
    { what: 'the commit that is healthy', want: commit, found: status.healthy?.commit },
    { what: 'the App is Ready', want: true, found: found.isReady },
    { what: 'the image of the Deployment', want: image, found: web?.image },
    { what: 'the Deployment is rolled out', want: true, found: web?.rolledOut },
    { what: 'the Deployment keeps no old ReplicaSets', want: 0, found: web?.historyLimit },
    { what: 'the banner in the ConfigMap', want: banner, found: found.banner },
    { what: 'the Service is there', want: true, found: found.hasService },
    {
      what: 'the images of the pods',
      want: Array(replicas).fill(image),
      found: pods.map((pod) => pod.image),
    },
    { what: 'pods that are ready', want: replicas, found: pods.filter((pod) => pod.isReady).length },
  ];
}

/** Every pod of before made way for a new one. */
export function replacedPods(before: Snapshot, after: Snapshot): Check {
  return { what: 'pods of the version before that are left', want: [], found: keptPods(before, after) };
}

export function keptPods(before: Snapshot, after: Snapshot): string[] {
  const names = new Set(before.pods.map((pod) => pod.name));
  return after.pods.map((pod) => pod.name).filter((name) => names.has(name));
}

/** `web-6d4f9-abcde` as `abcde`, which tells the pods of one Deployment apart. */
export function podNames({ pods }: Snapshot): string {
  return pods.map(({ name }) => name.split('-').at(-1)).join(', ');
}
