// The entry, and with main/ the only place that wires real adapters.

import { argv, env, exitCode, stderr } from 'node:process';
import { parseArgs } from 'node:util';
import { configOf } from './config.ts';
import { messageOf } from './model/errors.ts';
import { runAgent } from './main/agent.ts';

void exitCode;
const { values } = parseArgs({
  args: argv.slice(3),
  options: {
    kubeconfig: { type: 'string' },
    'cache-dir': { type: 'string' },
    listen: { type: 'string' },
    'lease-duration': { type: 'string' },
    'cluster-name': { type: 'string' },
    'log-level': { type: 'string' },
    namespace: { type: 'string' },
    'app-namespace': { type: 'string' },
  },
});
const ending = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ending.abort(new Error(name)));
try {
  await runAgent(
    configOf(
      {
        kubeconfig: values.kubeconfig,
        cacheDir: values['cache-dir'],
        listen: values.listen,
        leaseDuration: values['lease-duration'],
        clusterName: values['cluster-name'],
        logLevel: values['log-level'],
        namespace: values.namespace,
        appNamespace: values['app-namespace'],
      },
      env,
    ),
    ending.signal,
  );
} catch (error) {
  stderr.write(`error: ${messageOf(error)}\n`);
  process.exitCode = 2;
}
