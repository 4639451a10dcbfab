// Keeps the process small between bursts of work. V8 lets the heap grow to several times of what lives in it before
// it looks for garbage, and then keeps the pages: a release of 900 objects, of which 37 MB lived, left a process of
// 300 MB, and half of that with these switches, in the same time. V8 reads them whenever it decides how far the heap
// may grow, so they work when set at the start of a running process; see docs/decisions/0024.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A release is often followed by another, or by a look at what it made. */
const REST_MS = 5_000;

type Collect = (options: { type: 'major'; execution: 'async' }) => Promise<void>;

export interface Frugal {
  /** A release has ended: what only it needed is given back once it is quiet. */
  released(): void;
}

export function preferSmallHeap(): Frugal {
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  let timer: NodeJS.Timeout | undefined;
  return {
    released() {
      timer ??= setTimeout(() => {
        timer = undefined;
        void collect({ type: 'major', execution: 'async' });
      }, REST_MS).unref();
    },
  };
}
