// An object that others have changed and that could not be set back: whatever it shows, and whether it becomes ready in
// time, is not what the commit made of it. So it never fails a release; what it would have failed by is unknown.

import { showId } from '../model/object.ts';
import { oneLine } from '../model/text.ts';
import type { Failure } from '../model/verdict.ts';
import type { Read } from './watched.ts';

export interface StandingDrift {
  /** It is changed again each time it is set back; or the server does not take the correction. */
  kind: 'Contested' | 'Refused';
  /** The first field that others changed; undefined where they took the object away. */
  path: string | undefined;
  /** The field manager that did. */
  manager: string;
}

/** `shown`: what would have been the commit's fault. */
export function failureByDrift(read: Read, drift: StandingDrift, shown: string): Failure {
  const { kind, path, manager } = drift;
  const what = path === undefined ? 'which is deleted' : `${oneLine(path, 200)}, which is changed`;
  const left = kind === 'Contested' ? 'again each time it is set back' : 'and could not be set back at once';
  const reason = kind === 'Contested' ? 'DriftContested' : 'DriftRefused';
  return {
    object: read.watched.manifest.id,
    reason,
    evidence: reason,
    message: `${showId(read.watched.manifest.id)} ${what} by ${oneLine(manager, 63)} ${left}, so this commit is not judged by it: ${shown}`,
  };
}
