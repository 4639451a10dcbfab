#!/usr/bin/env node
// The entry, and with main/ the only place that wires real adapters.

import { program } from './cli/program.ts';
import { configOf } from './config.ts';
import { runAgent } from './main/agent.ts';
import { demo } from './main/demo.ts';
import { realEnvironment } from './main/environment.ts';

const ending = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.once(name, () => ending.abort(new DOMException(`stopped by ${name}`, 'AbortError')));
}
const environment = realEnvironment(ending.signal);
const pawl = program({
  environment,
  async run(flags) {
    await runAgent(configOf(flags, process.env), ending.signal);
    return 0;
  },
  demo: (flags) => demo(flags, environment),
});
process.exitCode = await pawl.main(process.argv.slice(2));
