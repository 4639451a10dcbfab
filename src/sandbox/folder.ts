// Each control plane has a folder of its own under the system's temporary folder, and in it the identities of its
// owner and of the processes it started. Folders of dead owners are swept, with whatever they left running; a
// living owner's are never touched.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify, liveness, ownIdentity, parseIdentity } from './identity.ts';

const prefix = 'pawl-sandbox-';
/** A folder without a readable owner is being made right now, or its maker died at once. */
const ownerlessForMs = 60_000;

export interface SandboxFolder {
  path: string;
  /** Notes a process started for this folder, so that a later run can end it if this one cannot. */
  record(name: string, pid: number): void;
  remove(): void;
}

export function createFolder(): SandboxFolder {
  const path = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  writeFileSync(join(path, 'owner.json'), JSON.stringify(ownIdentity()));
  const processesDir = join(path, 'processes');
  mkdirSync(processesDir);
  return {
    path,
    record(name, pid) {
      const identity = identify(pid);
      if (identity !== undefined) writeFileSync(join(processesDir, `${name}.json`), JSON.stringify(identity));
    },
    remove: () => removeFolder(path),
  };
}

/** Ends what dead owners left behind. Returns the folders removed. */
export function sweep(): string[] {
  const removed: string[] = [];
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(prefix))) {
    const path = join(tmpdir(), name);
    if (!isAbandoned(path)) continue;
    killRecorded(join(path, 'processes'));
    removeFolder(path);
    removed.push(path);
  }
  return removed;
}

function isAbandoned(path: string): boolean {
  try {
    const stat = statSync(path);
    if (!stat.isDirectory() || stat.uid !== process.getuid?.()) return false;
    const owner = parseIdentity(readIfThere(join(path, 'owner.json')) ?? '');
    if (owner === undefined) return Date.now() - stat.mtimeMs > ownerlessForMs;
    return liveness(owner) === 'dead';
  } catch {
    return false; // gone in the meantime
  }
}

function killRecorded(processesDir: string): void {
  let names: string[] = [];
  try {
    names = readdirSync(processesDir);
  } catch {
    return;
  }
  for (const name of names) {
    const identity = parseIdentity(readIfThere(join(processesDir, name)) ?? '');
    if (identity === undefined || liveness(identity) !== 'alive') continue;
    try {
      process.kill(identity.pid, 'SIGKILL');
    } catch {
      // it ended by itself
    }
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
