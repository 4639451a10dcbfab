import { describe, expect, test } from 'vitest';
import { badContentHashes, seenBefore, timesRejected, withoutHealthy } from '../../src/decide/content.ts';
import { api, BAD, failure, GOOD, manifest, web } from './facts.ts';

const bad = [manifest(web, 'crashes'), manifest(api, 'fine')];
/** Brings the same content again. */
const HEAD = 'c'.repeat(40);
const AT = '2026-11-01T10:00:00Z';

function rejected(times: number, hashes = badContentHashes(bad, [failure(web)])) {
  return hashes.map((hash) => ({ hash, commit: BAD, times, at: AT }));
}

describe('bad content', () => {
  test('is that of the objects that failed', () => {
    const other = [manifest(web, 'crashes'), manifest(api, 'changed')];
    expect(badContentHashes(other, [failure(web)])).toEqual(badContentHashes(bad, [failure(web)]));
    expect(badContentHashes(bad, [failure(api)])).not.toEqual(badContentHashes(bad, [failure(web)]));
  });

  test('is another when the same desired form belongs to another object', () => {
    const moved = [manifest(api, 'crashes')];
    expect(badContentHashes(moved, [failure(api)])).not.toEqual(badContentHashes(bad, [failure(web)]));
  });

  test('is everything, in any order, where a check failed', () => {
    const hashes = badContentHashes(bad, [failure(undefined, 'CheckFailed')]);
    expect(badContentHashes(bad.toReversed(), [failure(undefined, 'CheckFailed')])).toEqual(hashes);
    expect(hashes).not.toEqual(badContentHashes(bad, [failure(web)]));
  });

  test('is remembered of five objects at most', () => {
    const many = Array.from({ length: 30 }, (_, index) => ({ ...web, name: `web-${index}` }));
    const hashes = badContentHashes(
      many.map((id) => manifest(id, 'x')),
      many.map((id) => failure(id)),
    );
    expect(hashes).toHaveLength(5);
  });
});

describe('content that comes back', () => {
  const cases = [
    { name: 'new content is applied', given: undefined, want: false },
    { name: 'content that failed once gets one more try', given: rejected(1), want: false },
    { name: 'content that failed twice is not applied', given: rejected(2), want: true },
  ];
  test.each(cases)('$name', ({ given, want }) => {
    expect(seenBefore(given, bad, HEAD) !== undefined).toBe(want);
  });

  test('is tried to its end under the commit that it is tried under', () => {
    expect(seenBefore(rejected(2), bad, BAD)).toBeUndefined();
    expect(seenBefore(rejected(3), bad, BAD)).toBeDefined();
  });

  test('is recognised whatever else the commit changes', () => {
    const message = seenBefore(rejected(2), [manifest(web, 'crashes'), manifest(api, 'changed')], HEAD);
    expect(message).toBe('shop/Deployment/web is as it was in commit bbbbbbb, and has failed 2 times');
  });

  test('is not, once it is repaired', () => {
    expect(seenBefore(rejected(2), [manifest(web, 'repaired'), manifest(api, 'fine')], HEAD)).toBeUndefined();
  });

  test('is recognised as a whole after a failed check', () => {
    const hashes = badContentHashes(bad, [failure(undefined, 'CheckFailed')]);
    expect(seenBefore(rejected(2, hashes), bad, HEAD)).toContain('all of it');
    expect(seenBefore(rejected(2, hashes), [manifest(web, 'crashes')], HEAD)).toBeUndefined();
  });
});

test('how often content failed is counted under other commits', () => {
  const hashes = badContentHashes(bad, [failure(web)]);
  expect(timesRejected(undefined, hashes, GOOD)).toBe(0);
  expect(timesRejected(rejected(2), hashes, GOOD)).toBe(2);
  expect(timesRejected(rejected(2), hashes, BAD)).toBe(0);
});

test('what proved good is bad no more', () => {
  expect(withoutHealthy(rejected(2), bad)).toEqual([]);
  expect(withoutHealthy(rejected(2), [manifest(web, 'repaired')])).toEqual(rejected(2));
});
