// A directory of our own below the cache directory. Locks of the library hold within one process only, so
// two agents on one cache directory never share a clone: each start makes its own home, and sweeps those
// whose owner is dead. A home is known to be dead when its process on this host is gone (pid and start
// time), or, from another host, when nobody has touched it for a day.

import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'clones-';
const OWNER = 'owner.json';
const FOREIGN_DEAD_AFTER_MS = 24 * 3600 * 1000;

interface Owner {
  host: string;
  pid: number;
  /** Tells a process from a later one with the same pid, as every container's first process has. */
  startedAt: string;
}

export async function makeHome(cacheDir: string, now: () => number): Promise<string> {
  await mkdir(cacheDir, { recursive: true, mode: 0o700 });
  await sweep(cacheDir, now());
  const name = `${PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`;
  const draft = join(cacheDir, `.${name}`);
  await mkdir(draft, { mode: 0o700 });
  const owner: Owner = { host: hostname(), pid: process.pid, startedAt: startOf(process.pid) ?? '' };
  await writeFile(join(draft, OWNER), JSON.stringify(owner));
  const home = join(cacheDir, name);
  await rename(draft, home);
  return home;
}

/** Says that we are still here, to agents on other hosts. */
export async function touchHome(home: string, now: number): Promise<void> {
  await utimes(join(home, OWNER), now / 1000, now / 1000).catch(() => undefined);
}

async function sweep(cacheDir: string, now: number): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    const draft = name.startsWith(`.${PREFIX}`);
    if (!draft && !name.startsWith(PREFIX)) continue;
    const home = join(cacheDir, name);
    if (await isDead(home, draft, now)) await rm(home, { recursive: true, force: true });
  }
}

async function isDead(home: string, draft: boolean, now: number): Promise<boolean> {
  const touched = await stat(draft ? home : join(home, OWNER)).then(
    (s) => s.mtimeMs,
    () => undefined,
  );
  const longAgo = touched !== undefined && now - touched > FOREIGN_DEAD_AFTER_MS;
  if (draft) return longAgo;
  const owner = await readOwner(home);
  if (owner === undefined) return true; // made whole by a rename: without an owner it is being removed
  if (owner.host !== hostname()) return longAgo;
  return startOf(owner.pid) !== owner.startedAt;
}

async function readOwner(home: string): Promise<Owner | undefined> {
  try {
    const owner = JSON.parse(await readFile(join(home, OWNER), 'utf8')) as Partial<Owner>;
    if (typeof owner.pid !== 'number' || typeof owner.host !== 'string') return undefined;
    return { host: owner.host, pid: owner.pid, startedAt: owner.startedAt ?? '' };
  } catch {
    return undefined;
  }
}

/** When a process of this host was started; undefined when there is none. Without /proc: only that it lives. */
function startOf(pid: number): string | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return lives(pid) ? '' : undefined;
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
