import { expect, test } from 'vitest';
import { parseDurationMs } from '../../src/model/duration.ts';

test.for([
  { given: '0', want: 0 },
  { given: '0s', want: 0 },
  { given: '500ms', want: 500 },
  { given: '30s', want: 30_000 },
  { given: '5m', want: 300_000 },
  { given: '1m30s', want: 90_000 },
  { given: '1.5h', want: 5_400_000 },
  { given: '1h2m3s4ms', want: 3_723_004 },
  { given: '', want: undefined },
  { given: '5', want: undefined },
  { given: '5 m', want: undefined },
  { given: '-5m', want: undefined },
  { given: '1d', want: undefined },
  { given: '.5s', want: undefined },
  { given: '5ms5', want: undefined },
  { given: '5M', want: undefined },
  { given: '9'.repeat(400) + 'h', want: undefined },
])('$given is $want milliseconds', ({ given, want }) => {
  expect(parseDurationMs(given)).toBe(want);
});
