// What a run needs beyond npm. Everything that is missing is named at once, each with how to get it.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PawlError } from '../model/errors.ts';

const run = promisify(execFile);

export interface Missing {
  what: string;
  how: string;
}

export interface RequirementOptions {
  /** The folder of the Go module that has to be built; undefined if nothing has to be. */
  goModuleDir: string | undefined;
  log: (line: string) => void;
  signal: AbortSignal;
}

/** Checks what is needed; installs git where that is safe and simple (Debian, as root). Throws `SandboxNotReady`. */
export async function checkRequirements(options: RequirementOptions): Promise<void> {
  const { goModuleDir, log, signal } = options;
  let git = await missingGit(signal);
  if (git !== undefined && canInstallWithApt()) {
    log(`${git.what}: installing it with apt-get`);
    await installGitWithApt(signal);
    git = await missingGit(signal);
  }
  const go = goModuleDir === undefined ? undefined : await missingGo(goModuleDir, signal);
  const missing = [git, go].filter((one) => one !== undefined);
  if (missing.length === 0) return;
  throw new PawlError({
    code: 'SandboxNotReady',
    message: `missing on this machine:\n${missing.map(({ what, how }) => `  - ${what}\n    ${how}`).join('\n')}`,
    hint: 'install what is named above and run the same command again',
  });
}

async function missingGit(signal: AbortSignal): Promise<Missing | undefined> {
  const how =
    'Debian, Ubuntu: apt-get install git. Fedora: dnf install git. Alpine: apk add git git-daemon. macOS: xcode-select --install.';
  try {
    const { stdout } = await run('git', ['--exec-path'], { signal });
    if (existsSync(join(stdout.trim(), 'git-http-backend'))) return undefined;
    return { what: `git with http-backend (the git found has none in ${stdout.trim()})`, how };
  } catch (error) {
    signal.throwIfAborted();
    return { what: `git with http-backend (${shortReason(error)})`, how };
  }
}

async function missingGo(moduleDir: string, signal: AbortSignal): Promise<Missing | undefined> {
  const wanted = goVersionOf(readFileSync(join(moduleDir, 'go.mod'), 'utf8'));
  const what = `Go ${wanted} or newer, to build the local control plane`;
  const how = `Get it from https://go.dev/dl/ and put its bin folder into PATH. Or set PAWL_TEST_KUBECONFIG to the kubeconfig of a cluster made for tests.`;
  try {
    // Asked inside the module, the go command itself says whether it can build it, or fetches the version that can.
    const { stdout } = await run('go', ['env', 'GOVERSION'], { cwd: moduleDir, signal });
    const found = stdout.trim().replace(/^go/, '');
    if (isAtLeast(found, wanted)) return undefined;
    return { what: `${what} (found ${found})`, how };
  } catch (error) {
    signal.throwIfAborted();
    return { what: `${what} (${shortReason(error)})`, how };
  }
}

export function goVersionOf(goMod: string): string {
  const version = /^go (\S+)$/m.exec(goMod)?.[1];
  if (version === undefined) throw new Error('go.mod names no Go version');
  return version;
}

/** Compares dotted numbers; what follows them ("rc1", "-custom") is not looked at. */
export function isAtLeast(found: string, wanted: string): boolean {
  const numbers = (text: string) => (/^\d+(\.\d+)*/.exec(text)?.[0] ?? '0').split('.').map(Number);
  const [has, needs] = [numbers(found), numbers(wanted)];
  for (let i = 0; i < Math.max(has.length, needs.length); i++) {
    const difference = (has[i] ?? 0) - (needs[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function canInstallWithApt(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
}

async function installGitWithApt(signal: AbortSignal): Promise<void> {
  const options = { signal, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  try {
    await run('apt-get', ['update', '-q'], options);
    await run(
      'apt-get',
      ['install', '-q', '-y', '--no-install-recommends', 'git', 'ca-certificates'],
      options,
    );
  } catch {
    signal.throwIfAborted(); // otherwise: what is still missing is named afterwards
  }
}

function shortReason(error: unknown): string {
  const { code, stderr } = error as { code?: unknown; stderr?: string };
  if (code === 'ENOENT') return 'not found in PATH';
  return (stderr?.trim() || String(error)).split('\n').at(-1) ?? 'unusable';
}
