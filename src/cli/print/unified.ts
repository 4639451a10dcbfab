// Differences between two texts as `diff -u` writes them, by Myers' algorithm ("An O(ND) Difference Algorithm",
// 1986) on lines.

const CONTEXT_LINES = 3;
/** More edits than this are shown as one replacement: nobody reads them, and the search grows by the square. */
const MOST_EDITS = 500;

export interface Line {
  kind: 'same' | 'removed' | 'added';
  text: string;
}

/** The lines of a unified diff, without line ends; empty for equal texts. A missing text stands for no file. */
export function unified(
  before: string | undefined,
  after: string | undefined,
  names: { before: string; after: string },
): string[] {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const hunks = hunksOf(diffLines(old, fresh));
  if (hunks.length === 0) return [];
  return [
    `--- ${before === undefined ? '/dev/null' : names.before}`,
    `+++ ${after === undefined ? '/dev/null' : names.after}`,
    ...hunks,
  ];
}

const NO_END = '\\ No newline at end of file';

/** A last line without its end is another line than the same one with it. */
function linesOf(text: string | undefined): string[] {
  if (text === undefined || text === '') return [];
  const lines = text.split('\n');
  const last = lines.pop();
  return last === '' ? lines : [...lines, `${last}\n${NO_END}`];
}

export function diffLines(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let [endA, endB] = [before.length, after.length];
  while (endA > start && endB > start && before[endA - 1] === after[endB - 1]) {
    endA--;
    endB--;
  }
  const same = (lines: readonly string[]): Line[] => lines.map((text) => ({ kind: 'same', text }));
  return [
    ...same(before.slice(0, start)),
    ...middle(before.slice(start, endA), after.slice(start, endB)),
    ...same(before.slice(endA)),
  ];
}

function middle(before: readonly string[], after: readonly string[]): Line[] {
  const trace = before.length === 0 || after.length === 0 ? undefined : search(before, after);
  if (trace === undefined) {
    return [
      ...before.map((text): Line => ({ kind: 'removed', text })),
      ...after.map((text): Line => ({ kind: 'added', text })),
    ];
  }
  return walkBack(before, after, trace);
}

/** For each number of edits, how far each diagonal got; undefined where it takes too many. */
function search(before: readonly string[], after: readonly string[]): Map<number, number>[] | undefined {
  const reach = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let edits = 0; edits <= Math.min(MOST_EDITS, before.length + after.length); edits++) {
    trace.push(new Map(reach));
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = isDown(reach, diagonal, edits) ? at(reach, diagonal + 1) : at(reach, diagonal - 1) + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++;
      reach.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return trace;
    }
  }
  return undefined;
}

function walkBack(
  before: readonly string[],
  after: readonly string[],
  trace: readonly Map<number, number>[],
): Line[] {
  const lines: Line[] = [];
  let [x, y] = [before.length, after.length];
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const reach = trace[edits] as Map<number, number>;
    const diagonal = x - y;
    const down = isDown(reach, diagonal, edits);
    const fromX = at(reach, down ? diagonal + 1 : diagonal - 1);
    const fromY = fromX - (down ? diagonal + 1 : diagonal - 1);
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      lines.push({ kind: 'same', text: before[--x] as string });
      y--;
    }
    if (edits === 0) break;
    if (down) lines.push({ kind: 'added', text: after[--y] as string });
    else lines.push({ kind: 'removed', text: before[--x] as string });
  }
  return lines.toReversed();
}

/** Whether the best way onto a diagonal is from above (a line added) rather than from the left (one removed). */
function isDown(reach: ReadonlyMap<number, number>, diagonal: number, edits: number): boolean {
  if (diagonal === -edits) return true;
  if (diagonal === edits) return false;
  return at(reach, diagonal - 1) < at(reach, diagonal + 1);
}

function at(reach: ReadonlyMap<number, number>, diagonal: number): number {
  return reach.get(diagonal) ?? -1;
}

function hunksOf(lines: readonly Line[]): string[] {
  const changed = lines.flatMap((line, index) => (line.kind === 'same' ? [] : [index]));
  const out: string[] = [];
  let [oldLine, newLine, done] = [1, 1, 0];
  for (let i = 0; i < changed.length; ) {
    const from = Math.max((changed[i] as number) - CONTEXT_LINES, 0);
    let last = changed[i] as number;
    while (i < changed.length && (changed[i] as number) - last <= 2 * CONTEXT_LINES + 1)
      last = changed[i++] as number;
    const to = Math.min(last + CONTEXT_LINES + 1, lines.length);
    oldLine += from - done;
    newLine += from - done;
    const hunk = lines.slice(from, to);
    const olds = hunk.filter((line) => line.kind !== 'added').length;
    const news = hunk.filter((line) => line.kind !== 'removed').length;
    out.push(`@@ -${range(oldLine, olds)} +${range(newLine, news)} @@`);
    for (const { kind, text } of hunk) out.push(...`${SIGN[kind]}${text}`.split('\n'));
    oldLine += olds;
    newLine += news;
    done = to;
  }
  return out;
}

const SIGN: Record<Line['kind'], string> = { same: ' ', removed: '-', added: '+' };

function range(start: number, count: number): string {
  if (count === 1) return String(start);
  return `${count === 0 ? start - 1 : start},${count}`;
}
