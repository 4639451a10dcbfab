// Times and durations as people say them.

/** `0.4s`, `24s`, `3m 5s`, `2h 10m`, `4d`. */
export function span(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '?';
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return pair(Math.floor(seconds / 60), 'm', seconds % 60, 's');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'm');
  return pair(Math.floor(minutes / 1440), 'd', Math.floor((minutes % 1440) / 60), 'h');
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit} ${small}${smallUnit}`;
}

/** How long ago an ISO time was: `3m 5s ago`; empty for no time. */
export function ago(at: string | undefined, nowMs: number): string {
  if (at === undefined || Number.isNaN(Date.parse(at))) return '';
  return `${span(Math.max(nowMs - Date.parse(at), 0))} ago`;
}
