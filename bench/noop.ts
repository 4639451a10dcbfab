// Nothing changed: what a look at the branch costs, over several looks by the schedule, and that the API server is
// asked nothing for it. Beside it: what `kubectl apply` of the same folder costs each time.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Row } from './main.ts';
import { appsObjects, asFiles } from './objects.ts';
import { askedSince, auditMark } from './requests.ts';
import { openScene } from './scene.ts';
import { openSetting } from './setting.ts';
import { ms, table } from './table.ts';

const LOOKS = 10;

/** `noop [apps]`; by default 100. */
export async function noopBench(args: string[]): Promise<Row[]> {
  const apps = Number(args[0] ?? 100);
  const setting = await openSetting();
  try {
    await setting.agent();
    const files = asFiles(appsObjects(apps, 'pawl'));
    await openScene(setting, 'pawl', { files, spec: { schedule: '* * * * * *' } });
    await setting.looks(3); // what follows the release has ended
    const mark = auditMark(setting);
    const from = setting.git.requests.length;
    const start = performance.now();
    await setting.looks(LOOKS);
    const tookMs = performance.now() - start;
    const requests = setting.git.requests.slice(from);
    const bytes = requests.reduce((sum, one) => sum + one.requestBytes + one.responseBytes, 0);
    // The lease is the process's own business, once for all Apps; watches are renewed every five to ten minutes.
    const asked = askedSince(setting, mark).filter(({ resource }) => resource !== 'leases');

    const folder = join(setting.folder, 'kubectl');
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    const apply = ['apply', '--server-side', '--force-conflicts', '-n', 'pawl', '-f', join(folder, 'deploy')];
    await setting.kubectl(apply);
    const before = performance.now();
    await setting.kubectl(apply);
    const kubectlMs = Math.round(performance.now() - before);
    table(`noop: ${apps * 3} objects, ${LOOKS} looks in ${ms(tookMs)}`, [
      ['requests to the API server, in all', String(asked.length)],
      ['requests to git, for each look', (requests.length / LOOKS).toFixed(1)],
      ['bytes to and from git, for each look', (bytes / LOOKS).toFixed(0)],
      ['kubectl apply --server-side, nothing changed, each time', ms(kubectlMs)],
    ]);
    return [
      {
        bench: 'noop',
        objects: apps * 3,
        apiRequests: asked.length,
        gitRequests: requests.length / LOOKS,
        gitBytes: Math.round(bytes / LOOKS),
        kubectlMs,
      },
    ];
  } finally {
    await setting.stop();
  }
}
