// What ends the wait of a release: a newer commit that concerns the App, a change of the App itself. Drift is set
// back all along, and what cannot be set back now is tried again.

import { PawlError } from '../model/errors.ts';
import type { Run } from './context.ts';
import { correctDrift } from './drift.ts';
import type { Release } from './release.ts';
import { look, targetAt } from './source.ts';

export type Interruption = { by: 'head'; head: string } | { by: 'app' };

/** Handles what wakes the App while its release waits; resolves where that ends the wait, or with the signal. */
export async function watchForInterruption(
  run: Run,
  started: Release,
  signal: AbortSignal,
): Promise<Interruption | undefined> {
  const { session, ctx } = run;
  const found = Promise.withResolvers<string>();
  found.promise.catch(() => {}); // it may come after the end
  let isLooking = false;
  let again = new AbortController();
  // What could not be set back before the wait.
  if (session.drifted.size > 0) session.wakes.add('drift');
  for (;;) {
    let head: string | undefined;
    try {
      head = await Promise.race([session.wakes.some(signal).then(() => undefined), found.promise]);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
    if (head !== undefined) return { by: 'head', head };
    const reasons = session.wakes.take();
    if (reasons.has('drift')) comeAgain(await correctDrift(run));
    if (isReopened(run)) return { by: 'app' };
    if (reasons.has('look') || reasons.has('request')) lookAside();
  }

  /** For what could not be set back: nobody else wakes the App for it. */
  function comeAgain({ afterMs }: { afterMs?: number }): void {
    again.abort();
    again = new AbortController();
    if (afterMs === undefined) return;
    ctx.clock.delay(afterMs, AbortSignal.any([again.signal, signal])).then(
      () => session.wakes.add('drift'),
      () => {}, // the wait is over, or it is looked at sooner
    );
  }

  /** A host that does not answer holds back neither drift nor the verdict. */
  function lookAside(): void {
    if (isLooking) return;
    isLooking = true;
    newerHead({ ...run, signal }, started)
      .then(
        (head) => {
          if (head !== undefined) found.resolve(head);
        },
        (error: unknown) => {
          // The branch cannot be read just now: that is no reason to stop watching over what runs.
          if (!signal.aborted && !(error instanceof PawlError)) found.reject(error);
        },
      )
      .finally(() => {
        isLooking = false;
      });
  }

  /** The spec changed, the App is to go, or an undo is asked for. */
  function isReopened(of: Run): boolean {
    const now = ctx.store.get(session.name);
    if (now === undefined || now.metadata.deletionTimestamp !== undefined) return true;
    if (now.metadata.generation !== of.settings.generation) return true;
    return asked(now) !== asked(of.opened);
  }
}

function asked(app: Run['app']): string | undefined {
  return app.metadata.annotations?.['pawl.dev/undo-requested'];
}

/** A new head that concerns the App, else undefined. */
async function newerHead(run: Run, started: Release): Promise<string | undefined> {
  const seen = await look(run);
  if (seen === undefined || seen.head === started.target.head) return undefined;
  const target = await targetAt(run, seen.head);
  if (target.commit.oid !== started.target.commit.oid) return target.head;
  // It is elsewhere in the repository: only what a revert would be made on has changed.
  run.signal.throwIfAborted();
  started.target = target;
  return undefined;
}
