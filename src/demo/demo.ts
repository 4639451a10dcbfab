// `pawl demo`: a cluster, a repository and an agent of their own, and six stories told as they happen. What they
// claim is checked in the branch and in the cluster.
//
// 1. Nothing outlives it: processes hold a pipe to it or are ended by it, and what a SIGKILL leaves of files is
//    swept by the next run (sandbox/folder.ts).
// 2. It reads no ambient kubeconfig.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../cli/environment.ts';
import { messageOf, PawlError } from '../model/errors.ts';
import { logTail } from '../sandbox/component.ts';
import { type Check, describe } from './check.ts';
import { farewell } from './farewell.ts';
import { watchInterrupt } from './interrupt.ts';
import { type Endings, setScene, type SettingOptions } from './setting.ts';
import { playAll, stories } from './stories.ts';
import { makeTelling, type Telling } from './telling.ts';

export interface DemoOptions {
  /** A cluster in place of a control plane of its own. */
  kubeconfig?: string;
  /** End after the stories, instead of staying until Ctrl-C. */
  exit?: boolean;
  /** A script in place of src/main.ts for the agent. For tests. */
  main?: string;
  /** How long one story may wait for something, in place of what fits the cluster. For tests. */
  storyTimeoutMs?: number;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Resolves to the exit code: 0 every story ended as it should, 1 one did not or the agent ended, 3 interrupted
 * before the end. Throws PawlError where the scene could not be set.
 */
export async function runDemo(options: DemoOptions, environment: Environment): Promise<number> {
  const tell = makeTelling(environment.stdout, environment.env, environment.clock);
  const interrupt = watchInterrupt(environment.signal);
  const endings: Endings = [];
  let logPath: string | undefined;
  try {
    tell.plain(`Pawl at work: ${stories.length} stories, in a cluster and a repository made for them.`);
    tell.title('0  Setting the scene');
    const { scene, place, agent, cloneUrl } = await setScene(
      settingOf(options),
      environment,
      interrupt.signal,
      tell,
      endings,
      (path) => {
        logPath = path;
      },
    );
    const { storyTimeoutMs = scene.timeoutMs } = options;
    const failed = await playAll({ ...scene, timeoutMs: storyTimeoutMs });
    if (failed.length > 0) {
      tellFailed(tell, failed, logPath);
      return 1;
    }
    tell.title(`All ${stories.length} stories ended as they should.`);
    if (options.exit === true) return 0;
    const { cluster, isOwn, kubectlCommand, namespaces } = place;
    const facts = { root, kubeconfig: cluster.kubeconfig, kubectlCommand, namespace: namespaces.app };
    for (const line of farewell({ ...facts, cloneUrl, logPath: logPath ?? '', isSimulated: isOwn }))
      tell.plain(line);
    await aborted(AbortSignal.any([interrupt.signal, agent.gone]));
    if (!interrupt.signal.aborted) throw agent.gone.reason;
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) return 3;
    if (error instanceof PawlError && error.code !== 'DemoAgentEnded') throw error;
    tellEnded(tell, error, logPath);
    return 1;
  } finally {
    await removeAll(tell, endings, interrupt.signal.aborted);
    interrupt.release();
  }
}

function settingOf({ kubeconfig, main = join(root, 'src', 'main.ts') }: DemoOptions): SettingOptions {
  const leash = new URL('leash.ts', import.meta.url).href;
  return {
    root,
    kubeconfig,
    agent: [process.execPath, '--import', leash, main],
  };
}

function tellFailed(tell: Telling, failed: readonly Check[], logPath: string | undefined): void {
  tell.line('This story did not end as it should:');
  for (const check of failed) tell.block(describe(check));
  tellLog(tell, logPath);
}

function tellEnded(tell: Telling, error: unknown, logPath: string | undefined): void {
  tell.line(`The story could not go on: ${messageOf(error)}`);
  tellLog(tell, logPath);
}

function tellLog(tell: Telling, logPath: string | undefined): void {
  if (logPath === undefined) return;
  tell.line("The end of the agent's log:");
  tell.block(logTail(logPath).split('\n'));
}

/** The last that came goes first. What cannot be removed is told, and keeps nothing else from being removed. */
async function removeAll(tell: Telling, endings: Endings, isInterrupted: boolean): Promise<void> {
  if (endings.length === 0) return;
  tell.title(isInterrupted ? 'Interrupted: everything is removed.' : 'Everything is removed.');
  for (const end of endings.splice(0).toReversed()) {
    try {
      await end();
    } catch (error) {
      tell.line(`Not removed: ${messageOf(error)}`);
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
