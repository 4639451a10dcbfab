import { describe, expect, test } from 'vitest';
import { type KindRuleSpec, kindRules, ruleFor } from '../../src/model/kind-rules.ts';

function read(...given: KindRuleSpec[]) {
  const refused: string[] = [];
  const rules = kindRules(given, (message) => refused.push(message));
  return { rules, refused };
}

const widget: KindRuleSpec = { group: 'example.com', kind: 'Widget', current: 'status.phase == "Ready"' };

describe('a mistake is told by the name of its field', () => {
  const cases: { name: string; given: KindRuleSpec[]; want: string[] }[] = [
    { name: 'a rule without a mistake', given: [widget], want: [] },
    {
      name: 'neither apiVersion nor group',
      given: [{ kind: 'Widget', current: 'true' }],
      want: ['spec.health.kinds[0] must have either apiVersion or group'],
    },
    {
      name: 'both',
      given: [{ ...widget, apiVersion: 'example.com/v1' }],
      want: ['spec.health.kinds[0] must have either apiVersion or group'],
    },
    {
      name: 'no kind and no expression',
      given: [{ group: 'example.com', kind: '', current: '' }],
      want: ['spec.health.kinds[0].kind is missing', 'spec.health.kinds[0].current is missing'],
    },
    {
      name: 'every expression that is none',
      given: [widget, { ...widget, group: 'other.com', current: '1', failed: '(', inProgress: 'state == 1' }],
      want: [
        'spec.health.kinds[1].current gives int, and has to give true or false',
        expect.stringMatching(/^spec\.health\.kinds\[1\]\.failed is not a CEL expression: /),
        expect.stringMatching(
          /^spec\.health\.kinds\[1\]\.inProgress is not a CEL expression: Unknown variable/,
        ),
      ],
    },
    {
      name: 'a field that is not known',
      given: [{ ...widget, healthy: 'true' } as KindRuleSpec],
      want: ['spec.health.kinds[0] has an unknown field "healthy"'],
    },
    {
      name: 'nothing at all',
      given: [null as unknown as KindRuleSpec],
      want: [
        'spec.health.kinds[0].kind is missing',
        'spec.health.kinds[0] must have either apiVersion or group',
        'spec.health.kinds[0].current is missing',
      ],
    },
    {
      name: 'two rules for one kind',
      given: [widget, { ...widget, current: 'true' }],
      want: ['spec.health.kinds[1] is a second rule for the same kind'],
    },
    {
      name: 'more rules than anyone needs',
      given: Array.from({ length: 51 }, (_, index) => ({ ...widget, kind: `Kind${index}` })),
      want: ['spec.health.kinds has more than 50 rules'],
    },
  ];
  test.each(cases)('$name', ({ given, want }) => expect(read(...given).refused).toEqual(want));
});

test('a rule of the very version goes before one of every version', () => {
  const { rules, refused } = read(widget, { apiVersion: 'example.com/v2', kind: 'Widget', current: 'true' });
  expect(refused).toEqual([]);
  const found = (group: string, version: string, kind: string) =>
    ruleFor(rules, { group, version, kind })?.current.text;
  expect(found('example.com', 'v2', 'Widget')).toBe('true');
  expect(found('example.com', 'v1', 'Widget')).toBe(widget.current);
  expect(found('example.com', 'v1', 'Gadget')).toBeUndefined();
  expect(found('other.com', 'v2', 'Widget')).toBeUndefined();
});

test('a rule for a kind of the core group has its version', () => {
  const { rules } = read({ apiVersion: 'v1', kind: 'Service', current: 'true' });
  expect(ruleFor(rules, { group: '', version: 'v1', kind: 'Service' })).toBeDefined();
});
