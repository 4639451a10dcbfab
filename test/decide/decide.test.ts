import { describe, expect, test } from 'vitest';
import { type DecideFacts, decide, type Step } from '../../src/decide/decide.ts';
import { keyOf, type ObjectId } from '../../src/model/object.ts';
import type { Verdict } from '../../src/model/verdict.ts';
import { api, BAD, facts, failure, GOOD, rendered, SOURCE, web } from './facts.ts';

interface Row {
  name: string;
  given: Partial<DecideFacts>;
  /** What is done, and the reason's word. */
  want: [Step['do'], string];
}

function failed(...failures: ReturnType<typeof failure>[]): Verdict {
  return { kind: 'failed', failures };
}

function ill(id: ObjectId): DecideFacts['baseline'] {
  return { at: '', unhealthy: { [keyOf(id)]: 'PodsNotReady' }, stalledSince: {} };
}

function check(rows: Row[]): void {
  test.each(rows)('$name: $want.0 ($want.1)', ({ given, want }) => {
    const step = decide(facts(given));
    expect([step.do, step.reason]).toEqual(want);
    expect(step.message).not.toBe('');
  });
}

describe('what the verdict alone decides', () => {
  check([
    { name: 'healthy', given: { verdict: { kind: 'healthy' } }, want: ['record', 'Healthy'] },
    {
      name: 'superseded',
      given: { verdict: { kind: 'superseded', by: BAD } },
      want: ['record', 'Superseded'],
    },
    {
      name: 'the surroundings',
      given: { verdict: { kind: 'unknown', reason: 'Quota', message: 'the quota is used up' } },
      want: ['wait', 'Quota'],
    },
    { name: 'a failed commit', given: {}, want: ['revert', 'CrashLoopBackOff'] },
  ]);

  test('a wait keeps the time that the other side asked for', () => {
    const verdict: Verdict = { kind: 'unknown', reason: 'Unavailable', message: 'busy', retryAfterMs: 7000 };
    expect(decide(facts({ verdict }))).toMatchObject({ do: 'wait', outcome: 'Unknown', retryAfterMs: 7000 });
  });
});

describe('a revert needs (I3)', () => {
  check([
    { name: 'a healthy revision', given: { healthy: undefined }, want: ['hold', 'NoHealthyRevision'] },
    {
      name: 'of the same source',
      given: { currentSource: 'https://git.example.com/other.git' },
      want: ['hold', 'SourceChanged'],
    },
    {
      name: 'that is an ancestor',
      given: { healthyIsAncestor: false },
      want: ['hold', 'HealthyNotAncestor'],
    },
    {
      name: 'that is an ancestor, and of a rewritten branch no commits since are known',
      given: { healthyIsAncestor: false, changesSinceHealthy: false },
      want: ['hold', 'HealthyNotAncestor'],
    },
    {
      name: 'that is not the head itself',
      given: { healthy: { commit: BAD, source: SOURCE } },
      want: ['hold', 'NothingToRevert'],
    },
    { name: 'commits since', given: { changesSinceHealthy: false }, want: ['hold', 'NothingToRevert'] },
    { name: 'a baseline', given: { baseline: undefined }, want: ['hold', 'NoBaseline'] },
    {
      name: 'a healthy revision that renders',
      given: { healthyRender: undefined },
      want: ['hold', 'HealthyNotRendered'],
    },
    {
      name: 'an object that was healthy before',
      given: { baseline: ill(web) },
      want: ['hold', 'UnhealthyBefore'],
    },
    {
      name: 'an object that is known to have been healthy, where there were too many to name',
      given: { baseline: { at: '', unhealthy: {}, moreUnhealthy: 1, stalledSince: {} } },
      want: ['hold', 'UnhealthyBefore'],
    },
    {
      name: 'or one that is new, whatever a former one of its name was',
      given: { baseline: ill(web), healthyRender: rendered({ api: '1' }) },
      want: ['revert', 'CrashLoopBackOff'],
    },
    {
      name: 'or a new one, whatever there were',
      given: {
        baseline: { at: '', unhealthy: {}, moreUnhealthy: 1, stalledSince: {} },
        healthyRender: rendered({ api: '1' }),
      },
      want: ['revert', 'CrashLoopBackOff'],
    },
    {
      name: 'a change of that object',
      given: { headRender: rendered({ web: '1', api: '2' }) },
      want: ['wait', 'NotChanged'],
    },
    {
      name: 'an object that the head still has',
      given: { headRender: rendered({ api: '1' }) },
      want: ['wait', 'NotChanged'],
    },
    {
      name: 'and no more than one of several that is to blame',
      given: {
        verdict: failed(failure(api, 'TimedOut'), failure(web)),
        baseline: ill(api),
        headRender: rendered({ web: '2', api: '2' }),
      },
      want: ['revert', 'CrashLoopBackOff'],
    },
    {
      name: 'where none is, the ill one is named before the unchanged one',
      given: { verdict: failed(failure(api), failure(web)), baseline: ill(web) },
      want: ['hold', 'UnhealthyBefore'],
    },
  ]);
});

describe('a failure of no object', () => {
  check([
    {
      name: 'a head that does not render',
      given: { verdict: failed(failure(undefined, 'RenderFailed')), headRender: undefined },
      want: ['revert', 'RenderFailed'],
    },
    {
      name: 'a head that does not render, over a healthy revision that does not either',
      given: {
        verdict: failed(failure(undefined, 'RenderFailed')),
        headRender: undefined,
        healthyRender: undefined,
      },
      want: ['hold', 'HealthyNotRendered'],
    },
    {
      name: 'a head that does not render, named by an object that was ill',
      given: { verdict: failed(failure(web, 'RenderFailed')), headRender: undefined, baseline: ill(web) },
      want: ['revert', 'RenderFailed'],
    },
    {
      name: 'a check, after a change',
      given: { verdict: failed(failure(undefined, 'CheckFailed')) },
      want: ['revert', 'CheckFailed'],
    },
    {
      name: 'a check, after no change of what is desired',
      given: {
        verdict: failed(failure(undefined, 'CheckFailed')),
        headRender: rendered({ web: '1', api: '1' }),
      },
      want: ['wait', 'NotChanged'],
    },
  ]);
});

