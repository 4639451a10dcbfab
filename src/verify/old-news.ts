// Marks of what objects told before an apply, by which one knows it again afterwards: as old news. They are kept in
// the status of the App, which more people may read than the objects.

import { createHash } from 'node:crypto';
import { NOT_KNOWN } from '../model/baseline.ts';
import { ruleFor } from '../model/kind-rules.ts';
import { type KubeObject, gvkOf } from '../model/object.ts';
import type { HealthContext } from './answers.ts';
import { conditionOf } from './fields.ts';
import { templateOf } from './owners.ts';

/** Of a part of the object. By its UID, which only who may read the object knows, nobody else can guess the part. */
function fingerprint({ metadata }: KubeObject, part: unknown): string {
  const text = JSON.stringify([metadata.uid ?? '', part]);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Whether a failure that the object tells of may be one that only its whole status marks. */
export function mayTellOfFailure(object: KubeObject, kinds: HealthContext['kinds'] = []): boolean {
  if (object.status === undefined) return false;
  return ruleFor(kinds, gvkOf(object)) !== undefined || conditionOf(object, 'Stalled')?.status === 'True';
}

/** Of an object whose status tells of a failure. */
export function statusMark(object: KubeObject): string {
  return fingerprint(object, object.status);
}

/** What it says stood before the apply, word for word: its controller has not spoken since. */
export function isSaidBefore(object: KubeObject, { stalledSince }: HealthContext): boolean {
  if (stalledSince === undefined || object.status === undefined) return false;
  return stalledSince === NOT_KNOWN || stalledSince === statusMark(object);
}

/** Of what rolls out another object: what it has taken up, and the template that its target had then. */
export function deliveryMark(takenUp: string, target: KubeObject | undefined): string {
  return target === undefined ? takenUp : `${takenUp}/${templateMark(target)}`;
}

export function takenUpIn(mark: string): string {
  return mark.split('/', 1)[0] ?? '';
}

/** Whether the live target has another template than before the apply; undefined where that is not known. */
export function hasOtherTemplate(
  mark: string | undefined,
  target: KubeObject | undefined,
): boolean | undefined {
  const before = mark?.split('/')[1];
  return before === undefined || target === undefined ? undefined : templateMark(target) !== before;
}

function templateMark(target: KubeObject): string {
  return fingerprint(target, templateOf(target));
}
