// The other thread of parse-aside.ts: parses one file after the other, and gives what it holds in pieces that the
// main thread can take in without being held up. It is asked for each piece, so that none waits in a queue.

import { parentPort } from 'node:worker_threads';
import { isExactInteger } from '../render/scalar.ts';
import { parseFile, type ParsedFile } from '../render/parse.ts';
import type { SourceFile } from '../model/manifest.ts';

export type Question = { file: SourceFile; nodesLeft: number } | 'more';

export interface Piece {
  /** A JSON array of ParsedObjects. */
  text: string;
  /** It holds integers that a JavaScript number cannot. */
  exact: boolean;
  /** With the last piece: all but the objects. */
  end: ParsedFile | undefined;
}

/** Characters. Takes the main thread a millisecond or two. */
const PIECE = 256 * 1024;

function* piecesOf(file: ParsedFile): Generator<Piece> {
  let texts: string[] = [];
  let length = 0;
  let exact = false;
  const piece = (end?: ParsedFile): Piece => ({ text: `[${texts.join(',')}]`, exact, end });
  for (const each of file.objects) {
    const text = JSON.stringify(each, (_key, value: unknown) => {
      exact ||= isExactInteger(value);
      return value;
    });
    texts.push(text);
    length += text.length;
    if (length < PIECE) continue;
    yield piece();
    texts = [];
    length = 0;
    exact = false;
  }
  yield piece({ ...file, objects: [] });
}

let pieces: Generator<Piece> | undefined;

parentPort?.on('message', (question: Question) => {
  if (question !== 'more') pieces = piecesOf(parseFile(question.file, undefined, question.nodesLeft));
  const { value } = pieces?.next() ?? {};
  // The type of what a generator returns at its end: it is not asked beyond that.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(value as Piece);
});
