import { describe, expect, test } from 'vitest';
import type { HistoryEntry } from '../../src/model/app.ts';
import type { KubeObject } from '../../src/model/object.ts';
import type { PlanItem } from '../../src/model/plan.ts';
import {
  EVERYTHING,
  isTaken,
  stillTaken,
  undoneSince,
  wasThereBefore,
  withTaken,
} from '../../src/plan/taken.ts';
import { manifestOf } from './manifest.ts';

const PART_OF = 'applyset.kubernetes.io/part-of';

function live(name: string, more: Partial<KubeObject['metadata']> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop', ...more } };
}

function item(name: string, there: KubeObject | undefined): PlanItem {
  const manifest = manifestOf(live(name));
  const action = there === undefined ? 'create' : 'configure';
  return { manifest, object: manifest.object, live: there, action, dryRun: 'passed' };
}

describe('what a plan takes over', () => {
  const ours = live('ours', { labels: { [PART_OF]: 'us' } });
  const theirs = live('theirs', { labels: { [PART_OF]: 'them' } });
  const items = [
    item('new', undefined),
    item('ours', ours),
    item('theirs', theirs),
    item('free', live('free')),
  ];

  test('is what was there, as another App’s or as nobody’s', () => {
    expect(withTaken(undefined, items, 'us')).toEqual(['shop/ConfigMap/theirs', 'shop/ConfigMap/free']);
    expect(withTaken(undefined, items.slice(0, 2), 'us')).toBeUndefined();
  });

  test('is added to what releases before it took, each once', () => {
    expect(withTaken(['shop/ConfigMap/free', 'shop/ConfigMap/old'], items, 'us')).toEqual([
      'shop/ConfigMap/free',
      'shop/ConfigMap/old',
      'shop/ConfigMap/theirs',
    ]);
  });

  test('is everything where it cannot be named, and stays so until a revision is healthy', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => item(`free-${index}`, live(`free-${index}`)));
    const all = withTaken(undefined, many, 'us');
    expect(all).toEqual([EVERYTHING]);
    expect(isTaken(all, 'shop/ConfigMap/whatever')).toBe(true);
    expect(withTaken(all, [item('new', undefined)], 'us')).toEqual([EVERYTHING]);
    expect(stillTaken(all, ['shop/ConfigMap/left'])).toEqual(['shop/ConfigMap/left']);
    expect(stillTaken(all, [])).toBeUndefined();
  });

  test('is the App’s own when a revision with it is healthy, and of the rest what is still a member is not', () => {
    expect(stillTaken(['a', 'b'], ['b', 'c'])).toEqual(['b']);
    expect(isTaken(stillTaken(['a', 'b'], []), 'a')).toBe(false);
  });
});

describe('what a revert of ours leaves out', () => {
  const entry = (commit: string, startedAt: string, revertedBy?: string): HistoryEntry => ({
    commit,
    startedAt,
    revertedBy,
    subject: '',
    author: '',
    finishedAt: startedAt,
    outcome: 'Reverted',
    reason: '',
  });
  const history = [
    entry('m2', '2026-01-01T10:20:00Z', 'r'),
    entry('m1', '2026-01-01T10:10:00Z', 'r'),
    // An earlier try of a commit that was undone later.
    entry('m1', '2026-01-01T10:05:00Z'),
    entry('h', '2026-01-01T09:00:00Z'),
  ];
  const since = undoneSince(history, 'r');

  test.each([
    { name: 'made by the first of the undone commits', created: '2026-01-01T10:05:02Z', before: false },
    { name: 'made by a clock that is a little behind', created: '2026-01-01T10:04:30Z', before: false },
    { name: 'there before them', created: '2026-01-01T09:59:00Z', before: true },
    { name: 'of an unknown age', created: undefined, before: true },
    { name: 'of an age that is none', created: 'yesterday', before: true },
  ])('$name', ({ created, before }) => {
    expect(wasThereBefore(live('x', { creationTimestamp: created }), since)).toBe(before);
  });

  test('nothing is deleted where nobody knows when the undone commits began', () => {
    const young = live('x', { creationTimestamp: '2026-01-01T23:00:00Z' });
    expect(wasThereBefore(young, undoneSince([], 'r'))).toBe(true);
    expect(wasThereBefore(young, undoneSince([entry('m', 'never', 'r')], 'r'))).toBe(true);
  });
});
