// Noticing changes by other hands: a watch event of a member is compared with what our last apply left in the
// fields that we own. What differs is noted with the manager that made it, and the App is woken.

import { idOf, keyOf } from '../model/object.ts';
import { managerOf, ownFields } from '../plan/fields.ts';
import { driftOf } from '../plan/known.ts';
import type { MirrorChange } from '../ports.ts';
import { scaledBy } from './autoscaled.ts';
import type { Drifted, Session } from './context.ts';

/** Deleted, or out of sight because it lost its membership label. */
export const GONE: Drifted = { fields: [], manager: 'unknown', deleted: true };

const RELEASED: Drifted = { fields: [], manager: 'unknown', deleted: false, released: true };

/** Takes in a change of a member; wakes the App where there is something to do. */
export function onMemberChange(session: Session, change: MirrorChange): void {
  const key = keyOf(idOf(change.object));
  // With its autoscaler an object loses who set its replicas: the manifest counts again.
  if (change.kind === 'gone')
    for (const scaled of scaledBy(session, change.object)) note(session, scaled, RELEASED);
  // One that was pruned has gone, perhaps the last of its kind.
  if (change.kind === 'gone' && !session.desired.has(key)) session.wakes.add('health');
  const known = session.memory.get(key);
  // An event that overtakes the answer to our own write tells old news; the answer is compared when it is in.
  if (session.inFlight.has(key)) return;
  if (known === undefined) {
    remember(session, key, change);
    return;
  }
  if (change.kind === 'gone') {
    session.memory.delete(key);
    if (session.desired.has(key)) note(session, key, GONE);
    return;
  }
  if (known.uid !== change.object.metadata.uid) {
    note(session, key, { fields: [], manager: managerOf(change.object, undefined), deleted: true });
    return;
  }
  const fields = driftOf(known, change.object);
  if (fields.length === 0) {
    session.drifted.delete(key);
    session.standing.delete(key);
    session.memory.set(key, { ...known, resourceVersion: change.object.metadata.resourceVersion });
  } else {
    const manager = managerOf(change.object, fields[0]?.path);
    note(session, key, { fields, manager, deleted: false });
  }
  session.wakes.add('health');
}

/** Mirrors keep no managedFields: what they tell is kept for the plan that is to come. */
function remember({ listed }: Session, key: string, { kind, object }: MirrorChange): void {
  const fields = ownFields(object);
  const { resourceVersion } = object.metadata;
  if (kind === 'gone' || fields === undefined || resourceVersion === undefined) listed.delete(key);
  else listed.set(key, { resourceVersion, fields });
}

export function note(session: Session, key: string, drifted: Drifted): void {
  // Said already that it is not set back: said once, however often it is changed again.
  const told = drifted.told ?? session.drifted.get(key)?.told;
  session.drifted.set(key, { ...drifted, told, fresh: true });
  session.wakes.add('drift');
}
