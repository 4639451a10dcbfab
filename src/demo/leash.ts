// Preloaded (`node --import`) into a process that must not outlive whoever started it. The starter holds the other
// end of the standard input and never writes to it; the kernel closes it when the starter ends in any way at all,
// SIGKILL too. The program itself knows nothing of it.

import process from 'node:process';
import type { Socket } from 'node:net';

const end = (): void => {
  process.kill(process.pid, 'SIGKILL');
};
const input = process.stdin as unknown as Socket;
for (const event of ['end', 'close', 'error'] as const) input.once(event, end);
input.resume();
// A program that has nothing else to do may end.
input.unref();
