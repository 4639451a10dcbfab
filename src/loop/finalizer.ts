// What deleting an App does. A finalizer stands only where `deletion: Prune` asks for it, and never keeps an
// App from going: where the service account can no longer delete, the objects are left and that is said.

import { type App, APPLYSET, FINALIZER } from '../model/app.ts';
import { ApiError } from '../model/errors.ts';
import { applySetId } from '../model/resolve.ts';
import { keyOf, type ObjectId } from '../model/object.ts';
import { prune } from '../apply/prune.ts';
import { toPrune } from '../plan/pair.ts';
import type { Account } from '../ports.ts';
import type { Context, Run, Signals } from './context.ts';
import { objectionTo } from './in-use.ts';
import { coverKinds, groupKindsOf } from './membership.ts';

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

/** The App is being deleted: prunes its members as its service account, and lets it go. */
export async function finalize(
  ctx: Context,
  app: App,
  account: Account | undefined,
  signals: Signals,
): Promise<void> {
  const finalizers = app.metadata.finalizers ?? [];
  if (!finalizers.includes(FINALIZER)) return;
  const name = { namespace: app.metadata.namespace, name: app.metadata.name };
  const pruned = account === undefined ? 0 : await pruneOrLeave(ctx, app, account, signals);
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
async function pruneOrLeave(ctx: Context, app: App, account: Account, signals: Signals): Promise<number> {
  try {
    return await pruneAll(ctx, app, account, signals);
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 403 && error.status !== 404)) throw error;
    tellLeft(ctx, app, `the objects of the deleted App stay: ${error.message}`);
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

async function pruneAll(ctx: Context, app: App, account: Account, signals: Signals): Promise<number> {
  const applySet = applySetId(app);
  const kinds = groupKindsOf(app);
  const gvkOf = async (id: Pick<ObjectId, 'group' | 'kind'>) =>
    (await ctx.cluster.preferred(id.group, id.kind, signals.hard))?.gvk;
  const gvks = (await Promise.all(kinds.map(gvkOf))).filter((gvk) => gvk !== undefined);
  await coverKinds(ctx, app, account, gvks, signals.hard);
  // What another App waits for is left to it.
  const objects = toPrune(ctx.members.of(applySet), new Set(), applySet)
    .filter((id) => ctx.neighbours.waitingBeside(applySet, keyOf(id)) === undefined)
    .toReversed();
  const api = ctx.cluster.as(account);
  const changes = await prune(
    { objects, applySet, api, gvkOf, objection: objectionTo({ ctx, api, applySet, signal: signals.hard }) },
    signals.hard,
  );
  const left = changes.filter((change) => change.outcome === 'refused');
  if (left.length > 0)
    tellLeft(ctx, app, `${left.length} objects of the deleted App stay: ${left[0]?.reason ?? ''}`);
  return changes.filter((change) => change.outcome === 'pruned').length;
}
