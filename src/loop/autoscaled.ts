// The autoscalers that an App's plans and corrections know of, and what happens when one of its own is gone.

import type { Manifest } from '../model/manifest.ts';
import type { KubeObject } from '../model/object.ts';
import { type Autoscalers, isScaleTarget, makeAutoscalers, scaleTargetOf } from '../plan/autoscalers.ts';
import type { Run, Session } from './context.ts';

export function autoscalersOf(run: Run, manifests: Iterable<Manifest>): Autoscalers {
  return makeAutoscalers({ manifests, members: run.ctx.members.of(run.applySet), api: run.api });
}

/** The keys of the desired objects that this autoscaler scaled. */
export function scaledBy(session: Pick<Session, 'desired'>, autoscaler: KubeObject): string[] {
  const target = scaleTargetOf(autoscaler);
  if (target === undefined) return [];
  return [...session.desired.values()].filter(({ id }) => isScaleTarget(id, target)).map(({ key }) => key);
}
