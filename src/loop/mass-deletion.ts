// A commit that would delete most of the App waits for a person (`pawl.dev/confirm-prune`).

import { ANNOTATION, revision } from '../model/app.ts';
import type { Rendered } from '../model/manifest.ts';
import type { Plan } from '../model/plan.ts';
import { isMassDeletion } from '../plan/pair.ts';
import { type Run, statusOf } from './context.ts';
import { isOurs } from './facts.ts';
import type { Release } from './release.ts';
import { staying } from './staying.ts';

const MASS_DELETION = 'MassDeletion';

/** Whether somebody has confirmed by now what the commit was held for. */
export function isDeletionAllowed(run: Run, commit: string): boolean {
  const last = statusOf(run).history?.find((entry) => entry.commit === commit);
  return last?.reason.startsWith(`${MASS_DELETION}: `) === true && isPruneConfirmed(run, commit);
}

function isPruneConfirmed(run: Run, commit: string): boolean {
  const confirmed = run.app.metadata.annotations?.[ANNOTATION.confirmPrune];
  return confirmed === commit || confirmed === revision(run.settings.source.branch, commit);
}

/** Why the release is held; undefined where it may go on. */
export async function massDeletion(
  run: Run,
  started: Release,
  plan: Plan,
  desired: Rendered,
): Promise<{ kind: 'held'; reason: string; message: string } | undefined> {
  const members = run.ctx.members.of(run.applySet).length;
  if (!run.settings.prune || !isMassDeletion(members, plan.prune.length, desired.manifests.length))
    return undefined;
  const { oid } = started.target.commit;
  // Our own revert takes away what the commits that it undoes had brought, and a person has asked for an undo.
  if (isPruneConfirmed(run, oid) || isOurs(run, oid)) return undefined;
  // What is left to other Apps is not deleted: an App may be split.
  const stays = await staying(run, plan.prune, oid);
  const going = plan.prune.length - stays.size;
  if (!isMassDeletion(members, going, desired.manifests.length)) return undefined;
  const name = revision(run.settings.source.branch, oid);
  return {
    kind: 'held',
    reason: MASS_DELETION,
    message: `${oid} would delete ${going} of ${members} objects. If that is meant: \`kubectl annotate app ${run.settings.name} -n ${run.settings.namespace} --overwrite ${ANNOTATION.confirmPrune}=${name}\``,
  };
}
