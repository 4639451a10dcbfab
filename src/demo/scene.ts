// What a story has to play with.

import type { Clock } from '../ports.ts';
import type { WorkingCopy } from '../sandbox/working-copy.ts';
import type { Check } from './check.ts';
import type { CommandResult } from './command-line.ts';
import type { Images, Shop } from './shop.ts';
import type { Snapshot } from './snapshot.ts';
import type { Telling } from './telling.ts';
import type { View } from './view.ts';

export interface Scene {
  tell: Telling;
  clock: Clock;
  /** Ann's. She releases by pushing, and can do nothing else. */
  person: WorkingCopy;
  shop: Shop;
  images: Images;
  /** Of the App and its objects. */
  namespace: string;
  view: View;
  snapshot: () => Promise<Snapshot>;
  /** As the administrator; throws where it fails. */
  kubectl: (args: string[]) => Promise<string>;
  /** The command line of Pawl, as the administrator. */
  pawl: (args: string[]) => Promise<CommandResult>;
  /** Who wrote the App's objects, and who should have; undefined where the cluster's log cannot be read. */
  writers: (() => { want: string[]; found: string[] }) | undefined;
  /** Makes the App, which from then on follows the branch. */
  createApp: () => Promise<void>;
  /** How long one story may wait for something. */
  timeoutMs: number;
}

export interface Story {
  title: string;
  /** Plays it, telling what happens; then says what must be true and what is. */
  play: (scene: Scene) => Promise<Check[]>;
}
