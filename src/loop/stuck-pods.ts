// While a release waits: deletes the pods that hold up a StatefulSet whose template this release replaced, so that
// its revert, or its fix, heals it without a person. As the App's account, and only the very pod that was read.
// What cannot be deleted is said, and left to the deadline.

import { ANNOTATION } from '../model/app.ts';
import { ApiError } from '../model/errors.ts';
import type { Gvk, KubeObject, ObjectId } from '../model/object.ts';
import { indexRelated, type RelatedObjects } from '../verify/owners.ts';
import { stuckPods } from '../verify/stuck.ts';
import type { Watched } from '../verify/watched.ts';
import { type Run, tell } from './context.ts';
import type { Release } from './release.ts';

const POD: Gvk = { group: '', version: 'v1', kind: 'Pod' };
const TRY_AGAIN_MS = 5_000;

export interface Unsticking {
  /** Begins with what is stuck at this moment. */
  look(objects: readonly Watched[], related: RelatedObjects): void;
  /** Resolves when nothing is under way any more; what was sent is let finish. */
  over(): Promise<void>;
}

/** `signal` ends the wait. `again` is called when something that failed is worth another look. */
export function unsticking(run: Run, started: Release, signal: AbortSignal, again: () => void): Unsticking {
  const handled = new Set<string>();
  const young = new Set<string>();
  const underWay = new Set<Promise<void>>();
  let bug: unknown;
  return {
    look(objects, related) {
      const sets = objects.filter(({ live }) => isReplacedBy(live, started.target.commit.oid));
      if (sets.length === 0) return;
      const index = indexRelated(related);
      for (const { live, manifest } of sets) {
        for (const { pod, inMs } of stuckPods(live, index, run.ctx.clock.now())) {
          const uid = pod.metadata.uid ?? '';
          const version = `${uid}/${pod.metadata.resourceVersion ?? ''}`;
          if (inMs > 0) {
            if (young.has(uid)) continue;
            young.add(uid);
            begin(grown(uid, inMs));
            continue;
          }
          if (handled.has(version)) continue;
          handled.add(version);
          begin(
            unstick(pod, manifest.id).catch(async (error: unknown) => {
              if (!(error instanceof ApiError)) throw error;
              await afterRefusal(error, pod, manifest.id, () => handled.delete(version));
            }),
          );
        }
      }
    },
    async over() {
      await Promise.all(underWay);
      if (bug !== undefined) throw bug;
    },
  };

  function begin(what: Promise<void>): void {
    const work = what
      .catch((error: unknown) => {
        if (!signal.aborted && !run.hard.aborted) bug ??= error;
      })
      .finally(() => underWay.delete(work));
    underWay.add(work);
  }

  async function grown(uid: string, inMs: number): Promise<void> {
    await run.ctx.clock.delay(inMs, signal);
    young.delete(uid);
    again();
  }

  async function unstick({ metadata }: KubeObject, object: ObjectId): Promise<void> {
    const { namespace = '', name, uid, resourceVersion } = metadata;
    await run.api.delete({ gvk: POD, namespace, name }, { uid, resourceVersion }, {}, run.hard);
    tell(run, { type: 'unstuck', commit: started.target.commit.oid, object, pod: name });
    started.notes.push(`deleted the stuck pod ${name}`);
  }

  async function afterRefusal(
    error: ApiError,
    { metadata }: KubeObject,
    object: ObjectId,
    forget: () => void,
  ): Promise<void> {
    // It has changed meanwhile: the change brings another look.
    if (error.status === 409) return;
    if (error.status === 403) {
      tell(run, {
        type: 'problem',
        code: 'StuckPodForbidden',
        message: `Pod ${metadata.namespace ?? ''}/${metadata.name} holds up StatefulSet ${object.name}, and ${run.settings.serviceAccountName} may not delete it`,
        hint: 'Delete the pod, and let the account delete pods.',
      });
      return;
    }
    await run.ctx.clock.delay(TRY_AGAIN_MS, signal);
    forget();
    again();
  }
}

/** Whether it is a StatefulSet that was written for this commit: the server remembers that over our restarts. */
export function isReplacedBy(live: KubeObject | undefined, commit: string): boolean {
  if (live?.kind !== 'StatefulSet') return false;
  return live.metadata.annotations?.[ANNOTATION.changeCause]?.startsWith(`${commit} `) === true;
}
