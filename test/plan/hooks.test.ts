import { describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../src/model/app.ts';
import { parseHook } from '../../src/model/hook.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { type HookFacts, type HookStep, hookStep, underOtherName } from '../../src/plan/hooks.ts';

test.for<{ given: string; want: ReturnType<typeof parseHook> }>([
  { given: 'pre', want: { when: 'pre', always: false } },
  { given: ' verify , always ', want: { when: 'verify', always: true } },
  { given: 'post,always', want: { when: 'post', always: true } },
  { given: 'always', want: undefined },
  { given: 'pre,post', want: undefined },
  { given: 'PreSync', want: undefined },
  { given: '', want: undefined },
])('the annotation "$given"', ({ given, want }) => {
  expect(parseHook(given)).toEqual(want);
});

const ended = (type: 'Complete' | 'Failed') => ({ conditions: [{ type, status: 'True' }] });
const working = { active: 1, ready: 1 };
const stuck = { active: 1, ready: 0 };

function job(run: string | undefined, status: object, metadata: object = {}): KubeObject {
  const annotations: Record<string, string> = run === undefined ? {} : { [ANNOTATION.hookRun]: run };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'm', annotations, ...metadata }, status };
}

const facts: HookFacts = {
  hasRun: false,
  run: { hash: 'h2', release: 'c2 t2' },
  always: false,
  isMember: true,
  isSameSpec: false,
};
const same = { isMember: false, isSameSpec: true };

describe('what is done with a hook', () => {
  test.for<{ name: string; live?: KubeObject; more?: Partial<HookFacts>; want: HookStep['do'] }>([
    {
      name: 'that has run, whatever is there',
      live: job('h1 c1 t1', working),
      more: { hasRun: true },
      want: 'nothing',
    },
    { name: 'that is not there', want: 'create' },
    { name: 'that runs', live: job('h2 c2 t2', working), want: 'wait' },
    {
      name: 'that an earlier release of the same content began',
      live: job('h2 c1 t1', working),
      want: 'wait',
    },
    { name: 'that has completed unseen', live: job('h2 c1 t1', ended('Complete')), want: 'note' },
    { name: 'that has failed in this release', live: job('h2 c2 t2', ended('Failed')), want: 'wait' },
    { name: 'that has failed in another one', live: job('h2 c1 t1', ended('Failed')), want: 'replace' },
    { name: 'whose former content has completed', live: job('h1 c1 t1', ended('Complete')), want: 'replace' },
    { name: 'whose former content is at work', live: job('h1 c1 t1', working), want: 'hold' },
    { name: 'whose former content never started', live: job('h1 c1 t1', stuck), want: 'replace' },
    {
      name: 'that is on its way out',
      live: job('h2 c2 t2', working, { deletionTimestamp: 'now' }),
      want: 'replace',
    },
    { name: 'that others ran', live: job(undefined, ended('Complete')), more: same, want: 'adopt' },
    { name: 'that others run', live: job(undefined, working), more: same, want: 'adopt' },
    { name: 'that failed with others', live: job(undefined, ended('Failed')), more: same, want: 'leave' },
    {
      name: 'of whose name others have another',
      live: job(undefined, ended('Complete')),
      more: { isMember: false },
      want: 'leave',
    },
    {
      name: 'that runs always and others ran',
      live: job(undefined, ended('Complete')),
      more: { ...same, always: true },
      want: 'leave',
    },
    {
      name: 'that runs always and ran in this release',
      live: job('h2 c2 t2', ended('Complete')),
      more: { always: true },
      want: 'note',
    },
    {
      name: 'that runs always and ran in another one',
      live: job('h2 c1 t1', ended('Complete')),
      more: { always: true },
      want: 'replace',
    },
    {
      name: 'that runs always and is at work for another one',
      live: job('h2 c1 t1', working),
      more: { always: true },
      want: 'hold',
    },
  ])('$name', ({ live, more, want }) => {
    expect(hookStep(live, { ...facts, ...more })).toEqual({ do: want });
  });
});

test('another name for a dry-run is a name that the server takes for a Job', () => {
  const named = (name: string) => underOtherName(job(undefined, {}, { name })).metadata.name;
  for (const name of ['m', 'a'.repeat(63), `${'a'.repeat(51)}-.b`]) {
    expect(named(name)).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
    expect(named(name).length).toBeLessThanOrEqual(63);
    expect(named(name)).not.toBe(name);
  }
});
