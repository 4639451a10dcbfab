import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { checkAnswer, MAX_OBJECT_BYTES } from '../../../src/adapters/git/pack.ts';

const number = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...number(Math.floor(value / 128))];

/** A pack's entry: type, the size that it claims, and its content. */
function entry(type: number, content: Buffer, claims = content.length, base: number[] = []): Buffer {
  const low = claims & 15;
  const high = Math.floor(claims / 16);
  const head = high === 0 ? [(type << 4) | low] : [128 | (type << 4) | low, ...number(high)];
  return Buffer.concat([Buffer.from([...head, ...base]), deflateSync(content)]);
}

function pack(entries: Buffer[], count = entries.length): Buffer {
  const head = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
  head.writeUInt32BE(count, 8);
  const body = Buffer.concat([head, ...entries]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

function banded(content: Buffer, band = 1): Buffer {
  const lines: Buffer[] = [];
  for (let at = 0; at < content.length; at += 60_000) {
    const part = content.subarray(at, at + 60_000);
    lines.push(Buffer.from((part.length + 5).toString(16).padStart(4, '0')), Buffer.from([band]), part);
  }
  return Buffer.concat(lines);
}

const end = Buffer.from('0000');
const answer = (content: Buffer) => Buffer.concat([Buffer.from('0008NAK\n'), banded(content), end]);
const delta = (target: number, ops: number[]) => Buffer.from([...number(5), ...number(target), ...ops]);
const blob = entry(3, Buffer.from('hello'));
/** Copies the whole base (16 MiB at the most) at 7 bytes each. */
const copyMuch = [0x80 | 0x70, 0xff, 0xff, 0xff];

describe('an answer to a fetch', () => {
  const fine = [
    { name: 'without a pack', bytes: Buffer.from('0008NAK\n0000') },
    { name: 'with an empty pack', bytes: answer(pack([])) },
    { name: 'with an object', bytes: answer(pack([blob])) },
    {
      name: 'with many objects, over many lines',
      bytes: answer(
        pack(
          Array.from({ length: 9000 }, (_, i) => entry(3, Buffer.from(`object ${i} ${'x'.repeat(i % 50)}`))),
        ),
      ),
    },
    { name: 'with an empty object', bytes: answer(pack([entry(3, Buffer.alloc(0))])) },
    {
      name: 'with deltas',
      bytes: answer(
        pack([
          blob,
          entry(7, delta(5, [0x90, 5]), undefined, Array(20).fill(1)),
          entry(6, delta(3, [3, 97, 98, 99]), undefined, [20]),
        ]),
      ),
    },
  ];
  test.each(fine)('$name is fine', async ({ bytes }) => {
    await expect(checkAnswer('host', bytes)).resolves.toBeUndefined();
  });

  const flipped = pack([blob]);
  flipped[20] = (flipped[20] ?? 0) ^ 1;
  const bad = [
    { name: 'that ends early', bytes: answer(pack([blob])).subarray(0, -4), want: 'GitUnreachable' },
    {
      name: 'that ends in the middle of a line',
      bytes: answer(pack([blob])).subarray(0, 30),
      want: 'GitUnreachable',
    },
    { name: 'that is no git', bytes: Buffer.from('hello world'), want: 'GitUnreachable' },
    {
      name: 'with an error',
      bytes: Buffer.concat([
        banded(pack([blob]).subarray(0, 9)),
        banded(Buffer.from('out of memory'), 3),
        end,
      ]),
      want: 'GitUnreachable',
    },
    { name: 'with a pack that is changed', bytes: answer(flipped), want: 'GitDamaged' },
    { name: 'with a pack that holds less than it says', bytes: answer(pack([blob], 2)), want: 'GitDamaged' },
    {
      name: 'with a pack that holds more than it says',
      bytes: answer(pack([blob, blob], 1)),
      want: 'GitDamaged',
    },
    {
      name: 'with no pack at all',
      bytes: answer(Buffer.from('hello hello hello hello hello hello')),
      want: 'GitDamaged',
    },
    {
      name: 'with an object larger than it says',
      bytes: answer(pack([entry(3, Buffer.alloc(5000), 10)])),
      want: 'GitDamaged',
    },
    {
      name: 'with an object smaller than it says',
      bytes: answer(pack([entry(3, Buffer.alloc(10), 5000)])),
      want: 'GitDamaged',
    },
    {
      name: 'with a huge object in a few bytes',
      bytes: answer(pack([entry(3, Buffer.alloc(MAX_OBJECT_BYTES + 1))])),
      want: 'GitTooLarge',
    },
    {
      name: 'with an object that claims to be huge',
      bytes: answer(pack([entry(3, Buffer.alloc(1), 2 ** 45)])),
      want: 'GitTooLarge',
    },
    {
      name: 'with a delta that makes something huge',
      bytes: answer(
        pack([
          entry(7, delta(9, Array.from({ length: 8 }, () => copyMuch).flat()), undefined, Array(20).fill(1)),
        ]),
      ),
      want: 'GitTooLarge',
    },
    {
      name: 'with a delta that says it makes something huge',
      bytes: answer(pack([entry(7, delta(2 ** 31, [0x90, 5]), undefined, Array(20).fill(1))])),
      want: 'GitTooLarge',
    },
    {
      name: 'with a delta that ends early',
      bytes: answer(pack([entry(7, delta(5, [0xff]), undefined, Array(20).fill(1))])),
      want: 'GitDamaged',
    },
    { name: 'with a number without end', bytes: answer(pack([Buffer.alloc(40, 0xff)])), want: 'GitTooLarge' },
  ];
  test.each(bad)('$name: $want', async ({ bytes, want }) => {
    await expect(checkAnswer('host', bytes)).rejects.toMatchObject({ code: want });
  });

  test('with many objects that are large together is too large', async () => {
    const large = entry(3, Buffer.alloc(MAX_OBJECT_BYTES - 1));
    await expect(
      checkAnswer('host', answer(pack(Array.from({ length: 17 }, () => large)))),
    ).rejects.toMatchObject({
      code: 'GitTooLarge',
    });
  });
});
