// Looks through an answer to a fetch before the library does. The library unpacks every object in memory,
// whatever its size, and takes a host that gives up in the middle for one that has finished. Invariants:
// K1 What the host reports as an error is an error.
// K2 A pack that is not whole (checksum, number of objects) is never written to disk.
// K3 No object, and no result of a delta, is larger than the limit: a few kilobytes can unpack to gigabytes.

import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';
import { clean, codeOf, damaged, tooLarge, unreachable } from './errors.ts';

export const MAX_OBJECT_BYTES = 64 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;
/** How much is unpacked before others get a turn. */
const TURN_BYTES = 4 * 1024 * 1024;
const OFS_DELTA = 6;
const REF_DELTA = 7;
const HEADER_BYTES = 12;
const CHECKSUM_BYTES = 20;

/** Throws PawlError `GitUnreachable`, `GitDamaged`, `GitTooLarge`. An answer without a pack is fine. */
export async function checkAnswer(where: string, answer: Buffer): Promise<void> {
  const pack = packOf(where, answer);
  if (pack.length > 0) await checkPack(where, pack);
}

/** Joins side band 1; the answer must end with a flush packet. */
function packOf(where: string, answer: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  let ended = false;
  while (at < answer.length) {
    const length = Number.parseInt(answer.toString('latin1', at, at + 4), 16);
    ended = length === 0;
    const end = at + Math.max(length, 4);
    if (Number.isNaN(length) || length === 3 || end > answer.length)
      throw unreachable(where, 'the answer broke off');
    const line = answer.subarray(at + 4, end);
    if (line[0] === 1) parts.push(line.subarray(1));
    if (line[0] === 3) throw unreachable(where, `the host gave up: ${clean(line.toString('utf8', 1, 512))}`);
    at = end;
  }
  if (!ended) throw unreachable(where, 'the answer broke off');
  return Buffer.concat(parts);
}

async function checkPack(where: string, pack: Buffer): Promise<void> {
  const broken = (why: string) => damaged(where, new Error(why));
  if (pack.length < HEADER_BYTES + CHECKSUM_BYTES || pack.toString('latin1', 0, 4) !== 'PACK') {
    throw broken('it is no pack');
  }
  const end = pack.length - CHECKSUM_BYTES;
  const sum = createHash('sha1').update(pack.subarray(0, end)).digest();
  if (!sum.equals(pack.subarray(end))) throw broken('the checksum of a pack is wrong');
  const body = pack.subarray(0, end);
  let at = HEADER_BYTES;
  let unpacked = 0;
  let turn = 0;
  for (let left = pack.readUInt32BE(8); left > 0; left--) {
    const entry = readEntry(where, body, at);
    unpacked += entry.bytes;
    turn += entry.bytes;
    if (entry.bytes > MAX_OBJECT_BYTES || unpacked > MAX_UNPACKED_BYTES) throw overLimit(where);
    at = entry.end;
    if (turn < TURN_BYTES) continue;
    turn = 0;
    await setImmediate();
  }
  if (at !== end) throw broken('a pack holds more than it says');
}

/** `bytes`: the size of the object, for a delta of what it makes. */
function readEntry(where: string, body: Buffer, start: number): { bytes: number; end: number } {
  let at = start;
  const next = () => {
    const byte = body[at++];
    if (byte === undefined) throw damaged(where, new Error('a pack ends early'));
    return byte;
  };
  const first = next();
  const type = (first >> 4) & 7;
  const declared = (first & 0x80) === 0 ? first & 15 : (first & 15) + 16 * readNumber(next);
  if (declared > MAX_OBJECT_BYTES) throw overLimit(where);
  if (type === OFS_DELTA) while ((next() & 0x80) !== 0);
  if (type === REF_DELTA) at += 20;
  const content = inflateAt(where, body, at, declared);
  if (content.data.length !== declared)
    throw damaged(where, new Error('an object has another size than it says'));
  const isDelta = type === OFS_DELTA || type === REF_DELTA;
  return { bytes: isDelta ? deltaBytes(where, content.data) : declared, end: content.end };
}

function inflateAt(where: string, body: Buffer, at: number, declared: number): { data: Buffer; end: number } {
  try {
    const { buffer, engine } = inflateSync(body.subarray(at), {
      info: true,
      maxOutputLength: Math.max(declared, 1),
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    return { data: buffer, end: at + engine.bytesWritten };
  } catch (error) {
    throw damaged(where, new Error(`an object cannot be unpacked (${codeOf(error)})`));
  }
}

/** What a delta makes, by its instructions and not by what it says of itself. */
function deltaBytes(where: string, delta: Buffer): number {
  let at = 0;
  const next = () => {
    const byte = delta[at++];
    if (byte === undefined) throw damaged(where, new Error('a delta ends early'));
    return byte;
  };
  readNumber(next); // of the base
  const target = readNumber(next);
  let made = 0;
  while (at < delta.length) {
    const op = next();
    if ((op & 0x80) === 0) {
      made += op;
      at += op;
      continue;
    }
    for (const bit of [1, 2, 4, 8]) if ((op & bit) !== 0) next();
    let size = 0;
    for (const [i, bit] of [16, 32, 64].entries()) if ((op & bit) !== 0) size += next() * 256 ** i;
    made += size === 0 ? 0x10000 : size;
    if (made > MAX_OBJECT_BYTES) throw overLimit(where);
  }
  return Math.max(made, target);
}

/** Seven bits at a time, the lowest first. */
function readNumber(next: () => number): number {
  let value = 0;
  for (let factor = 1; factor <= 2 ** 42; factor *= 128) {
    const byte = next();
    value += (byte & 0x7f) * factor;
    if ((byte & 0x80) === 0) return value;
  }
  return Number.MAX_SAFE_INTEGER;
}

function overLimit(where: string) {
  return tooLarge(
    where,
    `an object is larger than ${MAX_OBJECT_BYTES / 1024 / 1024} MiB, or all of them are larger than 1 GiB`,
    'Move large files out of the repository.',
  );
}
