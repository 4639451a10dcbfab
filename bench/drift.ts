// Changes by other hands, set back while many objects are watched: from the answer to the change to the answer that
// shows it undone, as a watch of the same collection tells. Beside it: one bare apply, answered.

import type { Row } from './main.ts';
import { pathOf } from './limit.ts';
import { appsObjects, asFiles, type BenchObject } from './objects.ts';
import { openScene } from './scene.ts';
import { openSetting, type Setting } from './setting.ts';
import { median, quantile, table } from './table.ts';
import { watchUntil } from './watch.ts';

const CHANGES = 200;

/** `drift [apps]`; by default 1,000. */
export async function driftBench(args: string[]): Promise<Row[]> {
  const apps = Number(args[0] ?? 1000);
  const setting = await openSetting();
  try {
    await setting.agent();
    await openScene(setting, 'pawl', { files: asFiles(appsObjects(apps, 'pawl')) });
    const configMaps = appsObjects(apps, 'pawl').filter(({ kind }) => kind === 'ConfigMap');
    const times: number[] = [];
    const bare: number[] = [];
    const back = watchBack(setting, configMaps);
    await back.begun;
    for (let index = 0; index < CHANGES; index++) {
      // Another object each time: who changes the same one back again and again is not fought.
      const object = configMaps[Math.floor((index * configMaps.length) / CHANGES)] as BenchObject;
      const start = performance.now();
      const { status } = await setting.plane.request({
        method: 'PATCH',
        path: `${pathOf(object)}?fieldManager=somebody`,
        contentType: 'application/merge-patch+json',
        body: { data: { level: 'debug' } },
      });
      if (status !== 200) throw new Error(`the change was answered ${status}`);
      bare.push(performance.now() - start);
      const changed = performance.now();
      times.push((await back.of(object.metadata.name)) - changed);
    }
    back.stop();
    const p50Ms = Math.round(median(times) * 10) / 10;
    const p99Ms = Math.round(quantile(times, 0.99) * 10) / 10;
    const bareMs = median(bare);
    table(
      `drift: ${apps * 3} objects watched, ${CHANGES} changes set back (time, and its ratio to one request)`,
      [
        ['one request, answered (median)', `${bareMs.toFixed(1)} ms`, 1],
        ['set back, median', `${p50Ms} ms`, p50Ms / bareMs],
        ['set back, 99 of 100', `${p99Ms} ms`, p99Ms / bareMs],
      ],
    );
    return [{ bench: 'drift', objects: apps * 3, p50Ms, p99Ms, bareMs: Math.round(bareMs * 10) / 10 }];
  } finally {
    await setting.stop();
  }
}

interface ConfigMap {
  metadata: { name: string };
  data?: { level?: string };
}

/** Tells when a ConfigMap that was changed has its former value again. */
function watchBack(setting: Setting, all: readonly BenchObject[]) {
  const changed = new Set<string>();
  const waiting = new Map<string, (at: number) => void>();
  const seen = new Map<string, number>();
  const began = Promise.withResolvers<void>();
  let left = all.length;
  let isOver = false;
  void watchUntil<ConfigMap>(setting.plane, '/api/v1/namespaces/pawl/configmaps', ({ type, object }) => {
    const { name } = object.metadata;
    if (type === 'BOOKMARK') {
      if (--left <= 0) began.resolve();
      return isOver;
    }
    if (object.data?.level === 'debug') changed.add(name);
    else if (changed.delete(name)) {
      seen.set(name, performance.now());
      waiting.get(name)?.(performance.now());
    }
    if (--left <= 0) began.resolve();
    return isOver;
  }).catch((error: unknown) => began.reject(error));
  return {
    begun: began.promise,
    of: (name: string) =>
      new Promise<number>((resolve) => {
        const at = seen.get(name);
        if (at === undefined) waiting.set(name, resolve);
        else resolve(at);
      }),
    stop: () => {
      isOver = true;
    },
  };
}
