// Makes this machine ready to run the demo and the tests: checks what is needed beyond npm, then builds the local
// control plane unless its binary is there. Run by `npm test`; safe to run at any time and several times at once.
import { messageOf, PawlError } from '../model/errors.ts';
import { buildBinary, controlPlaneSourceDir, locateBinary } from './build.ts';
import { checkRequirements } from './requirements.ts';

export interface PrepareOptions {
  signal: AbortSignal;
  log: (line: string) => void;
  env: NodeJS.ProcessEnv;
}

/**
 * Makes ready what the demo and the tests need. With PAWL_TEST_KUBECONFIG set no control plane is built.
 * Throws `SandboxNotReady` or `SandboxBuildFailed`, whose messages name what to do.
 */
export async function prepare({ signal, log, env }: PrepareOptions): Promise<void> {
  const build = !env.PAWL_TEST_KUBECONFIG && !locateBinary(env).built;
  await checkRequirements({ goModuleDir: build ? controlPlaneSourceDir : undefined, log, signal });
  if (build) await buildBinary({ signal, log }, env);
}

async function main(): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  try {
    await prepare({ signal: stop.signal, log: (line) => console.error(line), env: process.env });
  } catch (error) {
    console.error(stop.signal.aborted ? 'interrupted' : messageOf(error));
    if (error instanceof PawlError && error.hint !== undefined) console.error(error.hint);
    process.exitCode = stop.signal.aborted ? 130 : 1;
  }
}

if (import.meta.main) await main();
