// Objects that roll out another one: a Flagger Canary its `targetRef`, an Argo Rollout its `workloadRef`. A change of
// the target is a change of theirs, though their own manifest stays as it is; until their controller has taken it up
// they speak of what was before.

import type { KubeObject, ObjectId } from '../model/object.ts';
import { gvkOf } from '../model/object.ts';
import type { HealthContext } from './answers.ts';
import { at, textIn } from './fields.ts';
import { takenUpIn } from './old-news.ts';

/** What it rolls out; undefined for any other object. */
export function targetOf(object: KubeObject): ObjectId | undefined {
  const reference = at(object, 'spec', referenceField(object));
  const name = textIn(reference, 'name');
  const kind = textIn(reference, 'kind');
  if (name === '' || kind === '') return undefined;
  const { group } = gvkOf({ apiVersion: textIn(reference, 'apiVersion') || 'apps/v1', kind });
  return { group, kind, namespace: object.metadata.namespace ?? '', name };
}

/** By which one tells whether its controller has taken up something new since. */
export function takenUpOf(object: KubeObject): string | undefined {
  const status = at(object, 'status');
  switch (referenceField(object)) {
    case 'targetRef':
      return textIn(status, 'lastAppliedSpec') || undefined;
    case 'workloadRef':
      return textIn(status, 'workloadObservedGeneration') || undefined;
    case '':
      return undefined;
  }
}

/** What stood before the apply still stands. */
export function isOldNews(object: KubeObject, context: HealthContext): boolean {
  return context.stalledSince !== undefined && takenUpOf(object) === takenUpIn(context.stalledSince);
}

/** Its target has a new template, of which its status does not speak yet. */
export function isNotTakenUp(object: KubeObject, context: HealthContext): boolean {
  return context.targetChanged === true && isOldNews(object, context);
}

function referenceField(object: KubeObject): 'targetRef' | 'workloadRef' | '' {
  const { group, kind } = gvkOf(object);
  if (kind === 'Canary' && group === 'flagger.app') return 'targetRef';
  return kind === 'Rollout' && group === 'argoproj.io' ? 'workloadRef' : '';
}
