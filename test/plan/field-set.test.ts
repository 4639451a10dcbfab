import { describe, expect, test } from 'vitest';
import { parseFieldPath } from '../../src/model/field-path.ts';
import { holds, isWithinWhole, union, without, withoutTrace } from '../../src/plan/field-set.ts';

const path = (text: string) => {
  const parsed = parseFieldPath(text);
  if (parsed === undefined) throw new Error(`no path: ${text}`);
  return parsed;
};
const WEB = 'k:{"name":"web"}';
const set = {
  'f:metadata': { 'f:annotations': { '.': {}, 'f:a/b': {} } },
  'f:spec': {
    'f:replicas': {},
    'f:selector': {},
    'f:containers': { [WEB]: { '.': {}, 'f:image': {}, 'f:name': {} } },
  },
};

describe('a union', () => {
  test.each([
    { name: 'of others', a: { 'f:a': {} }, b: { 'f:b': {} }, want: { 'f:a': {}, 'f:b': {} } },
    { name: 'of the same', a: { 'f:a': {} }, b: { 'f:a': {} }, want: { 'f:a': {} } },
    {
      name: 'of a whole and a part of it says of both that they are members',
      a: { 'f:a': {} },
      b: { 'f:a': { 'f:b': {} } },
      want: { 'f:a': { '.': {}, 'f:b': {} } },
    },
    {
      name: 'of parts does not make the whole a member',
      a: { 'f:a': { 'f:b': {} } },
      b: { 'f:a': { 'f:c': {} } },
      want: { 'f:a': { 'f:b': {}, 'f:c': {} } },
    },
    {
      name: 'of marks',
      a: { 'f:a': { '.': {}, 'f:b': {} } },
      b: { 'f:a': { '.': {}, 'f:b': {} } },
      want: { 'f:a': { '.': {}, 'f:b': {} } },
    },
    { name: 'with nothing', a: {}, b: { 'f:a': {} }, want: { 'f:a': {} } },
  ])('$name', ({ a, b, want }) => expect(union(a, b)).toEqual(want));
});

test.each([
  ['spec.replicas', true, false],
  ['spec.selector.matchLabels.app', false, true],
  ['spec.selector', true, false],
  ['spec.containers[name=web].image', true, false],
  ['spec.containers[name=other].image', false, false],
  ['metadata.annotations[a/b]', true, false],
  ['spec.other', false, false],
])('%s: owned %j, part of what is owned as a whole %j', (text, owned, within) => {
  expect([holds(set, path(text)), isWithinWhole(set, path(text))]).toEqual([owned, within]);
});

describe('without a field', () => {
  test('the rest keeps its order, as sets are compared as they are written', () => {
    expect(JSON.stringify(without(set, path('spec.containers[name=web].image')))).toBe(
      JSON.stringify(set).replace('"f:image":{},', ''),
    );
  });

  test('what held nothing else is not left as a member', () => {
    expect(without({ 'f:spec': { 'f:replicas': {} } }, path('spec.replicas'))).toEqual({});
    expect(without({ 'f:a': {}, 'f:spec': { 'f:replicas': {} } }, path('spec.replicas'))).toEqual({
      'f:a': {},
    });
  });

  test('and without the marks of what holds it, as others may empty it', () => {
    expect(withoutTrace(set, path('metadata.annotations[a/b]'))).toEqual({ 'f:spec': set['f:spec'] });
    expect(withoutTrace(set, path('spec.selector.matchLabels.app'))).toEqual(set);
  });
});
