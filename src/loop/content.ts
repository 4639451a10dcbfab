// Bad content that comes back under a new commit: counted by content, not by commit, as image bots push the
// same thing again and again.

import type { AppStatus } from '../model/app.ts';
import type { Rendered } from '../model/manifest.ts';
import type { Failure } from '../model/verdict.ts';
import { badContentHashes, seenBefore } from '../decide/content.ts';
import { withRejected } from '../record/rejected.ts';
import { type Run, statusOf } from './context.ts';
import { isRendered, type RenderFailure } from './desired.ts';

/** Why this content is not applied any more; undefined where it may be tried. */
export function seenTooOften(run: Run, desired: Rendered, commit: string): string | undefined {
  return seenBefore(statusOf(run).rejected ?? [], desired.manifests, commit);
}

/** Notes what failed, for when it comes back. */
export function withBadContent(
  status: AppStatus,
  desired: Rendered | RenderFailure,
  failures: readonly Failure[],
  commit: string,
  now: number,
): AppStatus {
  if (!isRendered(desired)) return status;
  return badContentHashes(desired.manifests, failures).reduce(
    (next, hash) => withRejected(next, hash, commit, now),
    status,
  );
}
