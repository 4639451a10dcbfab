// Keeps the process small between bursts of work. V8 lets the heap grow to several times of what lives in it before
// it looks for garbage, and then keeps the pages: a release of 900 objects, of which 37 MB lived, left a process of
// 300 MB, and half of that with this switch, in the same time. V8 reads it whenever it decides how far the heap may
// grow, so it works when set at the start of a running process; see docs/decisions/0024.

import { setFlagsFromString } from 'node:v8';

export function preferSmallHeap(): void {
  setFlagsFromString('--optimize-for-size');
}
