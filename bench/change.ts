// One image changed among many objects: from the wake to the verified release, and what it asked of the API server.
// Beside it the limit: one dry-run and one apply of that Deployment, until it is ready; and `kubectl apply` of the
// same folder. The namespaces hold the same objects.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stageRows, stagesOf } from './apply.ts';
import { applyBare } from './limit.ts';
import type { Row } from './main.ts';
import { appsObjects, asFiles, type BenchObject, withImage } from './objects.ts';
import { askedSince, auditMark } from './requests.ts';
import { isHealthyAt, openScene } from './scene.ts';
import { openSetting, type Setting } from './setting.ts';
import { median, ms, table } from './table.ts';
import { allReady, watchUntil } from './watch.ts';

const ROUNDS = 5;
/** A change comes to an agent that is at rest: what follows a release, up to the collection of garbage, is over. */
const REST_MS = 6_000;

/** `change [apps]`; by default both sizes. */
export async function changeBench(args: string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const apps of args[0] === undefined ? [100, 1000] : [Number(args[0])]) rows.push(await change(apps));
  return rows;
}

async function change(apps: number): Promise<Row> {
  const setting = await openSetting();
  try {
    const agent = await setting.agent();
    const limit = await changeBare(setting, apps);
    const scene = await openScene(setting, 'pawl', { files: asFiles(appsObjects(apps, 'pawl')) });
    const name = middle(apps);
    const times: number[] = [];
    let stages: [string, string][] = [];
    let asked: { dryRuns: number; applies: number; others: number } = { dryRuns: 0, applies: 0, others: 0 };
    for (let round = 1; round <= ROUNDS; round++) {
      const objects = withImage(appsObjects(apps, 'pawl'), name, `registry.example.com/bench/web:1.${round}`);
      const file = `deploy/${name}.yaml`;
      const commit = await scene.person.publish(`web 1.${round}`, { [file]: asFiles(objects)[file] });
      await delay(REST_MS);
      const mark = auditMark(setting);
      const from = agent.lines.length;
      const healthy = scene.when(isHealthyAt(commit));
      const start = performance.now();
      const startedAt = Date.now();
      await scene.wake();
      times.push((await healthy) - start);
      await agent.logged((line) => line.msg === 'released', from);
      stages = stageRows(stagesOf(agent.lines.slice(from), startedAt));
      const requests = askedSince(setting, mark);
      const patches = requests.filter(({ verb, resource }) => verb === 'patch' && resource === 'deployments');
      asked = {
        dryRuns: patches.filter(({ dryRun }) => dryRun).length,
        applies: patches.filter(({ dryRun }) => !dryRun).length,
        others: requests.length - patches.length,
      };
    }
    const wakeToVerifiedMs = Math.round(median(times));
    table(
      `change: one image among ${apps * 3} objects, median of ${ROUNDS} (time, and its ratio to the limit)`,
      [
        ['the limit: dry-run, apply, until ready', ms(limit.limitMs), 1],
        [
          'kubectl apply --server-side of the folder, until ready',
          ms(limit.kubectlMs),
          limit.kubectlMs / limit.limitMs,
        ],
        ['Pawl, from the wake to verified', ms(wakeToVerifiedMs), wakeToVerifiedMs / limit.limitMs],
        ...stages,
        ['  dry-runs, applies, other requests', `${asked.dryRuns}, ${asked.applies}, ${asked.others}`],
      ],
    );
    return {
      bench: 'change',
      objects: apps * 3,
      wakeToVerifiedMs,
      dryRuns: asked.dryRuns,
      applies: asked.applies,
      limitMs: limit.limitMs,
      kubectlMs: limit.kubectlMs,
    };
  } finally {
    await setting.stop();
  }
}

function middle(apps: number): string {
  return `app-${String(Math.floor(apps / 2)).padStart(4, '0')}`;
}

async function changeBare(setting: Setting, apps: number): Promise<{ limitMs: number; kubectlMs: number }> {
  const namespace = 'limit';
  const { plane, kubectl } = setting;
  await kubectl(['create', 'namespace', namespace]);
  const objects = appsObjects(apps, namespace);
  await applyBare(plane, objects, ['apply'], 'kubectl');
  await allReady(plane, namespace, apps);
  const name = middle(apps);
  const limitTimes: number[] = [];
  const kubectlTimes: number[] = [];
  const folder = join(setting.folder, namespace);
  // The folder of 3,000 objects takes kubectl a quarter of a minute each time.
  const kubectlRounds = apps > 100 ? 1 : ROUNDS;
  for (let round = 1; round <= ROUNDS; round++) {
    const image = `registry.example.com/bench/web:2.${round}`;
    const changed = withImage(objects, name, image).filter(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name === name,
    );
    let start = performance.now();
    await applyBare(plane, changed, ['dry-run', 'apply'], 'kubectl');
    await rolledOut(setting, namespace, name, image);
    limitTimes.push(performance.now() - start);

    if (round > kubectlRounds) continue;
    const other = `registry.example.com/bench/web:3.${round}`;
    write(folder, withImage(objects, name, other));
    start = performance.now();
    await kubectl(['apply', '--server-side', '-n', namespace, '-f', join(folder, 'deploy')]);
    await rolledOut(setting, namespace, name, other);
    kubectlTimes.push(performance.now() - start);
  }
  return { limitMs: Math.round(median(limitTimes)), kubectlMs: Math.round(median(kubectlTimes)) };
}

function write(folder: string, objects: readonly BenchObject[]): void {
  for (const [path, content] of Object.entries(asFiles(objects))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

interface Deployment {
  metadata: { name: string; generation: number };
  spec?: { template: { spec: { containers: { image: string }[] } } };
  status?: {
    observedGeneration?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
    replicas?: number;
  };
}

async function rolledOut({ plane }: Setting, namespace: string, name: string, image: string): Promise<void> {
  await watchUntil<Deployment>(plane, `/apis/apps/v1/namespaces/${namespace}/deployments`, ({ object }) => {
    const { metadata, spec, status } = object;
    return (
      metadata.name === name &&
      spec?.template.spec.containers[0]?.image === image &&
      status?.observedGeneration === metadata.generation &&
      status.updatedReplicas === 1 &&
      status.availableReplicas === 1 &&
      status.replicas === 1
    );
  });
}
