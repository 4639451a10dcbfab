// By what a release is judged, besides its commit. Whoever makes it harder while the release is under way (a shorter
// timeout, other thresholds, a rule for a kind, another account or place) may be what fails it, so the commit is not
// blamed any more. More time is no such change; checks are excused one by one (verify/checks/before.ts).

import { hash } from 'node:crypto';
import type { AppSpec } from '../model/app.ts';
import type { Settings } from '../model/settings.ts';

export interface Terms {
  /** Over all that is not a matter of more or less. */
  hash: string;
  /** Milliseconds. */
  timeout: number;
}

export function termsOf(
  {
    specHash,
    health,
  }: Pick<Settings, 'specHash'> & { health: Pick<Settings['health'], 'thresholds' | 'timeoutMs'> },
  { kinds = [] }: NonNullable<AppSpec['health']> = {},
): Terms {
  const whole = JSON.stringify([specHash, health.thresholds, kinds]);
  return { hash: hash('sha256', whole).slice(0, 12), timeout: health.timeoutMs };
}

/** `then`: undefined where nobody noted them. */
export function areHarder(now: Terms, then: Terms | undefined): boolean {
  return then !== undefined && (now.hash !== then.hash || now.timeout < then.timeout);
}
