// What the bundled agent holds of the machine's memory: with one small App, and with many objects watched. Taken
// from the kernel (VmRSS) when the agent has been at rest for a while, and at its peak (VmHWM).

import { setTimeout as delay } from 'node:timers/promises';
import type { Row } from './main.ts';
import { appsObjects, asFiles, FIRST_FILES } from './objects.ts';
import { openScene } from './scene.ts';
import { openSetting } from './setting.ts';
import { table } from './table.ts';

/** So long that what was needed for the release only has been given back. */
const REST_MS = 20_000;

/** `memory [apps]`; by default 1,000. */
export async function memoryBench(args: string[]): Promise<Row[]> {
  const apps = Number(args[0] ?? 1000);
  const setting = await openSetting();
  try {
    const agent = await setting.agent();
    await openScene(setting, 'small', { files: FIRST_FILES });
    await delay(REST_MS);
    const rssSmallMb = agent.rssMb();
    await openScene(setting, 'pawl', { files: asFiles(appsObjects(apps, 'pawl')) });
    await delay(REST_MS);
    const rssLargeMb = agent.rssMb();
    const peakMb = agent.peakMb();
    // A second one, that finds everything as it is.
    await agent.stop();
    const second = await setting.agent({ flags: ['--log-level=debug'] });
    await second.logged((line) => line.msg === 'settled' && JSON.stringify(line).includes('pawl/bench'));
    await delay(REST_MS);
    const rssRestartedMb = second.rssMb();
    const objects = apps * 3;
    const rssPer1000Mb = Math.round(((rssLargeMb - rssSmallMb) / objects) * 10_000) / 10;
    table(`memory of the bundled agent, ${objects} objects`, [
      ['one small App, at rest', `${rssSmallMb} MB`],
      [`${objects} objects more, at rest`, `${rssLargeMb} MB`],
      ['  more for each 1,000', `${rssPer1000Mb} MB`],
      ['  at its peak, during the release', `${peakMb} MB`],
      ['started anew on the same objects, at rest', `${rssRestartedMb} MB`],
    ]);
    return [{ bench: 'memory', objects, rssSmallMb, rssPer1000Mb, rssLargeMb, rssRestartedMb, peakMb }];
  } finally {
    await setting.stop();
  }
}
