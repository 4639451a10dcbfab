import { describe, expect, test } from 'vitest';
import { verdictOfRefusals } from '../../src/decide/refusals.ts';
import type { ObjectId } from '../../src/model/object.ts';
import type { Refusal, RefusalKind } from '../../src/model/plan.ts';
import { web } from './facts.ts';

const cart: ObjectId = { group: 'example.com', kind: 'Cart', namespace: 'shop', name: 'cart' };
const secret: ObjectId = { group: '', kind: 'Secret', namespace: 'shop', name: 'password' };

function refusal(kind: RefusalKind, more: Partial<Refusal> = {}): Refusal {
  return { id: web, kind, message: 'the server said no', ...more };
}

describe('what a refusal means', () => {
  const cases: { name: string; given: Refusal; want: string }[] = [
    { name: 'wrong as written', given: refusal('Invalid'), want: 'failed' },
    { name: 'an immutable field', given: refusal('Immutable'), want: 'failed' },
    { name: 'denied, which is asked about later', given: refusal('Denied'), want: 'failed' },
    { name: 'an unknown kind of a built-in group', given: refusal('UnknownKind'), want: 'failed' },
    {
      name: 'an unknown kind of another group',
      given: refusal('UnknownKind', { id: cart }),
      want: 'unknown',
    },
    { name: 'no namespace', given: refusal('NoNamespace'), want: 'unknown' },
    { name: 'no permission', given: refusal('Forbidden'), want: 'unknown' },
    { name: 'a full quota', given: refusal('Quota'), want: 'unknown' },
    { name: 'a webhook that did not answer', given: refusal('Webhook'), want: 'unknown' },
    { name: 'a conflict', given: refusal('Conflict'), want: 'unknown' },
    { name: 'no answer', given: refusal('Unavailable'), want: 'unknown' },
    {
      name: 'an object of another App, which may be about to let go',
      given: refusal('Owned'),
      want: 'unknown',
    },
  ];
  test.each(cases)('$name: $want', ({ given, want }) => {
    expect(verdictOfRefusals([given]).kind).toBe(want);
  });
});

test('a certain fault counts whatever else is out of order, and alone goes into the verdict', () => {
  const verdict = verdictOfRefusals([refusal('Unavailable'), refusal('Invalid', { id: cart })]);
  expect(verdict).toMatchObject({ kind: 'failed', failures: [{ object: cart, reason: 'Invalid' }] });
});

test('what the server said is for the status, never for the commit', () => {
  const verdict = verdictOfRefusals([refusal('Invalid')]);
  expect(verdict).toMatchObject({
    failures: [
      {
        evidence: 'Invalid, refused by the API server as invalid',
        message: 'shop/Deployment/web: refused by the API server as invalid: the server said no',
      },
    ],
  });
});

test('of a Secret nothing that the server said is passed on', () => {
  const leaky = { id: secret, message: 'data.password: Invalid value: "hunter2"' };
  for (const kind of ['Invalid', 'Quota'] as const) {
    expect(JSON.stringify(verdictOfRefusals([refusal(kind, leaky)]))).not.toContain('hunter2');
  }
});

test('the longest time that was asked for is kept', () => {
  const verdict = verdictOfRefusals([
    refusal('Unavailable', { retryAfterMs: 2000 }),
    refusal('Unavailable', { retryAfterMs: 9000 }),
    refusal('Quota'),
  ]);
  expect(verdict).toMatchObject({ kind: 'unknown', reason: 'Unavailable', retryAfterMs: 9000 });
});

test('where none was asked for there is none', () => {
  expect(verdictOfRefusals([refusal('Quota')])).toHaveProperty('retryAfterMs', undefined);
});

test('a plan that was not refused has no such verdict', () => {
  expect(() => verdictOfRefusals([])).toThrow();
});

test('nobody is told to make anew what takes its claims with it', () => {
  const told = (more: Partial<Refusal>) => {
    const verdict = verdictOfRefusals([refusal('Immutable', more)]);
    return verdict.kind === 'failed' ? verdict.failures[0]?.message : undefined;
  };
  expect(told({})).toContain('pawl.dev/recreate');
  expect(told({ isKept: true })).toContain('it can only be made anew by hand');
});
