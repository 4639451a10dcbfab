// Cuts a stream of bytes into lines. Chunks end anywhere, in the middle of a character too; a line may be as
// large as an object can be, so its pieces are joined once and not at every chunk.

/** The API server takes no object beyond 3 MiB (etcd: 1.5 MiB); what is larger than this is not its answer. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

const NEWLINE = 0x0a;

export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes = MAX_LINE_BYTES,
): AsyncGenerator<string> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end < 0) break;
      pieces.push(chunk.subarray(start, end));
      start = end + 1;
      const line = Buffer.concat(pieces).toString('utf8').trim();
      pieces = [];
      bytes = 0;
      if (line !== '') yield line;
    }
    if (start < chunk.length) {
      pieces.push(chunk.subarray(start));
      bytes += chunk.length - start;
      if (bytes > maxBytes) throw new RangeError(`a line of more than ${maxBytes} bytes`);
    }
  }
  // What is left without an end of line was cut off: it is no event.
}
