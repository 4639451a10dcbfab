// Opens a pass: the App as it stands, its settings, its rights. Ends it at once where the App is invalid,
// suspended or being deleted.

import { appKey } from '../model/app.ts';
import { applySetId, resolveApp } from '../model/resolve.ts';
import { readyCondition, withState } from '../record/conditions.ts';
import { type Context, type Run, type Session, type Signals, save, statusOf, tell } from './context.ts';
import { finalize, keepFinalizer } from './finalizer.ts';
import { onMemberChange } from './noticing.ts';

export async function openRun(ctx: Context, session: Session, signals: Signals): Promise<Run | undefined> {
  const app = ctx.store.get(session.name);
  if (app === undefined) return undefined;
  const resolved = resolveApp(app);
  if ('refused' in resolved) {
    if (app.metadata.deletionTimestamp !== undefined) await finalize(ctx, app, undefined, signals);
    else await refuse(ctx, app, resolved.refused, signals);
    return undefined;
  }
  const settings = resolved.ok;
  const account = { namespace: settings.namespace, name: settings.serviceAccountName };
  const applySet = applySetId(app);
  const { url, branch } = settings.source;
  const run: Run = {
    ctx,
    session,
    app,
    opened: app,
    settings,
    account,
    api: ctx.cluster.as(account),
    repository: { url, branch, credentials: undefined },
    applySet,
    signal: signals.soft,
    hard: signals.hard,
  };
  if (app.metadata.deletionTimestamp !== undefined) {
    await finalize(ctx, app, run, signals);
    return undefined;
  }
  session.subscription ??= ctx.members.subscribe(applySet, (change) => onMemberChange(session, change));
  if (settings.suspend) {
    await suspend(run);
    return undefined;
  }
  if (readyCondition(app.status)?.reason === 'Suspended') {
    session.settled = undefined;
    tell(run, { type: 'resumed' });
  }
  await keepFinalizer(run);
  return run;
}

/** Said once; the App's own fields are the only thing that can change it. */
async function refuse(
  ctx: Context,
  app: Run['app'],
  refused: readonly { reason: string; message: string; hint?: string }[],
  signals: Signals,
): Promise<void> {
  const [first] = refused;
  if (first === undefined) return;
  const message = refused
    .map((one) => (one.hint === undefined ? one.message : `${one.message}. ${one.hint}`))
    .join('; ');
  const before = readyCondition(app.status);
  if (before?.reason === first.reason && before.observedGeneration === app.metadata.generation) return;
  const state = { ready: 'False' as const, reason: first.reason, message, stalled: true };
  const status = withState(app.status ?? {}, state, app.metadata.generation ?? 0, ctx.clock.now());
  await ctx.store.writeStatus(app, status, {}, signals.hard);
  const [namespace = '', name = ''] = appKey(app).split('/');
  ctx.emit({ namespace, name }, { type: 'problem', code: first.reason, message });
}

async function suspend(run: Run): Promise<void> {
  if (readyCondition(run.app.status)?.reason === 'Suspended') return;
  const applied = statusOf(run).applied?.commit;
  const message =
    applied === undefined
      ? 'suspended: nothing is polled, written or reverted'
      : `suspended: ${applied} runs, and nothing is polled, written or reverted`;
  const state = { ready: 'Unknown' as const, reason: 'Suspended', message };
  await save(run, withState(statusOf(run), state, run.settings.generation, run.ctx.clock.now()));
  run.session.settled = undefined;
  tell(run, { type: 'suspended' });
}
