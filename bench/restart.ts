// An agent started on objects that have not changed, from its first look to settled: nothing is rewritten. Beside
// it the limit: applying all of them unchanged, as raw requests.

import { applyBare } from './limit.ts';
import type { Row } from './main.ts';
import { appsObjects, asFiles } from './objects.ts';
import { askedSince, auditMark } from './requests.ts';
import { openScene } from './scene.ts';
import { openSetting, type Setting } from './setting.ts';
import { ms, table } from './table.ts';

/** `restart [apps]`; by default 1,000. */
export async function restartBench(args: string[]): Promise<Row[]> {
  const apps = Number(args[0] ?? 1000);
  const setting = await openSetting();
  try {
    const agent = await setting.agent();
    await openScene(setting, 'pawl', { files: asFiles(appsObjects(apps, 'pawl')) });
    await agent.stop();
    const before = await versions(setting, 'pawl');
    const mark = auditMark(setting);
    const start = performance.now();
    const second = await setting.agent({ flags: ['--log-level=debug'] });
    await second.logged((line) => line.msg === 'settled');
    const pawlMs = Math.round(performance.now() - start);
    const requests = askedSince(setting, mark);
    const after = await versions(setting, 'pawl');
    const rewritten = [...after].filter(([key, version]) => before.get(key) !== version).length;

    // The same again, so that what is applied differs in nothing from what is there.
    await setting.kubectl(['create', 'namespace', 'limit']);
    const objects = appsObjects(apps, 'limit');
    await applyBare(setting.plane, objects, ['apply']);
    const from = performance.now();
    await applyBare(setting.plane, objects, ['apply']);
    const limitMs = Math.round(performance.now() - from);
    table(`restart: ${apps * 3} unchanged objects (time, and its ratio to the limit)`, [
      ['the limit: applying them unchanged', ms(limitMs), 1],
      ['Pawl, from its start to settled', ms(pawlMs), pawlMs / limitMs],
      ['  requests to the API server', String(requests.length)],
      ['  objects rewritten', String(rewritten)],
    ]);
    return [
      { bench: 'restart', objects: apps * 3, pawlMs, limitMs, rewritten, apiRequests: requests.length },
    ];
  } finally {
    await setting.stop();
  }
}

async function versions({ plane }: Setting, namespace: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const path of ['/api/v1', '/apis/apps/v1']) {
    for (const plural of path === '/api/v1' ? ['configmaps', 'services'] : ['deployments']) {
      const { body } = await plane.request({ path: `${path}/namespaces/${namespace}/${plural}` });
      const { items } = body as { items: { metadata: { name: string; resourceVersion: string } }[] };
      for (const { metadata } of items) found.set(`${plural}/${metadata.name}`, metadata.resourceVersion);
    }
  }
  return found;
}
