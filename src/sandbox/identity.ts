// Who owns a folder or a lock: a pid alone may be someone else's by now, so an owner is a pid, the time it
// started, and the pid namespace both are counted in (a folder may be shared with containers).
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  pid: number;
  /** Opaque: equal if and only if it is the same process. */
  startedAt: string;
  /** Opaque: where the pid is counted. */
  space: string;
}

/** `alive`, `dead`, or `elsewhere`: counted in another pid namespace or host, so nothing can be said. */
export type Liveness = 'alive' | 'dead' | 'elsewhere';

/** The identity of a running process; undefined if there is none with this pid. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt, space: pidSpace() };
}

export function ownIdentity(): ProcessIdentity {
  const identity = identify(process.pid);
  if (identity === undefined) throw new Error(`cannot read the start time of the own process ${process.pid}`);
  return identity;
}

export function liveness(of: ProcessIdentity): Liveness {
  if (of.space !== pidSpace()) return 'elsewhere';
  return identify(of.pid)?.startedAt === of.startedAt ? 'alive' : 'dead';
}

/** Reads an identity written as JSON; undefined if the text holds none. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  try {
    const value = JSON.parse(text) as Partial<ProcessIdentity> | null;
    if (typeof value?.pid !== 'number' || !value.startedAt || !value.space) return undefined;
    return { pid: value.pid, startedAt: value.startedAt, space: value.space };
  } catch {
    return undefined;
  }
}

function startOnLinux(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // After the name, which is in brackets and may hold anything: state is field 3, starttime field 22 (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const dead = fields[0] === 'Z' || fields[0] === 'X';
  return dead ? undefined : fields[19];
}

function startByPs(pid: number): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.trim() || undefined;
  } catch {
    return undefined;
  }
}

function pidSpace(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}
