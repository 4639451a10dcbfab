// What deleting an App does. A finalizer stands only where `deletion: Prune` asks for it, and never keeps an
// App from going: where the service account can no longer delete, the objects are left and that is said.

import { type App, APPLYSET, FINALIZER } from '../model/app.ts';
import { ApiError } from '../model/errors.ts';
import { applySetId } from '../model/resolve.ts';
import { keyOf, type ObjectId } from '../model/object.ts';
import { toPrune } from '../plan/pair.ts';
import { isTaken } from '../plan/taken.ts';
import { type Context, type Run, type Signals, statusOf } from './context.ts';
import { coverKinds, groupKindsOf } from './membership.ts';
import { comingWithoutLook, leftTo } from './moving.ts';
import { pruneFirst } from './prune-first.ts';
import { leave } from './staying.ts';

/** Puts the finalizer there, or takes it away, as the App's `deletion` says. */
export async function keepFinalizer(run: Run): Promise<void> {
  const finalizers = run.app.metadata.finalizers ?? [];
  const wanted = run.settings.deletion === 'Prune';
  if (finalizers.includes(FINALIZER) === wanted) return;
  const next = wanted ? [...finalizers, FINALIZER] : finalizers.filter((one) => one !== FINALIZER);
  run.app = await run.ctx.store.patchMetadata(
    run.app,
    { finalizers: next, resourceVersion: run.app.metadata.resourceVersion },
    run.hard,
  );
}

/** The App is being deleted: prunes its members as its service account, and lets it go. Without a run nothing is pruned. */
export async function finalize(
  ctx: Context,
  app: App,
  run: Run | undefined,
  signals: Signals,
): Promise<void> {
  const finalizers = app.metadata.finalizers ?? [];
  if (!finalizers.includes(FINALIZER)) return;
  const name = { namespace: app.metadata.namespace, name: app.metadata.name };
  const pruned = run === undefined ? 0 : await pruneOrLeave({ ...run, signal: signals.hard });
  await ctx.store.patchMetadata(
    app,
    {
      finalizers: finalizers.filter((one) => one !== FINALIZER),
      resourceVersion: app.metadata.resourceVersion,
    },
    signals.hard,
  );
  ctx.emit(name, { type: 'deleted', pruned });
}

/** An account that has lost its rights (or Pawl the right to act as it) must not keep the App from going. */
async function pruneOrLeave(run: Run): Promise<number> {
  try {
    return await pruneAll(run);
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 403 && error.status !== 404)) throw error;
    tellLeft(run.ctx, run.app, `the objects of the deleted App stay: ${error.message}`);
    return 0;
  }
}

function tellLeft(ctx: Context, app: App, message: string): void {
  const { namespace, name } = app.metadata;
  ctx.emit(
    { namespace, name },
    {
      type: 'problem',
      code: 'PruneRefused',
      message,
      hint: `Delete them by hand: kubectl delete -l ${APPLYSET.partOf}=${applySetId(app)}.`,
    },
  );
}

async function pruneAll(run: Run): Promise<number> {
  const { ctx, app, applySet, signal } = run;
  const gvkOf = async (id: Pick<ObjectId, 'group' | 'kind'>) =>
    (await ctx.cluster.preferred(id.group, id.kind, signal))?.gvk;
  const gvks = (await Promise.all(groupKindsOf(app).map(gvkOf))).filter((gvk) => gvk !== undefined);
  await coverKinds(ctx, app, run.account, gvks, signal);
  const objects = toPrune(ctx.members.of(applySet), new Set(), applySet);
  // What another App renders or waits for is left to it, and what was never this App's own is let go.
  const coming = await comingWithoutLook(run, objects);
  const { takenOver } = statusOf(run);
  const isTheirs = (id: ObjectId) => coming.has(keyOf(id)) || isTaken(takenOver, keyOf(id));
  const changes = await pruneFirst(
    run,
    objects.filter((id) => !isTheirs(id)),
  );
  const left = [
    ...changes.filter((change) => change.outcome === 'refused'),
    ...objects.flatMap((id) => {
      const theirs = coming.get(keyOf(id));
      return theirs?.sure === 'perhaps' ? [leftTo(id, theirs)] : [];
    }),
  ];
  if (left.length > 0)
    tellLeft(ctx, app, `${left.length} objects of the deleted App stay: ${left[0]?.reason ?? ''}`);
  const taken = new Map(
    objects
      .filter((id) => !coming.has(keyOf(id)) && isTaken(takenOver, keyOf(id)))
      .map((id) => [keyOf(id), { kind: 'taken' as const }]),
  );
  await leave(run, objects, taken);
  return changes.filter((change) => change.outcome === 'pruned').length;
}
