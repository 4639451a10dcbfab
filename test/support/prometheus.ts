// A real Prometheus for the tests: Debian's package, fetched once into the project's cache and never installed, run on
// the loopback interface, scraping an exporter of the test's own.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';
import { withLock } from '../../src/sandbox/lock.ts';
import { eventually } from './eventually.ts';
import { temporaryFolder } from './git-server.ts';

const run = promisify(execFile);
const cache = new URL('../../.cache/prometheus', import.meta.url).pathname;

export interface TestPrometheus {
  url: string;
  /** What the exporter tells from now on, as `metric value` or `metric{label="x"} value`, a line each. */
  expose(...lines: string[]): void;
  /** Waits until a query has this value; undefined: no data. */
  has(query: string, value: string | undefined): Promise<void>;
}

const children = new Set<ChildProcess>();
const servers = new Set<Server>();

afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await Promise.all(
    [...children].map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }),
  );
});

export async function testPrometheus(): Promise<TestPrometheus> {
  const binary = await prometheusBinary();
  let lines: readonly string[] = [];
  const exporter = createServer((_, response) => response.end(lines.map((line) => `${line}\n`).join('')));
  servers.add(exporter);
  const target = await listen(exporter);
  const folder = temporaryFolder('prometheus');
  const config = {
    global: { scrape_interval: '300ms', scrape_timeout: '250ms' },
    scrape_configs: [{ job_name: 'shop', static_configs: [{ targets: [target] }] }],
  };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const flags = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
  ];
  const child = spawn(binary, flags, { stdio: ['ignore', 'ignore', 'inherit'] });
  children.add(child);
  const query = async (text: string): Promise<unknown[]> => {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(text)}`);
    const body = (await response.json()) as { data?: { result?: { value: unknown[] }[] } };
    return (body.data?.result ?? []).map(({ value }) => value[1]);
  };
  await eventually(() => query('up'), { timeoutMs: 60_000, describe: 'Prometheus to answer' });
  return {
    url,
    expose(...next) {
      lines = next;
    },
    has: (text, value) =>
      eventually(
        async () => {
          const found = await query(text);
          if (JSON.stringify(found) !== JSON.stringify(value === undefined ? [] : [value]))
            throw new Error(`it has ${JSON.stringify(found)}`);
        },
        { timeoutMs: 30_000, describe: `${text} to be ${value}` },
      ),
  };
}

/** Kept by version. Two runs at once fetch it once. */
async function prometheusBinary(): Promise<string> {
  mkdirSync(cache, { recursive: true });
  const version = await candidate();
  const folder = join(cache, version.replaceAll(/[^\w.+~-]/g, '_'));
  const binary = join(folder, 'usr/bin/prometheus');
  if (existsSync(binary)) return binary;
  const say = (line: string) => process.stderr.write(`prometheus: ${line}\n`);
  const signal = AbortSignal.timeout(600_000);
  const onWait = (pid: number) => say(`process ${pid} is fetching it; waiting for it`);
  return withLock(join(cache, 'lock'), { signal, onWait }, async () => {
    if (existsSync(binary)) return binary;
    say(`fetching the package ${version} (about 40 MB), once`);
    const work = mkdtempSync(join(cache, 'fetching-'));
    try {
      const began = performance.now();
      await run('apt-get', ['download', `prometheus=${version}`], { cwd: work, signal });
      const archive = readdirSync(work).find((name) => name.endsWith('.deb'));
      if (archive === undefined) throw new Error('apt-get download left no package');
      say(`fetched in ${Math.round((performance.now() - began) / 1000)} s; unpacking`);
      await run('dpkg-deb', ['-x', join(work, archive), join(work, 'root')], { signal });
      rmSync(folder, { recursive: true, force: true });
      renameSync(join(work, 'root'), folder);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
    return binary;
  });
}

/** The version that apt would take; from the cache where apt knows none (any more). */
async function candidate(): Promise<string> {
  const { stdout } = await run('apt-cache', ['policy', 'prometheus']);
  const version = /Candidate: (\S+)/.exec(stdout)?.[1];
  if (version !== undefined && version !== '(none)') return version;
  const kept = readdirSync(cache).find((name) => existsSync(join(cache, name, 'usr/bin/prometheus')));
  if (kept !== undefined) return kept;
  throw new Error('apt knows no package prometheus: run apt-get update (on Debian or Ubuntu)');
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const address = await listen(server);
  server.close();
  await once(server, 'close');
  return Number(address.split(':')[1]);
}
