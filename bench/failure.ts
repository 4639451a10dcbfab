// A bad image among many objects: from the wake to the verdict, to the pushed revert, to healthy again. The simulated
// nodes behave twenty times faster than a kubelet; the thresholds of the App are short, and their own time is told
// apart from Pawl's.

import type { Row } from './main.ts';
import { appsObjects, asFiles, withImage } from './objects.ts';
import { openScene } from './scene.ts';
import { openSetting } from './setting.ts';
import { ms, table } from './table.ts';

/** ImagePull counts at once; what fails is confirmed by a second read after this. */
const CONFIRMATION_MS = 1_000;
const THRESHOLDS = {
  ImageNotFound: { after: '0s', count: 1 },
  Confirmation: { after: `${CONFIRMATION_MS}ms` },
};

/** `failure [apps]`; by default 100. */
export async function failureBench(args: string[]): Promise<Row[]> {
  const apps = Number(args[0] ?? 100);
  const setting = await openSetting();
  try {
    const agent = await setting.agent({ flags: ['--log-level=debug'] });
    const objects = appsObjects(apps, 'pawl');
    const spec = { health: { thresholds: THRESHOLDS } };
    const scene = await openScene(setting, 'pawl', { files: asFiles(objects), spec });
    const file = 'deploy/app-0000.yaml';
    const bad = withImage(objects, 'app-0000', 'registry.example.com/bench/web:2.0-notfound');
    const badCommit = await scene.person.publish('web 2.0', { [file]: asFiles(bad)[file] });
    const from = agent.lines.length;
    const startedAt = Date.now();
    const start = performance.now();
    const healthyAgain = scene.when(
      (status) =>
        status.history?.some(({ commit, outcome }) => commit === badCommit && outcome === 'Reverted') ===
          true &&
        status.healthy?.commit === status.head?.commit &&
        status.healthy?.commit === status.history[0]?.commit &&
        status.history[0]?.outcome === 'Healthy' &&
        status.release === undefined,
    );
    await scene.wake();
    const healthyMs = Math.round((await healthyAgain) - start);
    await agent.logged((line) => line.msg === 'settled', from);
    const lines = agent.lines.slice(from);
    const at = (message: string) => {
      const line = lines.find((one) => one.msg === message);
      if (line === undefined) throw new Error(`the agent's log has no line "${message}"`);
      return Date.parse(line.time) - startedAt;
    };
    const verdictMs = at('verdict');
    const pushedMs = at('reverted');
    // Until the kubelet says so, nobody can know; from then on only the confirmation is the threshold's own.
    const firstSignMs = at('sign');
    const appliedMs = at('applied');
    const signMs = Math.max(0, firstSignMs - appliedMs);
    const ownMs = healthyMs - signMs - CONFIRMATION_MS;
    table(`failure: a bad image among ${apps * 3} objects, from the wake`, [
      ['applied', ms(appliedMs)],
      ['first sign of failure', ms(firstSignMs)],
      ['verdict', ms(verdictMs)],
      ['revert pushed', ms(pushedMs)],
      ['healthy again', ms(healthyMs)],
      [`without the kubelet's ${ms(signMs)} and the confirmation's ${ms(CONFIRMATION_MS)}`, ms(ownMs)],
    ]);
    return [{ bench: 'failure', objects: apps * 3, verdictMs, pushedMs, healthyMs, ownMs }];
  } finally {
    await setting.stop();
  }
}
