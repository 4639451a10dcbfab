// From the wake to the verified release of 100 apps (300 objects), beside `kubectl apply --server-side` and the
// bare limit: the same dry-runs and applies, 16 at a time over kept connections, nothing around them. All three
// end when every Deployment is ready. Each has a namespace of its own and an order of its own in each round.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { Agent, Pool } from 'undici';
import { workingCopy } from '../src/sandbox/working-copy.ts';
import type { Row } from './main.ts';
import { appsObjects, asFiles, type BenchObject } from './objects.ts';
import { type AgentLog, openSetting, type Setting } from './setting.ts';

const PARALLEL = 16;

interface Figures {
  pawlMs: number;
  limitMs: number;
  kubectlMs: number;
}

export async function applyBench(args: string[]): Promise<Row[]> {
  const apps = Number(args[0] ?? 100);
  const rounds = Number(args[1] ?? 3);
  const setting = await openSetting();
  try {
    const agent = await setting.agent();
    const all: (Figures & { stages: Stages })[] = [];
    for (let round = 0; round < rounds; round++) {
      const limitMs = await limit(setting, apps, `limit-${round}`);
      const kubectlMs = await kubectl(setting, apps, `kubectl-${round}`);
      const { pawlMs, stages } = await pawl(setting, agent, apps, `pawl-${round}`);
      all.push({ limitMs, kubectlMs, pawlMs, stages });
      process.stdout.write(
        `round ${round + 1} of ${rounds}: limit ${ms(limitMs)}, kubectl ${ms(kubectlMs)}, pawl ${ms(pawlMs)}\n`,
      );
    }
    return [report(apps, all, agent.rssMb())];
  } finally {
    await setting.stop();
  }
}

/** Every object dry-run, then applied, as raw requests; then until every Deployment is ready. */
async function limit(setting: Setting, apps: number, namespace: string): Promise<number> {
  await setting.kubectl(['create', 'namespace', namespace]);
  const { server, token, caPem } = setting.plane;
  const pool = new Pool(server, { connections: PARALLEL, connect: { ca: caPem } });
  const objects = appsObjects(apps, namespace);
  const gate = pLimit(PARALLEL);
  const send = async (object: BenchObject, dryRun: boolean) => {
    const group = object.apiVersion === 'v1' ? '/api/v1' : `/apis/${object.apiVersion}`;
    const path = `${group}/namespaces/${namespace}/${object.kind.toLowerCase()}s/${object.metadata.name}`;
    const query = `?fieldManager=bench&force=true${dryRun ? '&dryRun=All' : ''}`;
    const { statusCode, body } = await pool.request({
      method: 'PATCH',
      path: path + query,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/apply-patch+yaml' },
      body: JSON.stringify(object),
    });
    const text = await body.text();
    if (statusCode >= 300) throw new Error(`${path}: ${statusCode} ${text}`);
  };
  const start = performance.now();
  for (const dryRun of [true, false]) {
    await Promise.all(objects.map((object) => gate(() => send(object, dryRun))));
  }
  await allReady(setting, apps, namespace);
  const took = performance.now() - start;
  await pool.close();
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
  await allReady(setting, apps, namespace);
  return performance.now() - start;
}

