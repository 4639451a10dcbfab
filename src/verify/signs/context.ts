// What the signs of an object, and of one of its pods, are read with.

import type { Health } from '../../model/health.ts';
import type { EventView } from './event-view.ts';

export interface SignContext {
  now: number;
  /** The object's own health, judged already. */
  health: Health;
  /** UIDs of pods that were Ready at some read of this release. */
  seenReady: ReadonlySet<string>;
  /** Places where the cause of a failed pull has been told as "not found". */
  notFoundAt: ReadonlySet<string>;
  /** Event UID → count at the first read: what was told before the release is old news. */
  oldEvents: Readonly<Record<string, number>>;
  /** Images that the object ran before this release; a pull of one of them is not the commit's doing. */
  imagesBefore: ReadonlySet<string>;
  /** Whether another object of the App tells an operator to make this Secret. */
  isMadeByOperator: (secret: string) => boolean;
}

export interface PodContext {
  /** `Pod/<name>` */
  at: string;
  sinceMs: number;
  events: readonly EventView[];
  isJob: boolean;
  /** It was Ready during this release. */
  wasReady: boolean;
  /** It was Ready before this release looked at it. */
  isOld: boolean;
  wasNotFound: boolean;
  imagesBefore: ReadonlySet<string>;
  isMadeByOperator: (secret: string) => boolean;
}
