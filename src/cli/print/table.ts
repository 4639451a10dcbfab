// Aligned columns. Cells are texts of others: each becomes one safe line before it is measured.

import { oneLine } from '../../model/text.ts';
import type { Paint } from './paint.ts';

export interface Column<Row> {
  title: string;
  cell: (row: Row) => string;
  /** Of what stands in the cell; not of the padding. */
  colour?: (row: Row) => Parameters<Paint>[0] | undefined;
}

const LONGEST_CELL = 400;
const GAP = '  ';

/** One line per row below a line of titles; the last column is not padded. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], paint: Paint): string[] {
  const cells = rows.map((row) => columns.map(({ cell }) => oneLine(cell(row), LONGEST_CELL)));
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...cells.map((row) => (row[i] ?? '').length)),
  );
  const pad = (text: string, i: number) =>
    ' '.repeat(i === columns.length - 1 ? 0 : (widths[i] ?? 0) - text.length);
  const lines = cells.map((row, r) =>
    row
      .map((text, i) => {
        const colour = columns[i]?.colour?.(rows[r] as Row);
        return `${colour === undefined ? text : paint(colour, text)}${pad(text, i)}`;
      })
      .join(GAP),
  );
  const titles = columns.map(({ title }, i) => `${title}${pad(title, i)}`).join(GAP);
  return [titles, ...lines].map((line) => line.trimEnd());
}
