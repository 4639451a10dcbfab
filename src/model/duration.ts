// Durations as Kubernetes' own resources write them, after Go's: `500ms`, `30s`, `5m`, `1m30s`, `1.5h`, `0`.

const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds, rounded; undefined for a text that is no duration. Days do not exist, nor negative ones. */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0;
  if (text.length > 32 || !/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    totalMs += Number(amount) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  }
  return Number.isFinite(totalMs) ? Math.round(totalMs) : undefined;
}
