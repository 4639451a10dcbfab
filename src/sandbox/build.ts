// The control plane's binary: built from `controlplane/` once per content of that folder, then found in the cache.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PawlError } from '../model/errors.ts';
import { identify } from './identity.ts';
import { withLock } from './lock.ts';

const repositoryDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const controlPlaneSourceDir = join(repositoryDir, 'controlplane');

const binaryName = 'pawl-controlplane';
const progressEveryMs = 15_000;
const tailLines = 30;

export interface ControlPlaneBinary {
  /** Names the sources and the way they are built. */
  hash: string;
  path: string;
  built: boolean;
}

export interface BuildOptions {
  signal: AbortSignal;
  log: (line: string) => void;
}

/** Where the binary for the present sources is, or will be. */
export function locateBinary(env: NodeJS.ProcessEnv = process.env): ControlPlaneBinary {
  const hash = hashOfSources();
  const path = join(cacheDir(env), hash, binaryName);
  return { hash, path, built: existsSync(path) };
}

/** The path of the built binary. Throws `SandboxNotReady` if it is not built. */
export function builtBinary(env: NodeJS.ProcessEnv = process.env): string {
  const { path, built } = locateBinary(env);
  if (built) return path;
  throw new PawlError({
    code: 'SandboxNotReady',
    message: `the local control plane is not built (looked for ${path})`,
    hint: 'run: npm exec -- node src/sandbox/prepare.ts',
  });
}

/** Builds the binary unless it is there. Two runs at once build it once. */
export async function buildBinary({ signal, log }: BuildOptions, env = process.env): Promise<string> {
  const found = locateBinary(env);
  if (found.built) return found.path;
  const cache = cacheDir(env);
  mkdirSync(cache, { recursive: true });
  const onWait = (pid: number) => log(`control plane: process ${pid} is building it; waiting for it`);
  return await withLock(join(cache, `${found.hash}.lock`), { signal, onWait }, async () => {
    if (existsSync(found.path)) return found.path;
    log('control plane: building it once (etcd, kube-apiserver, controllers, scheduler, kubectl, kwok).');
    log('control plane: this downloads about 250 Go modules and takes 4 to 6 minutes with two cores; later');
    log('control plane: runs find it in the cache and start at once.');
    const workDir = join(cache, `building-${process.pid}`);
    try {
      await goBuild(join(workDir, binaryName), { signal, log }, env);
      renameSync(workDir, dirname(found.path));
    } finally {
      rmSync(workDir, { recursive: true, force: true });
    }
    prune(cache, found.hash);
    return found.path;
  });
}

async function goBuild(output: string, { signal, log }: BuildOptions, env: NodeJS.ProcessEnv): Promise<void> {
  const startedAt = performance.now();
  const child = spawn('go', goArguments(output), {
    cwd: controlPlaneSourceDir,
    env: { ...env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
    signal,
    killSignal: 'SIGINT',
  });
  let modules = 0;
  let packages = 0;
  let tail: string[] = [];
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      // With -v the go command names each module it downloads and each package it compiles.
      if (line.startsWith('go: downloading ')) modules++;
      else if (/^[\w./-]+$/.test(line)) packages++;
      else tail = [...tail, line].slice(-tailLines);
    }
  });
  const elapsed = () => formatSeconds((performance.now() - startedAt) / 1000);
  const progress = setInterval(() => {
    log(`control plane: ${elapsed()}: ${modules} modules downloaded, ${packages} packages compiled`);
  }, progressEveryMs);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) {
      throw new PawlError({
        code: 'SandboxBuildFailed',
        message: `go build of the control plane failed:\n${[...tail, rest].join('\n').trim()}`,
        hint: 'the first build needs the network (Go modules), 8 GB of disk and 4 GB of memory',
      });
    }
  } finally {
    clearInterval(progress);
  }
  log(`control plane: built in ${elapsed()}`);
}

/** Also part of the hash: what is built depends on it. */
function goArguments(output: string): string[] {
  const version = kubernetesVersion();
  const [major, minor] = version.slice(1).split('.');
  // What the components call themselves: their own builds set it the same way.
  const stamps = {
    'k8s.io/component-base/version.gitVersion': version,
    'k8s.io/component-base/version.gitMajor': major,
    'k8s.io/component-base/version.gitMinor': minor,
    'k8s.io/client-go/pkg/version.gitVersion': version,
  };
  const ldflags = ['-s', '-w', ...Object.entries(stamps).map(([name, value]) => `-X ${name}=${value}`)];
  return [
    'build',
    '-v',
    '-mod=readonly',
    '-buildvcs=false',
    '-trimpath',
    `-ldflags=${ldflags.join(' ')}`,
    '-o',
    output,
    '.',
  ];
}

function kubernetesVersion(): string {
  const goMod = readFileSync(join(controlPlaneSourceDir, 'go.mod'), 'utf8');
  const version = /^\s*k8s\.io\/kubernetes (v\S+)$/m.exec(goMod)?.[1];
  if (version === undefined) throw new Error('controlplane/go.mod names no version of k8s.io/kubernetes');
  return version;
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([process.platform, process.arch, goArguments('')]));
  const isSource = (name: string) => /^go\.(mod|sum)$|(?<!_test)\.go$/.test(name);
  for (const name of readdirSync(controlPlaneSourceDir).filter(isSource).sort()) {
    hash.update(`\0${name}\0`).update(readFileSync(join(controlPlaneSourceDir, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

function cacheDir(env: NodeJS.ProcessEnv): string {
  return join(env.PAWL_CACHE_DIR || join(repositoryDir, '.cache'), 'controlplane');
}

/** Removes binaries of older sources (each is over 100 MB) and what builds that were killed left behind. */
function prune(cache: string, keep: string): void {
  for (const name of readdirSync(cache)) {
    const builder = /^building-(\d+)$/.exec(name)?.[1];
    const abandoned = builder !== undefined && identify(Number(builder)) === undefined;
    if (abandoned || (/^[0-9a-f]{16}$/.test(name) && name !== keep)) {
      rmSync(join(cache, name), { recursive: true, force: true });
    }
  }
}

function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
