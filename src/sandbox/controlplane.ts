// A real Kubernetes control plane on this machine: etcd and the API server first, then the controllers, the
// scheduler and the simulated nodes side by side. Everything it writes is in one folder that goes with it, and none
// of its processes outlives the one that called `startControlPlane` (component.ts, folder.ts).
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, PawlError } from '../model/errors.ts';
import { type Api, connectApi } from './api.ts';
import * as args from './arguments.ts';
import { builtBinary } from './build.ts';
import type { Cluster } from './cluster.ts';
import { type Component, logTail, startComponent } from './component.ts';
import { createFolder, type SandboxFolder, sweep } from './folder.ts';
import { kubeconfigOf } from './kubeconfig.ts';
import { runKubectl } from './kubectl.ts';
import { createNodes } from './nodes.ts';
import { kwokConfig } from './stages/config.ts';

const nodeCount = 2;
const pollMs = 25;
const startTimeoutMs = 60_000;
const portTries = 3;

export interface ControlPlaneOptions {
  /** Ends the start, or later the control plane itself. */
  signal?: AbortSignal;
  log?: (line: string) => void;
  /**
   * Multiplies the times that the simulated nodes take to restart, to pull, to become ready: 1 is as a kubelet
   * does, 0.05 is twenty times faster. A pod's annotation `sandbox.pawl.dev/time-scale` goes before it.
   */
  timeScale?: number;
  /** The control plane's binary; by default the one that `prepare` built. */
  binary?: string;
}

export interface ControlPlane extends Cluster {
  /** Of a member of system:masters. */
  token: string;
  caPem: string;
  auditLog: string;
  dir: string;
  /** The program that `kubectl` runs, and its first arguments. */
  kubectlCommand: [program: string, ...args: string[]];
}

