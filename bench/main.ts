// `npm run bench -- NAME`: each bench measures Pawl beside a peer and beside the limit in one run, prints a table
// for people, and as its last line the same figures as JSON. It fails for being wrong, never for being slow.

import { applyBench } from './apply.ts';
import { changeBench } from './change.ts';
import { driftBench } from './drift.ts';
import { failureBench } from './failure.ts';
import { memoryBench } from './memory.ts';
import { noopBench } from './noop.ts';
import { restartBench } from './restart.ts';

const BENCHES: Record<string, (args: string[]) => Promise<Row[]>> = {
  apply: applyBench,
  change: changeBench,
  noop: noopBench,
  restart: restartBench,
  drift: driftBench,
  memory: memoryBench,
  failure: failureBench,
};

export interface Row {
  bench: string;
  [figure: string]: string | number;
}

const [name = '', ...args] = process.argv.slice(2);
const bench = BENCHES[name];
if (bench === undefined) {
  const names = Object.keys(BENCHES).join(', ');
  process.stderr.write(
    `error: there is no bench "${name}"\nhint: npm run bench -- NAME, where NAME is one of ${names}\n`,
  );
  process.exitCode = 2;
} else {
  const rows = await bench(args);
  process.stdout.write(`${JSON.stringify(rows)}\n`);
}
