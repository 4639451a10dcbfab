// What the demo says, as it happens: each sentence with the time since the start.

import type { Output } from '../cli/environment.ts';
import { type Paint, paintFor } from '../cli/print/paint.ts';
import { safe } from '../cli/print/safe.ts';
import type { Clock } from '../ports.ts';
import { wrap } from './wrap.ts';

export interface Telling {
  paint: Paint;
  title: (text: string) => void;
  line: (text: string) => void;
  /** Something shown below the last sentence: a commit's message, a command and its output. */
  block: (lines: readonly string[]) => void;
  /** Without a time. */
  plain: (text: string) => void;
}

const INDENT = ' '.repeat(10);
const WIDTH = 100;

export function makeTelling(stdout: Output, env: NodeJS.ProcessEnv, clock: Clock): Telling {
  const paint = paintFor(stdout, env);
  const startedAt = clock.monotonic();
  const write = (line: string) => void stdout.write(`${line.trimEnd()}\n`);
  return {
    paint,
    title(text) {
      write('');
      write(paint('bold', safe(text)));
    },
    line(text) {
      const at = `${((clock.monotonic() - startedAt) / 1000).toFixed(1)} s`.padStart(8);
      const [first = '', ...others] = wrap(safe(text), WIDTH);
      write(`${paint('dim', at)}  ${first}`);
      for (const other of others) write(INDENT + other);
    },
    block(lines) {
      for (const line of lines) write(`${INDENT}${paint('cyan', '|')} ${safe(line)}`);
    },
    plain: (text) => write(safe(text)),
  };
}

/** `35 ms`, `1.4 s` */
export function duration(ms: number): string {
  return ms < 95 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