/**
 * Starts a control plane and waits until it can run pods.
 * Throws `SandboxNotReady`, `SandboxComponentFailed`, `SandboxTimeout`, or the signal's reason.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const log = options.log ?? (() => {});
  for (const path of sweep()) log(`removed ${path}, left behind by a run that was killed`);
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Between our finding a free port and the API server's taking it, someone else may have.
      if (tries === portTries || !/address already in use/.test(messageOf(error))) throw error;
      log('the port was taken in the meantime: trying another');
    }
  }
}

async function startOnce(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { signal = new AbortController().signal, timeScale = 1 } = options;
  signal.throwIfAborted();
  const binary = options.binary ?? builtBinary();
  const kubectlCommand: [string, string] = [binary, 'kubectl'];
  const folder = createFolder();
  const running: Component[] = [];
  let api: Api | undefined;
  let stopped: Promise<void> | undefined;
  const removeAtExit = () => folder.remove();
  process.once('exit', removeAtExit);
  const stop = () => {
    stopped ??= (async () => {
      signal.removeEventListener('abort', onAbort);
      api?.close();
      await Promise.all(running.map((component) => component.stop()));
      folder.remove();
      process.off('exit', removeAtExit);
    })();
    return stopped;
  };
  const onAbort = () => void stop();
  signal.addEventListener('abort', onAbort);

  try {
    const place = { dir: folder.path, port: await freePort() };
    const files = args.filesIn(folder.path);
    const server = `https://127.0.0.1:${place.port}`;
    const tokens = writeFiles(place, timeScale);
    const start = (name: string, list: string[]) => {
      running.push(startComponent({ binary, name, args: list, folder }));
    };
    const wait = (what: string, check: () => Promise<boolean>) =>
      waitFor({ what, check, running, folder, signal });

    start('etcd', args.etcdArguments(place));
    start('kube-apiserver', args.apiServerArguments(place));
    // The API server makes its own certificate; everyone else needs it to believe what it says. The key is
    // written after it, so where there is a key, the certificate is whole.
    await wait('the API server to make its certificate', async () => existsSync(files.servingKey));
    const caPem = readFileSync(files.servingCertificate, 'utf8');
    const token = tokens.get(args.adminUser) ?? '';
    const admin = connectApi({ server, caPem, token });
    api = admin;
    for (const [user, itsToken] of tokens) {
      const path = user === args.adminUser ? files.kubeconfig : files.kubeconfigOf(user);
      writeFileSync(path, kubeconfigOf({ server, caPem, user, token: itsToken }), { mode: 0o600 });
    }
    await wait('the API server to be ready', async () => (await statusOf(admin, '/readyz')) === 200);

    start('kube-controller-manager', args.controllerManagerArguments(place));
    start('kube-scheduler', args.schedulerArguments(place));
    start('kwok', args.kwokArguments(place));
    await createNodes(admin, nodeCount);
    await wait('the default service account', async () => {
      return (await statusOf(admin, '/api/v1/namespaces/default/serviceaccounts/default')) === 200;
    });
    await wait('the simulated nodes to be ready', () => areNodesReady(admin));

    return {
      kubeconfig: files.kubeconfig,
      server,
      token,
      caPem,
      auditLog: files.auditLog,
      dir: folder.path,
      kubectlCommand,
      kubectl: (list, stdin) => {
        const { kubeconfig } = files;
        return runKubectl({ command: kubectlCommand, kubeconfig, home: folder.path }, list, stdin);
      },
      request: (asked) => admin.request(asked),
      stop,
    };
  } catch (error) {
    await stop();
    signal.throwIfAborted();
    throw error;
  }
}

/** Writes what the components read at their start; returns the token of each user. */
function writeFiles({ dir }: args.Place, timeScale: number): Map<string, string> {
  const files = args.filesIn(dir);
  const write = (path: string, text: string) => writeFileSync(path, text, { mode: 0o600 });
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  write(files.serviceAccountKey, privateKey);
  write(files.serviceAccountPublicKey, publicKey);
  const users = [args.adminUser, ...Object.values(args.systemUsers)];
  const tokens = new Map(users.map((user) => [user, randomBytes(24).toString('base64url')]));
  write(
    files.tokens,
    [...tokens].map(([user, token]) => `${token},${user},${user},"system:masters"\n`).join(''),
  );
  write(files.auditPolicy, args.auditPolicy());
  write(files.kwokConfig, kwokConfig(timeScale));
  return tokens;
}

interface Waiting {
  what: string;
  check: () => Promise<boolean>;
  running: Component[];
  folder: SandboxFolder;
  signal: AbortSignal;
}

async function waitFor({ what, check, running, folder, signal }: Waiting): Promise<void> {
  const until = performance.now() + startTimeoutMs;
  const failed = Promise.race(running.map((component) => component.failed));
  let last = 'not yet';
  const tryCheck = () =>
    check().catch((error: unknown) => {
      last = messageOf(error);
      return false;
    });
  for (;;) {
    signal.throwIfAborted();
    if (await Promise.race([failed, tryCheck()])) return;
    if (performance.now() > until) {
      const logs = running.map(({ name }) => `${name}:\n${logTail(join(folder.path, `${name}.log`))}`);
      throw new PawlError({
        code: 'SandboxTimeout',
        message: `waited ${startTimeoutMs / 1000} s for ${what}; last: ${last}. The ends of the logs:\n${logs.join('\n')}`,
      });
    }
    await Promise.race([failed, delay(pollMs)]);
  }
}

async function statusOf(api: Api, path: string): Promise<number> {
  return (await api.request({ path })).status;
}

async function areNodesReady(api: Api): Promise<boolean> {
  const { body } = await api.request({ path: '/api/v1/nodes' });
  const nodes = body.items as {
    status: { conditions?: { type: string; status: string }[] };
    spec: { taints?: unknown[] };
  }[];
  const ready = nodes.filter(({ status, spec }) => {
    const isReady = status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True');
    return isReady && spec.taints === undefined;
  });
  return ready.length === nodeCount;
}

async function freePort(): Promise<number> {
  const server = createServer();
  return await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
