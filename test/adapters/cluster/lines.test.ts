import { expect, test } from 'vitest';
import { linesOf } from '../../../src/adapters/cluster/lines.ts';

async function read(chunks: Iterable<Uint8Array>, maxBytes?: number): Promise<string[]> {
  async function* stream() {
    yield* chunks;
  }
  return await Array.fromAsync(linesOf(stream(), maxBytes));
}

test('every cut of the bytes gives the same lines', async () => {
  const text = '{"a":"ü€😀"}\n\n{"b":"\\n"}\r\n{"c":1}\n';
  const bytes = new TextEncoder().encode(text);
  const want = ['{"a":"ü€😀"}', '{"b":"\\n"}', '{"c":1}'];
  for (let size = 1; size <= bytes.length; size++) {
    const chunks = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    expect(await read(chunks)).toEqual(want);
  }
});

test('what was cut off before its end of line is no line', async () => {
  expect(await read([Buffer.from('{"a":1}\n{"b":'), Buffer.from('2}')])).toEqual(['{"a":1}']);
});

test('a line of eight megabytes in small chunks is joined once', async () => {
  const chunk = Buffer.alloc(16 * 1024, 'x');
  const startedAt = performance.now();
  const [line] = await read([...Array.from({ length: 512 }, () => chunk), Buffer.from('\n')]);
  expect(line?.length).toBe(8 * 1024 * 1024);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test('a line without an end is refused', async () => {
  await expect(read([Buffer.alloc(10), Buffer.alloc(10)], 15)).rejects.toThrow(RangeError);
});
