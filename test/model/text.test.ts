import { describe, expect, test } from 'vitest';
import { oneLine } from '../../src/model/text.ts';

describe('a text on one line', () => {
  const table: { name: string; text: string; max?: number; want: string }[] = [
    { name: 'is itself', text: 'web 1.18: größer ✓ 👍', want: 'web 1.18: größer ✓ 👍' },
    {
      name: 'has no line ends of any kind',
      text: 'a\nb\r\nc\u0085d\u2028e\u2029f\u000bg',
      want: 'a b c d e f g',
    },
    { name: 'has nothing that controls a terminal', text: '\u001b[31mx\u0007\u009b', want: '[31mx' },
    { name: 'has nothing that turns or hides text', text: '\u202ea\u200bb\u2066c\ufeff', want: 'a b c' },
    { name: 'is cut with an ellipsis', text: 'abcdefghijkl', max: 10, want: 'abcdefghi…' },
    { name: 'is not cut in the middle of a character', text: '12345678👍👍', max: 10, want: '12345678…' },
    { name: 'is well-formed', text: 'a\ud800b', want: 'a\ufffdb' },
    { name: 'may be empty', text: ' \n ', want: '' },
  ];
  test.each(table)('$name', ({ text, max = 100, want }) => {
    const line = oneLine(text, max);
    expect(line).toBe(want);
    expect(line.isWellFormed()).toBe(true);
    expect(line.length).toBeLessThanOrEqual(max);
  });
});
