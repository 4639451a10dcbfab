// Changes by other hands. A watch event of a member is compared with what our last apply left in the fields
// that we own; a difference is set back to what `applied` says, by one apply, and told with field, values and
// the manager that made it.

import { showId, idOf, type KubeObject, keyOf } from '../model/object.ts';
import type { Manifest } from '../model/manifest.ts';
import { ApiError } from '../model/errors.ts';
import { managerOf } from '../plan/fields.ts';
import { finalise } from '../plan/finalise.ts';
import { driftOf, knownFrom } from '../plan/known.ts';
import type { MirrorChange } from '../ports.ts';
import { type Drifted, type Run, type Session, tell } from './context.ts';

/** Somebody who changes an object back this often within a minute is not fought. */
const CONTESTED = { times: 5, withinMs: 60_000 };

/** Takes in a change of a member; wakes the App where there is something to do. */
export function onMemberChange(session: Session, change: MirrorChange): void {
  const key = keyOf(idOf(change.object));
  const known = session.memory.get(key);
  // An event that overtakes the answer to our own write tells old news; the answer is compared when it is in.
  if (known === undefined || session.inFlight.has(key)) return;
  if (change.kind === 'gone') {
    session.memory.delete(key);
    if (session.desired.has(key)) note(session, key, { fields: [], manager: 'unknown', deleted: true });
    return;
  }
  if (known.uid !== change.object.metadata.uid) {
    note(session, key, { fields: [], manager: managerOf(change.object, undefined), deleted: true });
    return;
  }
  const fields = driftOf(known, change.object);
  if (fields.length === 0) session.drifted.delete(key);
  else {
    const manager = managerOf(change.object, fields[0]?.path);
    note(session, key, { fields, manager, deleted: false });
  }
  session.wakes.add('health');
}

function note(session: Session, key: string, drifted: Drifted): void {
  session.drifted.set(key, drifted);
  session.wakes.add('drift');
}

/** After our own write was answered: remembers what it left, and notices what came in between. */
export function afterWrite(run: Run, manifest: Manifest, answer: KubeObject | undefined): void {
  const { session, ctx } = run;
  session.inFlight.delete(manifest.key);
  if (answer === undefined) return;
  const known = knownFrom(manifest.hash, answer);
  if (known === undefined) return;
  session.memory.set(manifest.key, known);
  session.drifted.delete(manifest.key);
  ctx.members.observe(answer);
  const mirrored = ctx.members.get(manifest.id);
  if (mirrored === undefined || mirrored.metadata.resourceVersion === answer.metadata.resourceVersion) return;
  onMemberChange(session, { kind: 'set', object: mirrored, previous: undefined });
}

/** Sets back what has drifted, or only tells of it where the App asks for reports. */
export async function correctDrift(run: Run): Promise<void> {
  const { session, settings } = run;
  for (const [key, drifted] of Array.from(session.drifted)) {
    run.signal.throwIfAborted();
    session.drifted.delete(key);
    const manifest = session.desired.get(key);
    if (manifest === undefined) continue;
    const corrected = settings.drift === 'Correct' && !isContested(run, key);
    if (corrected) await setBack(run, manifest);
    const { fields, manager, deleted } = drifted;
    tell(run, { type: 'drift', object: manifest.id, manager, fields, deleted, corrected });
  }
}

async function setBack(run: Run, manifest: Manifest): Promise<void> {
  const { session, ctx, api } = run;
  session.inFlight.add(manifest.key);
  let answer: KubeObject | undefined;
  try {
    // The mirror lacks what others own; what is sent depends on it only for an adopted workload's checksum.
    answer = await api.apply(finalise(manifest, ctx.members.get(manifest.id)), { dryRun: false }, run.hard);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { code, message, hint } = error;
    tell(run, { type: 'problem', code, message: `cannot set back ${showId(manifest.id)}: ${message}`, hint });
  } finally {
    afterWrite(run, manifest, answer);
  }
}

function isContested(run: Run, key: string): boolean {
  const now = run.ctx.clock.monotonic();
  const recent = (run.session.corrections.get(key) ?? []).filter((at) => now - at < CONTESTED.withinMs);
  if (recent.length >= CONTESTED.times) return true;
  run.session.corrections.set(key, [...recent, now]);
  return false;
}