describe('whose release it is', () => {
  check([
    { name: 'our own revert', given: { headIsOurRevert: true }, want: ['hold', 'RevertFailed'] },
    {
      name: 'our own revert, whatever the mode',
      given: { headIsOurRevert: true, mode: 'Hold' },
      want: ['hold', 'RevertFailed'],
    },
    { name: 'mode Hold', given: { mode: 'Hold' }, want: ['hold', 'CrashLoopBackOff'] },
    { name: 'a change of the App', given: { cause: 'spec' }, want: ['hold', 'AppChanged'] },
    { name: 'drift', given: { cause: 'drift' }, want: ['hold', 'DriftCorrected'] },
    { name: 'a request', given: { cause: 'request' }, want: ['hold', 'Requested'] },
    { name: 'rollback: Hold on the change', given: { rollbackHold: true }, want: ['hold', 'RollbackHold'] },
  ]);

  test('mode Hold ends as Failed, everything else that needs a person as Held', () => {
    expect(decide(facts({ mode: 'Hold' }))).toMatchObject({ outcome: 'Failed' });
    expect(decide(facts({ cause: 'spec' }))).toMatchObject({ outcome: 'Held' });
  });
});

describe('a denial by admission', () => {
  const verdict = failed(failure(web, 'Denied'));
  check([
    { name: 'is asked about first', given: { verdict }, want: ['ask-healthy', 'Denied'] },
    {
      name: 'is the commit’s fault if the healthy revision passes',
      given: { verdict, healthyDryRun: 'passes' },
      want: ['revert', 'Denied'],
    },
    {
      name: 'is not, if the healthy revision is refused too',
      given: { verdict, healthyDryRun: 'refused' },
      want: ['wait', 'Denied'],
    },
    {
      name: 'is not asked about beside a certain fault',
      given: {
        verdict: failed(failure(web, 'Denied'), failure(api, 'Invalid')),
        headRender: rendered({ web: '2', api: '2' }),
      },
      want: ['revert', 'Denied'],
    },
    {
      name: 'is not asked about where nothing could be reverted',
      given: { verdict, healthy: undefined },
      want: ['hold', 'NoHealthyRevision'],
    },
  ]);
});

describe('reverts come to an end', () => {
  check([
    {
      name: 'two in the window, three allowed',
      given: { revertsInWindow: 2 },
      want: ['revert', 'CrashLoopBackOff'],
    },
    {
      name: 'three in the window, three allowed',
      given: { revertsInWindow: 3 },
      want: ['hold', 'RevertLimit'],
    },
    { name: 'none allowed', given: { limit: 0 }, want: ['hold', 'RevertLimit'] },
    {
      name: 'content that failed once before',
      given: { rejectedBefore: 1 },
      want: ['revert', 'CrashLoopBackOff'],
    },
    {
      name: 'content that failed twice before',
      given: { rejectedBefore: 2 },
      want: ['hold', 'RejectedAgain'],
    },
  ]);
});

test('a revert says where it leads, and carries only the failures that are the commit’s', () => {
  const verdict = failed(failure(api, 'TimedOut'), failure(web));
  const step = decide(facts({ verdict, baseline: ill(api), headRender: rendered({ web: '2', api: '2' }) }));
  expect(step).toMatchObject({ do: 'revert', restores: GOOD, failures: [{ object: web }] });
});

test('no sentence quotes what the cluster said', () => {
  const everything: Partial<DecideFacts>[] = [
    {},
    { healthy: undefined },
    { mode: 'Hold' },
    { rejectedBefore: 2 },
  ];
  for (const given of everything) expect(decide(facts(given)).message).not.toContain('secret');
});

test('no combination of facts reverts without every clause of I3', () => {
  const baselines = [undefined, ill(web), facts().baseline];
  const renders = [undefined, rendered({ web: '1', api: '1' }), rendered({ web: '2', api: '1' })];
  const bools = [true, false];
  let reverts = 0;
  for (const baseline of baselines)
    for (const headRender of renders)
      for (const healthyRender of renders)
        for (const healthy of [
          undefined,
          { commit: GOOD, source: SOURCE },
          { commit: GOOD, source: 'other' },
        ])
          for (const healthyIsAncestor of bools)
            for (const headIsOurRevert of bools)
              for (const cause of ['commit', 'spec', 'drift', 'request'] as const)
                for (const mode of ['Revert', 'Hold'] as const) {
                  const given = {
                    baseline,
                    headRender,
                    healthyRender,
                    healthy,
                    healthyIsAncestor,
                    headIsOurRevert,
                    cause,
                    mode,
                  };
                  if (decide(facts(given)).do !== 'revert') continue;
                  reverts += 1;
                  expect(healthy?.source).toBe(SOURCE);
                  expect([healthyIsAncestor, headIsOurRevert, cause, mode]).toEqual([
                    true,
                    false,
                    'commit',
                    'Revert',
                  ]);
                  expect(baseline).toBeDefined();
                  expect(healthyRender).toBeDefined();
                  if (headRender === undefined) continue;
                  expect(headRender.renderHash).not.toBe(healthyRender?.renderHash);
                  expect(Object.keys(baseline?.unhealthy ?? {})).toEqual([]);
                }
  expect(reverts).toBeGreaterThan(0);
});
