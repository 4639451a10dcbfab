// What is to be done with a hook, by what is live and what has run. Pure.
// 1. Once per content: what has run with this content is not run again, whether its Job is still there or not. One that
//    runs always is not run twice in one release.
// 2. A run that is under way is waited for, whoever began it. One that failed in this release has failed it; one that
//    failed in another release is made anew.
// 3. A Job of another content is deleted and made anew, but not while pods of it are at work: half a migration is worse
//    than a late one. That wait has an end (`isOverdue`): what hangs would hold up the fix, and the way back, for ever.
// 4. A Job that others made with the same content counts as run, or as running, and becomes a member. One of other
//    content is theirs (I5): it is not taken away.

import { hash } from 'node:crypto';
import { conditionIs } from '../model/conditions.ts';
import { type HookRun, runOf } from '../model/hook.ts';
import type { KubeObject } from '../model/object.ts';
import { isAtWork, type PodsRead } from './at-work.ts';

export type HookStep =
  | { do: 'nothing' }
  /** It has completed, and that is not noted yet. */
  | { do: 'note' }
  /** Its run is there, and is waited for. */
  | { do: 'wait' }
  /** Somebody else's Job of the same content: it becomes a member, and is waited for. */
  | { do: 'adopt' }
  | { do: 'create' }
  | { do: 'replace' }
  /** An earlier run of other content is at work: it is neither killed nor overtaken. */
  | { do: 'hold' }
  /** It would have to be replaced, and is not ours. */
  | { do: 'leave' };

export interface HookFacts {
  /** Noted as completed. */
  hasRun: boolean;
  /** What would be run now. */
  run: HookRun;
  always: boolean;
  /** The live Job is a member of the App. */
  isMember: boolean;
  /** A run of something else has been waited for long enough. */
  isOverdue: boolean;
  /** Of a live Job that carries no run: whether its spec is the one that is desired. */
  isSameSpec: boolean;
  /** Of the live Job; read where a first answer is to hold. */
  pods?: PodsRead;
}

export function hookStep(live: KubeObject | undefined, facts: HookFacts): HookStep {
  if (facts.hasRun) return { do: 'nothing' };
  if (live === undefined) return { do: 'create' };
  const found = runOf(live);
  const isOurs = found?.hash === facts.run.hash && (!facts.always || found.release === facts.run.release);
  const isTheirs = found === undefined && facts.isSameSpec && !facts.always;
  const replace = { do: facts.isMember ? ('replace' as const) : ('leave' as const) };
  if (live.metadata.deletionTimestamp !== undefined) return replace;
  if (!isOurs && !isTheirs) return !facts.isOverdue && isAtWork(live, facts.pods) ? { do: 'hold' } : replace;
  if (isOurs && conditionIs(live, 'Complete', 'True')) return { do: 'note' };
  if (conditionIs(live, 'Failed', 'True'))
    return isOurs && found.release === facts.run.release ? { do: 'wait' } : replace;
  return { do: isOurs ? 'wait' : 'adopt' };
}

const MAX_NAME = 52;

/** To ask the server of a Job while another one has its name: of that it would only say that it cannot be changed. */
export function underOtherName(object: KubeObject): KubeObject {
  const { name } = object.metadata;
  const other = `${name.slice(0, MAX_NAME).replace(/[-.]+$/, '')}-${hash('sha256', name).slice(0, 8)}`;
  return { ...object, metadata: { ...object.metadata, name: other } };
}
