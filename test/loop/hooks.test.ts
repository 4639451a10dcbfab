import { expect, test } from 'vitest';
import { restOfWaitMs } from '../../src/loop/hooks.ts';
import { comeAgain } from '../../src/loop/post-hooks.ts';
import type { Refusal } from '../../src/model/plan.ts';

test.each([
  { name: 'all of it when the release begins', now: 1_000, want: 300_000 },
  { name: 'what is left of it', now: 101_000, want: 200_000 },
  { name: 'nothing once it is over', now: 301_000, want: 0 },
  { name: 'nothing long after it', now: 9_000_000, want: 0 },
  { name: 'no more than all of it by a clock that was set back', now: -9_000_000, want: 300_000 },
])('of its time a former run may hold a release up for $name', ({ now, want }) => {
  expect(restOfWaitMs(1_000, now, 300_000)).toBe(want);
});

const id = { group: 'batch', kind: 'Job', namespace: 'shop', name: 'notify' };
const refused = (kind: Refusal['kind'], retryAfterMs?: number): Refusal => ({
  id,
  kind,
  message: 'no',
  retryAfterMs,
});

test.each([
  { name: 'nothing was refused', given: [], want: undefined },
  { name: 'what is wrong as written', given: [refused('Invalid'), refused('Denied')], want: undefined },
  { name: 'a right that somebody may give', given: [refused('Forbidden')], want: {} },
  {
    name: 'the soonest that was named',
    given: [refused('Quota'), refused('HookRunning', 5_000)],
    want: { afterMs: 5_000 },
  },
])('hooks that were refused after the verdict are tried again: $name', ({ given, want }) => {
  expect(comeAgain(given)).toEqual(want);
});
