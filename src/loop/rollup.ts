// How the App's objects are between releases. Nothing is reverted for it: a verdict stands once it is given.

import { revision } from '../model/app.ts';
import { showId } from '../model/object.ts';
import { readyCondition, withState } from '../record/conditions.ts';
import { healthOf } from '../verify/health.ts';
import { type Run, save, statusOf } from './context.ts';

export interface Counts {
  total: number;
  ready: number;
  /** The first that is not ready, in words. */
  first: string | undefined;
}

export function countReady(run: Run): Counts {
  const { session, ctx } = run;
  const now = ctx.clock.now();
  const stalledSince = statusOf(run).baseline?.stalledSince ?? {};
  let ready = 0;
  let first: string | undefined;
  for (const { id, key } of session.desired.values()) {
    const health = healthOf(ctx.members.get(id), { now, stalledSince: stalledSince[key] });
    if (health.status === 'Current' || health.status === 'Suspended') ready += 1;
    else first ??= `${showId(id)} ${health.message}`;
  }
  return { total: session.desired.size, ready, first };
}

/** Brings Ready and the counts up to date where they have changed; the status is not written otherwise. */
export async function rollUp(run: Run, options: { force?: boolean } = {}): Promise<void> {
  const status = statusOf(run);
  const { healthy, applied } = status;
  const said = readyCondition(status);
  // Only of an App that runs what was found healthy: a held or failing one has more important things to say.
  const isOurs = said?.reason === 'Healthy' || said?.reason === 'Degraded' || said?.reason === 'Suspended';
  if (healthy === undefined || healthy.commit !== applied?.commit || run.session.desired.size === 0) return;
  if (status.release !== undefined || !(isOurs || options.force === true)) return;
  const { total, ready, first } = countReady(run);
  const isReady = ready === total;
  const isSaid =
    (said?.status === 'True') === isReady && said?.reason !== 'Suspended' && options.force !== true;
  if (isSaid && status.objects?.ready === ready && status.objects.total === total) return;
  const name = revision(run.settings.source.branch, healthy.commit);
  const message = isReady
    ? `${name} is healthy: ${ready} of ${total} objects ready`
    : `${ready} of ${total} objects ready: ${first ?? ''}`;
  const state = {
    ready: isReady ? ('True' as const) : ('False' as const),
    reason: isReady ? 'Healthy' : 'Degraded',
    message,
  };
  const objects = { total, ready, outcomes: status.objects?.outcomes ?? [] };
  await save(run, withState({ ...status, objects }, state, run.settings.generation, run.ctx.clock.now()));
}