/** Until every Deployment is ready, from a watch: asking again and again would slow down what is measured. */
async function allReady(setting: Setting, apps: number, namespace: string): Promise<void> {
  const { server, token, caPem } = setting.plane;
  const dispatcher = new Agent({ connect: { ca: caPem }, bodyTimeout: 0 });
  const ready = new Set<string>();
  try {
    const response = await dispatcher.request({
      origin: server,
      method: 'GET',
      path: `/apis/apps/v1/namespaces/${namespace}/deployments?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
      headers: { authorization: `Bearer ${token}` },
    });
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body) {
      const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const { object } = JSON.parse(line) as { object: DeploymentObject };
        if (isReady(object)) ready.add(object.metadata.name);
      }
      if (ready.size >= apps) return;
    }
    throw new Error(`the watch ended with ${ready.size} of ${apps} Deployments ready`);
  } finally {
    await dispatcher.destroy();
  }
}

interface DeploymentObject {
  metadata: { name: string; generation?: number };
  spec?: { replicas?: number };
  status?: { observedGeneration?: number; availableReplicas?: number; updatedReplicas?: number };
}

function isReady({ metadata, spec, status }: DeploymentObject): boolean {
  return (
    status?.observedGeneration === metadata.generation &&
    status?.availableReplicas === spec?.replicas &&
    status?.updatedReplicas === spec?.replicas &&
    spec?.replicas !== undefined
  );
}

type Stages = Record<string, number>;

/** One commit that brings all objects, from the request that wakes Pawl to the healthy status. */
async function pawl(
  setting: Setting,
  agent: AgentLog,
  apps: number,
  namespace: string,
): Promise<{ pawlMs: number; stages: Stages }> {
  const { kubectl: run, git, folder } = setting;
  await run(['create', 'namespace', namespace]);
  const url = await git.createRepository(namespace);
  const person = await workingCopy(git, namespace, join(folder, `${namespace}-work`));
  const first = { 'deploy/first.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: first }\n' };
  await person.publish('first', first);
  await run(['create', 'serviceaccount', 'deployer', '-n', namespace]);
  await run([
    'create',
    'rolebinding',
    'deployer',
    '--clusterrole=edit',
    `--serviceaccount=${namespace}:deployer`,
    '-n',
    namespace,
  ]);
  const app = {
    apiVersion: 'pawl.dev/v1alpha1',
    kind: 'App',
    metadata: { name: 'bench', namespace },
    // Once an hour: the request is what wakes it.
    spec: { source: { url, path: 'deploy' }, serviceAccountName: 'deployer', schedule: '0 0 * * * *' },
  };
  await run(['apply', '-f', '-'], JSON.stringify(app));
  await run(['wait', '--for=condition=Ready', 'apps.pawl.dev/bench', '-n', namespace, '--timeout=60s']);
  const commit = await person.publish('everything', asFiles(appsObjects(apps, namespace)));
  const from = agent.lines.length;
  const healthy = run([
    'wait',
    `--for=jsonpath={.status.healthy.commit}=${commit}`,
    'apps.pawl.dev/bench',
    '-n',
    namespace,
    '--timeout=300s',
  ]);
  const start = performance.now();
  const startedAt = Date.now();
  const { status } = await setting.plane.request({
    method: 'PATCH',
    path: `/apis/pawl.dev/v1alpha1/namespaces/${namespace}/apps/bench`,
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations: { 'pawl.dev/requested-at': new Date().toISOString() } } },
  });
  if (status !== 200) throw new Error(`the request to release was answered ${status}`);
  await healthy;
  const pawlMs = performance.now() - start;
  const counts = JSON.parse(
    await run(['get', 'apps.pawl.dev', 'bench', '-n', namespace, '-o', 'jsonpath={.status.objects}']),
  ) as { total: number; ready: number };
  // The apps, and the ConfigMap of the first commit.
  const want = apps * 3 + 1;
  const { total, ready } = counts;
  if (total !== want || ready !== want)
    throw new Error(`Pawl says that ${ready} of ${total} objects are ready, and there are ${want}`);
  return { pawlMs, stages: stagesOf(agent.lines.slice(from), startedAt) };
}

/** Between the steps that the agent's log tells of. */
function stagesOf(lines: AgentLog['lines'], startedAt: number): Stages {
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

function report(apps: number, all: (Figures & { stages: Stages })[], rssMb: number): Row {
  const median = (values: number[]) =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  const pawlMs = Math.round(median(all.map((one) => one.pawlMs)));
  const limitMs = Math.round(median(all.map((one) => one.limitMs)));
  const kubectlMs = Math.round(median(all.map((one) => one.kubectlMs)));
  const row = (name: string, value: number) =>
    `  ${name.padEnd(44)}${ms(value).padStart(10)}${(value / limitMs).toFixed(2).padStart(8)}`;
  const lines = [
    '',
    `${apps} apps, ${apps * 3} objects, median of ${all.length} rounds${''.padEnd(4)}time  / limit`,
    row('the limit: dry-runs and applies, until ready', limitMs),
    row('kubectl apply --server-side, until ready', kubectlMs),
    row('Pawl, from the wake to verified', pawlMs),
    '',
    'Where the time of Pawl goes (last round):',
    ...Object.entries(all.at(-1)?.stages ?? {}).map(
      ([name, value]) => `  ${name.padEnd(44)}${ms(value).padStart(10)}`,
    ),
    `  memory of the agent at its peak${`${rssMb} MB`.padStart(23)}`,
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return { bench: 'apply', objects: apps * 3, pawlMs, limitMs, kubectlMs, rssMb };
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
