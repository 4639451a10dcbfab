// A lock between processes that cannot outlive its owner's death: it is a file that names its owner, and one whose
// owner is dead is taken over. It spares work; it is not a fence: whoever holds it must still be safe against a
// second holder (here: builds end in an atomic rename).
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { liveness, ownIdentity, parseIdentity } from './identity.ts';

const pollMs = 500;

export interface LockOptions {
  signal: AbortSignal;
  /** Called once, if someone else holds the lock. */
  onWait: (ownerPid: number) => void;
}

/** Runs `work` while holding the lock file at `path`, after waiting for whoever holds it. */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await acquire(path, options);
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

async function acquire(path: string, { signal, onWait }: LockOptions): Promise<void> {
  const own = JSON.stringify(ownIdentity());
  for (let told = false; ; ) {
    signal.throwIfAborted();
    try {
      writeFileSync(path, own, { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const text = readIfThere(path);
    const owner = text === undefined ? undefined : parseIdentity(text);
    if (text !== undefined && owner !== undefined && liveness(owner) === 'dead') {
      // Someone else may have taken it over in the meantime: remove only what was judged.
      if (readIfThere(path) === text) rmSync(path, { force: true });
      continue;
    }
    if (!told && owner !== undefined) {
      onWait(owner.pid);
      told = true;
    }
    await delay(pollMs, undefined, { signal });
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
