// From the wake to the verified release of 100 and of 1,000 apps (300 and 3,000 objects), beside `kubectl apply
// --server-side` and the bare limit: the same dry-runs and applies, 16 at a time over kept connections, nothing
// around them. All three end when every Deployment is ready. Each round has namespaces of its own.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { applyBare } from './limit.ts';
import type { Row } from './main.ts';
import { appsObjects, asFiles, FIRST_FILES } from './objects.ts';
import { isHealthyAt, openScene } from './scene.ts';
import { type AgentLog, openSetting, type Setting } from './setting.ts';
import { median, ms, table } from './table.ts';
import { allReady } from './watch.ts';

type Stages = Record<string, number>;

interface Figures {
  pawlMs: number;
  limitMs: number;
  kubectlMs: number;
  stages: Stages;
}

/** `apply [apps [rounds]]`; by default both sizes. */
export async function applyBench(args: string[]): Promise<Row[]> {
  const sizes: [apps: number, rounds: number][] =
    args[0] === undefined
      ? [
          [100, 3],
          [1000, 1],
        ]
      : [[Number(args[0]), Number(args[1] ?? 3)]];
  const rows: Row[] = [];
  for (const [apps, rounds] of sizes) rows.push(await applySize(apps, rounds));
  return rows;
}

async function applySize(apps: number, rounds: number): Promise<Row> {
  const setting = await openSetting();
  try {
    const agent = await setting.agent();
    const all: Figures[] = [];
    for (let round = 0; round < rounds; round++) {
      const limitMs = await limit(setting, apps, `limit-${round}`);
      const kubectlMs = await kubectl(setting, apps, `kubectl-${round}`);
      const { pawlMs, stages } = await pawl(setting, agent, apps, `pawl-${round}`);
      all.push({ limitMs, kubectlMs, pawlMs, stages });
      process.stdout.write(
        `round ${round + 1} of ${rounds}: limit ${ms(limitMs)}, kubectl ${ms(kubectlMs)}, pawl ${ms(pawlMs)}\n`,
      );
    }
    return report(apps, all, agent.peakMb());
  } finally {
    await setting.stop();
  }
}

async function limit(setting: Setting, apps: number, namespace: string): Promise<number> {
  await setting.kubectl(['create', 'namespace', namespace]);
  const objects = appsObjects(apps, namespace);
  const start = performance.now();
  await applyBare(setting.plane, objects);
  await allReady(setting.plane, namespace, apps);
  const took = performance.now() - start;
  await setting.clear(namespace);
  return took;
}

async function kubectl(setting: Setting, apps: number, namespace: string): Promise<number> {
  await setting.kubectl(['create', 'namespace', namespace]);
  const folder = join(setting.folder, namespace);
  for (const [path, content] of Object.entries(asFiles(appsObjects(apps, namespace)))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const start = performance.now();
  await setting.kubectl(['apply', '--server-side', '-n', namespace, '-f', join(folder, 'deploy')]);
  await allReady(setting.plane, namespace, apps);
  const took = performance.now() - start;
  await setting.clear(namespace);
  return took;
}

/** One commit that brings all objects, from the request that wakes Pawl to the healthy status. */
async function pawl(
  setting: Setting,
  agent: AgentLog,
  apps: number,
  namespace: string,
): Promise<{ pawlMs: number; stages: Stages }> {
  const scene = await openScene(setting, namespace, { files: FIRST_FILES });
  const commit = await scene.person.publish('everything', asFiles(appsObjects(apps, namespace)));
  const from = agent.lines.length;
  const healthy = scene.when(isHealthyAt(commit));
  const start = performance.now();
  const startedAt = Date.now();
  await scene.wake();
  const pawlMs = (await healthy) - start;
  await agent.logged((line) => line.msg === 'released', from);
  // The apps, and the ConfigMap of the first commit.
  const want = apps * 3 + 1;
  const { total, ready } = (await scene.status()).objects ?? { total: 0, ready: 0 };
  if (total !== want || ready !== want)
    throw new Error(`Pawl says that ${ready} of ${total} objects are ready, and there are ${want}`);
  await setting.kubectl(['delete', 'apps.pawl.dev', 'bench', '-n', namespace]);
  await setting.clear(namespace);
  return { pawlMs, stages: stagesOf(agent.lines.slice(from), startedAt) };
}

/** Between the steps that the agent's log tells of. */
export function stagesOf(lines: AgentLog['lines'], startedAt: number): Stages {
  const at = (message: string) => {
    const line = lines.find((one) => one.msg === message);
    return line === undefined ? Number.NaN : Date.parse(line.time);
  };
  const [moved, planned, applied, released] = ['head moved', 'planned', 'applied', 'released'].map(at) as [
    number,
    number,
    number,
    number,
  ];
  return {
    'wake, look, fetch': moved - startedAt,
    'render, plan (dry-runs)': planned - moved,
    apply: applied - planned,
    'verify, decide, record': released - applied,
  };
}

export function stageRows(stages: Stages): [string, string][] {
  return Object.entries(stages).map(([name, value]) => [`  ${name}`, ms(value)]);
}

function report(apps: number, all: Figures[], peakMb: number): Row {
  const pawlMs = Math.round(median(all.map((one) => one.pawlMs)));
  const limitMs = Math.round(median(all.map((one) => one.limitMs)));
  const kubectlMs = Math.round(median(all.map((one) => one.kubectlMs)));
  table(`apply: ${apps * 3} objects, median of ${all.length} (time, and its ratio to the limit)`, [
    ['the limit: dry-runs and applies, until ready', ms(limitMs), 1],
    ['kubectl apply --server-side, until ready', ms(kubectlMs), kubectlMs / limitMs],
    ['Pawl, from the wake to verified', ms(pawlMs), pawlMs / limitMs],
    ...stageRows(all.at(-1)?.stages ?? {}),
    ['memory of the agent at its peak', `${peakMb} MB`],
  ]);
  return { bench: 'apply', objects: apps * 3, pawlMs, limitMs, kubectlMs, rssMb: peakMb };
}
