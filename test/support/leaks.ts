// Fails a test that leaves something running: a child process, a server, a connection, a timer. Call it at the top
// of a test file, or inside `describe`.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach } from 'vitest';
import { eventually } from './eventually.ts';

const graceMs = 2_000;

/** What keeps the event loop alive and is never the test runner's own business. */
const watched = [
  'ProcessWrap',
  'TCPServerWrap',
  'TCPSocketWrap',
  'TLSWrap',
  'FSEventWrap',
  'StatWatcher',
  'Timeout',
];

/** @param ignore kinds of handles, as `process.getActiveResourcesInfo()` names them, that may stay. */
export function failOnLeaks({ ignore = [] }: { ignore?: string[] } = {}): void {
  const kinds = watched.filter((kind) => !ignore.includes(kind));
  let handles: Map<string, number>;
  let children: Set<number>;
  beforeEach(() => {
    handles = countHandles(kinds);
    children = childProcesses();
  });
  afterEach(async () => {
    await eventually(
      () => {
        const left = [
          ...[...countHandles(kinds)]
            .filter(([kind, count]) => count > (handles.get(kind) ?? 0))
            .map(([kind, count]) => `${count - (handles.get(kind) ?? 0)} ${kind}`),
          ...[...childProcesses()]
            .filter((pid) => !children.has(pid))
            .map((pid) => `process ${commandOf(pid)}`),
        ];
        if (left.length > 0) throw new Error(left.join(', '));
      },
      { timeoutMs: graceMs, describe: 'everything the test started to end' },
    );
  });
}

function countHandles(kinds: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (kinds.includes(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function childProcesses(): Set<number> {
  try {
    const threads = readdirSync('/proc/self/task');
    const lists = threads.map((thread) => readFileSync(`/proc/self/task/${thread}/children`, 'utf8'));
    return new Set(lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number)));
  } catch {
    return childrenByPs();
  }
}

function childrenByPs(): Set<number> {
  const lines = execFileSync('ps', ['-A', '-o', 'ppid=,pid=,comm='], { encoding: 'utf8' }).split('\n');
  const own = lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([parent]) => Number(parent) === process.pid);
  return new Set(own.filter(([, , command]) => !command?.endsWith('ps')).map(([, pid]) => Number(pid)));
}

function commandOf(pid: number): string {
  try {
    return `${pid} (${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()})`;
  } catch {
    return String(pid);
  }
}
