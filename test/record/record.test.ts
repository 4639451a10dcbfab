import { describe, expect, test } from 'vitest';
import type { AppStatus, HistoryEntry } from '../../src/model/app.ts';
import { readyCondition, withState } from '../../src/record/conditions.ts';
import { withHistory, withRevertedBy } from '../../src/record/history.ts';
import { kubeEventOf } from '../../src/record/kube-event.ts';
import { withOutcomes } from '../../src/record/outcomes.ts';
import { withRejected } from '../../src/record/rejected.ts';

function entry(commit: string, more: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    commit,
    subject: commit,
    author: 'Ann',
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:00:01Z',
    outcome: 'Healthy',
    reason: '',
    ...more,
  };
}

describe('history', () => {
  test('a later entry of the same try takes the former one’s place', () => {
    const status = withHistory(withHistory({}, entry('a', { outcome: 'Unknown' })), entry('a'));
    expect(status.history?.map(({ outcome }) => outcome)).toEqual(['Healthy']);
  });

  test('another try of the same commit is an entry of its own', () => {
    const again = entry('a', { startedAt: '2026-01-02T00:00:00Z' });
    expect(withHistory(withHistory({}, entry('a')), again).history).toHaveLength(2);
  });

  test('is newest first and keeps twenty', () => {
    let status: AppStatus = {};
    for (let index = 0; index < 25; index++) status = withHistory(status, entry(`c${index}`));
    expect(status.history?.map(({ commit }) => commit)).toEqual(
      Array.from({ length: 20 }, (_, i) => `c${24 - i}`),
    );
  });

  test('only the newest try of an undone commit names the revert', () => {
    const older = entry('a', { startedAt: '2025-01-01T00:00:00Z' });
    const status = withRevertedBy(withHistory(withHistory({}, older), entry('a')), ['a', 'b'], 'r');
    expect(status.history?.map(({ revertedBy }) => revertedBy)).toEqual(['r', undefined]);
  });
});

describe('conditions', () => {
  const state = { ready: 'True' as const, reason: 'Healthy', message: 'fine' };

  test('the time of transition stays while the status does', () => {
    const first = withState({}, state, 1, 1000);
    const second = withState(first, { ...state, message: 'still fine' }, 2, 2000);
    expect(readyCondition(second)).toMatchObject({
      lastTransitionTime: '1970-01-01T00:00:01.000Z',
      message: 'still fine',
      observedGeneration: 2,
    });
  });

  test('and moves with it', () => {
    const second = withState(withState({}, state, 1, 1000), { ...state, ready: 'False' }, 1, 2000);
    expect(readyCondition(second)?.lastTransitionTime).toBe('1970-01-01T00:00:02.000Z');
  });
});

test('a refused object is shown however many others changed, and a hundred at most', () => {
  const changed = (index: number) => ({
    id: { group: '', kind: 'ConfigMap', namespace: 'a', name: `${index}` },
    key: `a/ConfigMap/${index}`,
    outcome: 'created' as const,
  });
  const refused = { ...changed(999), key: 'a/ConfigMap/bad', outcome: 'refused' as const, reason: 'no' };
  const changes = [...Array.from({ length: 150 }, (_, index) => changed(index)), refused];
  const { objects } = withOutcomes({}, changes, { total: 151, ready: 150 });
  expect(objects?.outcomes).toHaveLength(100);
  expect(objects?.outcomes[0]).toEqual({ object: 'a/ConfigMap/bad', outcome: 'refused', reason: 'no' });
});

test('the same bad content is counted by its hash', () => {
  const once = withRejected({}, 'h', 'a', 0);
  expect(withRejected(once, 'h', 'b', 0).rejected).toEqual([
    { hash: 'h', commit: 'b', times: 2, at: '1970-01-01T00:00:00.000Z' },
  ]);
});

test('a commit that is judged again has not failed once more', () => {
  const once = withRejected({}, 'h', 'a', 0);
  expect(withRejected(once, 'h', 'a', 0)).toEqual(once);
});

describe('events for people', () => {
  const object = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };

  test('drift names manager, object, field and both values', () => {
    const fields = [{ path: 'spec.replicas', desired: 3, found: 1 }];
    const event = kubeEventOf({
      type: 'drift',
      object,
      manager: 'kubectl',
      fields,
      deleted: false,
      corrected: true,
    });
    expect(event).toEqual({
      type: 'Warning',
      reason: 'DriftCorrected',
      message: 'kubectl changed shop/Deployment/web: spec.replicas from 3 to 1 (set back)',
    });
  });

  test('what others may write anything into stays short, and on one line', () => {
    const odd = `a\nb\u202e${'x'.repeat(5_000)}`;
    const fields = Array.from({ length: 9 }, () => ({ path: odd, desired: odd, found: { deep: odd } }));
    for (const contested of [false, true]) {
      const event = kubeEventOf({
        type: 'drift',
        object,
        manager: odd,
        fields,
        deleted: false,
        corrected: !contested,
        contested,
      });
      expect(event?.reason).toBe(contested ? 'DriftContested' : 'DriftCorrected');
      expect(event?.message).not.toMatch(/[\n\u202e]/);
      expect(event?.message.length).toBeLessThan(1_800);
    }
  });

  test('drift of a Secret names the field alone', () => {
    const fields = [{ path: 'data.password', desired: undefined, found: undefined }];
    const secret = { ...object, group: '', kind: 'Secret' };
    const event = kubeEventOf({
      type: 'drift',
      object: secret,
      manager: 'kubectl',
      fields,
      deleted: false,
      corrected: true,
    });
    expect(event?.message).toBe('kubectl changed shop/Secret/web: data.password (set back)');
  });
});
