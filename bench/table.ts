// How the figures of a bench are shown to people.

export function ms(value: number): string {
  return `${Math.round(value)} ms`;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The smallest value that at least that part of all values does not exceed. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

/** Lines of a name, a figure, and where `limit` is given its ratio to it. */
export function table(title: string, rows: readonly [name: string, figure: string, ratio?: number][]): void {
  const lines = rows.map(
    ([name, figure, ratio]) =>
      `  ${name.padEnd(52)}${figure.padStart(12)}${ratio === undefined ? '' : ratio.toFixed(2).padStart(8)}`,
  );
  process.stdout.write(`\n${title}\n${lines.join('\n')}\n`);
}
