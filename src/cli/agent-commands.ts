// The flags of `pawl run` and `pawl demo`; what they do is handed in by main.

import { Command } from 'commander';
import type { RunFlags } from '../config.ts';
import { withExamples } from './flags.ts';

export interface DemoFlags {
  kubeconfig?: string;
  exit?: boolean;
}

/** `finish` takes the exit code. */
export function runCommand(
  run: (flags: RunFlags) => Promise<number>,
  finish: (code: number) => void,
): Command {
  const command = new Command('run')
    .description('run the agent: follow the branches of all Apps of a cluster')
    .option(
      '--kubeconfig <file>',
      "kubeconfig to use (default: the pod's service account; never the ambient one)",
    )
    .option('--context <name>', 'context of the kubeconfig')
    .option('--namespace <name>', 'where Pawl itself lives (default: pawl-system)')
    .option('--app-namespace <name>', 'follow only Apps of this namespace (default: of all)')
    .option('--cluster-name <name>', 'name of this cluster in the trailers of reverts (default: cluster)')
    .option('--cache-dir <directory>', 'where clones are kept; may be lost at any time')
    .option('--listen <address>', 'address of /healthz, /readyz and /metrics (default: 0.0.0.0:8080)')
    .option('--lease-duration <seconds>', 'how long a lease holds without being renewed (default: 15)')
    .option('--log-level <level>', 'trace, debug, info, warn or error (default: info)')
    .option('--git-timeout <seconds>', 'longest time for one operation with a git host (default: 60)')
    .option('--max-pack-mib <number>', 'largest answer that is taken from a git host (default: 256)')
    .option('--prometheus-url <url>', 'where checks of kind prometheus are asked (default: nowhere)')
    .option('--prometheus-token-file <file>', 'a file with a bearer token for it, read for each query')
    .action(async (flags: RunFlags) => finish(await run(flags)));
  return withExamples(command, [
    ['pawl run', 'in a cluster, as the Deployment of manifests/ does'],
    ['pawl run --kubeconfig dev.yaml --log-level debug', 'from a workstation, on the cluster of that file'],
  ]);
}

export function demoCommand(
  demo: (flags: DemoFlags) => Promise<number>,
  finish: (code: number) => void,
): Command {
  const command = new Command('demo')
    .description('show Pawl at work: a release, a failure, and the revert, in a cluster of its own')
    .option('--kubeconfig <file>', 'use this cluster instead of a local control plane')
    .option('--exit', 'end when the story is told, instead of staying until Ctrl-C')
    .action(async (flags: DemoFlags) => finish(await demo(flags)));
  return withExamples(command, [
    ['pawl demo', 'everything local; nothing of yours is touched'],
    ['pawl demo --exit', 'and end by itself'],
  ]);
}
